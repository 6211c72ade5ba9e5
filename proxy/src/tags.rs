//! Under `etag: md5` clients speak of `ETags` that the backend does not know. Their conditions are
//! put into the `ETags` of opaque rules before anything is planned, which the plan knows to map.

use crypto::Sse;
use http::HeaderMap;
use http::HeaderValue;
use http::header;
use policy::EtagStyle;
use s3::ETagList;

use crate::assemble::Snapshot;
use crate::error::Result;
use crate::lookup;
use crate::lookup::End;
use crate::plan::Outgoing;
use crate::plan::Place;
use crate::plan::reply;
use crate::plan::reply::Found;
use crate::seal;
use crate::seal::Ring;

/// Conditions on the object that is addressed.
pub const OF_TARGET: [&str; 2] = ["if-match", "if-none-match"];
/// Conditions on the source of a copy.
pub const OF_SOURCE: [&str; 2] = [
    "x-amz-copy-source-if-match",
    "x-amz-copy-source-if-none-match",
];

/// One object's `ETag`, as clients see it and as an opaque rule would show it; both with quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renamed {
    /// What clients see.
    pub shown: String,
    /// What the plan maps.
    pub opaque: String,
}

/// Puts the conditions `names` of `headers` into opaque `ETags`, for the object of `head`; gives
/// the pair that it met, if it met any.
pub async fn rename(
    snapshot: &Snapshot,
    head: &Outgoing,
    at: (&Place, Ring<'_>),
    headers: &mut HeaderMap,
    names: &[&'static str],
) -> Result<Option<Renamed>> {
    let names: Vec<&'static str> = names
        .iter()
        .copied()
        .filter(|name| headers.get(*name).is_some_and(|value| value != "*"))
        .collect();
    if names.is_empty() {
        return Ok(None);
    }
    let Some(renamed) = look(snapshot, head, at).await? else {
        return Ok(None);
    };
    for name in names {
        let values: Vec<HeaderValue> = headers.get_all(name).iter().cloned().collect();
        headers.remove(name);
        for value in values {
            headers.append(name, mapped(&value, &renamed));
        }
    }
    Ok(Some(renamed))
}

/// The two names of the object of `head` as it is now; nothing where there is no sealed one.
pub async fn look(
    snapshot: &Snapshot,
    head: &Outgoing,
    (place, ring): (&Place, Ring<'_>),
) -> Result<Option<Renamed>> {
    let head = Outgoing {
        headers: HeaderMap::new(),
        ..head.clone()
    };
    let answer = lookup::glance(&snapshot.backend, &head).await?;
    let Some(etag) = answer.headers.get(header::ETAG) else {
        return Ok(None);
    };
    if !answer.status.is_success() {
        return Ok(None);
    }
    let Found::Sealed(envelope) = reply::find(&answer.headers)? else {
        return Ok(None);
    };
    if envelope.sse() == Sse::Customer && ring.customer.is_none() {
        // Only who has the key is shown more than the opaque tag.
        return Ok(None);
    }
    let envelope = seal::verify(*envelope, place, ring)?;
    let style = EtagStyle::Md5;
    let end = End::of(&answer.headers, &answer.body)?;
    let shown = lookup::shown_etag(snapshot, &head, &envelope, end, style).await?;
    let opaque = reply::client_etag(etag.to_str().unwrap_or_default());
    Ok(shown.map(|shown| Renamed { shown, opaque }))
}

/// What is no list of tags is left to the backend to refuse.
fn mapped(value: &HeaderValue, renamed: &Renamed) -> HeaderValue {
    let bare = |etag: &str| etag.trim_matches('"').to_owned();
    let (shown, opaque) = (bare(&renamed.shown), bare(&renamed.opaque));
    let list = value.to_str().ok().and_then(ETagList::parse);
    let list = list.and_then(|list| {
        list.map(|etag| {
            if etag == shown {
                opaque.clone()
            } else {
                etag.to_owned()
            }
        })
    });
    list.and_then(|list| HeaderValue::try_from(list.to_string()).ok())
        .unwrap_or_else(|| value.clone())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn only_the_objects_own_tag_is_renamed() {
        let renamed = Renamed {
            shown: "\"md5\"".to_owned(),
            opaque: "\"hex-0\"".to_owned(),
        };
        for (from, to) in [
            ("\"md5\"", "\"hex-0\""),
            ("md5", "\"hex-0\""),
            ("\"other\", W/\"md5\"", "\"other\", W/\"hex-0\""),
            ("\"other\"", "\"other\""),
            ("*", "*"),
        ] {
            assert_eq!(mapped(&HeaderValue::from_static(from), &renamed), to);
        }
    }
}
