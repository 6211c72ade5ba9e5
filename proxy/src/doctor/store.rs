//! Findings about the backend as a whole.

use bytes::Bytes;
use http::Method;
use http::StatusCode;
use s3::xml;
use time::Duration;
use time::OffsetDateTime;

use super::Found;
use super::note;
use super::ok;
use super::probe::Broken;
use super::probe::Probe;
use super::probe::refusal;
use super::problem;
use crate::backend::Answer;

/// A clock that is further off than this is worth a word.
const SKEW_NOTED: Duration = Duration::minutes(1);
/// Signatures are refused when clocks differ by a quarter of an hour.
const SKEW_MAX: Duration = Duration::minutes(10);

/// The backend can be reached, believes our signature and has the bucket.
pub(super) async fn answers(probe: &Probe<'_>) -> Found {
    let mut answer = list(probe).await?;
    if is(&answer, "NoSuchBucket") && probe.is_own {
        let made = probe.of_bucket(Method::PUT);
        let made = probe.ask(made, &[], Bytes::new()).await?;
        if !made.status.is_success() {
            let refused = refusal(&made);
            return problem(format!(
                "bucket `{}` of `state` is not there and cannot be made: {refused}; make it, or \
                 let the credentials make it",
                probe.bucket
            ));
        }
        answer = list(probe).await?;
    }
    // The others of the endpoints have their turn.
    for _ in 1..probe.backend.endpoints() {
        if !answer.status.is_success() {
            break;
        }
        answer = list(probe).await?;
    }
    if answer.status.is_success() {
        return ok("is reached, and takes the credentials");
    }
    problem(format!("{}: {}", refusal(&answer), advice(probe, &answer)))
}

/// Signatures carry a date.
pub(super) async fn clock(probe: &Probe<'_>) -> Found {
    let answer = list(probe).await?;
    let Some(theirs) = answer.date() else {
        return note("the backend tells no date: clocks cannot be compared");
    };
    judge_skew(theirs - OffsetDateTime::now_utc())
}

fn judge_skew(skew: Duration) -> Found {
    let text = format!("the backend's is {} s off ours", skew.abs().whole_seconds());
    match skew.abs() {
        skew if skew <= SKEW_NOTED => ok(text),
        skew if skew <= SKEW_MAX => note(format!("{text}: let NTP set both")),
        _ => problem(format!(
            "{text}: signatures are refused at a quarter of an hour; let NTP set both"
        )),
    }
}

/// What is removed may stay as an old version.
pub(super) async fn versioning(probe: &Probe<'_>) -> Found {
    let outgoing = probe.of_bucket(Method::GET).with_query("versioning", "");
    let answer = probe.ask(outgoing, &[], Bytes::new()).await?;
    if !answer.status.is_success() {
        let refused = refusal(&answer);
        return note(format!("the backend does not tell: {refused}"));
    }
    let body = String::from_utf8_lossy(&answer.body);
    if !body.contains("<Status>") {
        return ok(format!("off in bucket `{}`", probe.bucket));
    }
    note(format!(
        "was switched on in bucket `{}`: what is removed there stays as an old version until a \
         lifecycle rule ends it",
        probe.bucket
    ))
}

/// Nothing of the doctor stays.
pub(super) async fn removal(probe: &Probe<'_>) -> Found {
    let mut left = probe.remove_all().await;
    let listed = xml::list::parse(&list(probe).await?.body).unwrap_or_default();
    left.extend(listed.objects.into_iter().map(|object| object.key));
    if left.is_empty() {
        return ok("what was written here is removed");
    }
    problem(format!(
        "could not be removed from bucket `{}`: {}; remove it by hand, and let the credentials \
         delete",
        probe.bucket,
        left.join(", ")
    ))
}

async fn list(probe: &Probe<'_>) -> Result<Answer, Broken> {
    let outgoing = probe
        .of_bucket(Method::GET)
        .with_query("list-type", "2")
        .with_query("max-keys", "1")
        .with_query("prefix", &probe.path(""));
    probe.ask(outgoing, &[], Bytes::new()).await
}

fn is(answer: &Answer, code: &str) -> bool {
    xml::error::code(&answer.body).as_deref() == Some(code)
}

fn advice(probe: &Probe<'_>, answer: &Answer) -> String {
    let code = xml::error::code(&answer.body).unwrap_or_default();
    match code.as_str() {
        "NoSuchBucket" => format!("bucket `{}` is not there", probe.bucket),
        "AccessDenied" => format!(
            "the credentials may not list bucket `{}`: grant it",
            probe.bucket
        ),
        "InvalidAccessKeyId" | "SignatureDoesNotMatch" => {
            "the backend does not know the credentials: look at `backend.credentials`".to_owned()
        }
        "RequestTimeTooSkewed" => "the clocks differ: let NTP set both".to_owned(),
        "AuthorizationHeaderMalformed"
        | "PermanentRedirect"
        | "IllegalLocationConstraintException" => {
            "another region answers: look at `backend.region` and `backend.endpoints`".to_owned()
        }
        _ if answer.status.is_redirection() => {
            "the bucket is elsewhere: look at `backend.region` and `backend.endpoints`".to_owned()
        }
        _ if answer.status == StatusCode::FORBIDDEN => {
            "the credentials are refused: look at `backend.credentials`".to_owned()
        }
        _ => "this is no answer of an S3 store: look at `backend.endpoints`".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::super::Verdict;
    use super::*;

    #[test]
    fn clocks_may_differ_a_little_either_way() {
        for (seconds, verdict) in [
            (0, Verdict::Ok),
            (60, Verdict::Ok),
            (61, Verdict::Note),
            (600, Verdict::Note),
            (601, Verdict::Problem),
        ] {
            for seconds in [seconds, -seconds] {
                let found = judge_skew(Duration::seconds(seconds)).unwrap();
                assert_eq!(found.0, verdict, "{seconds}");
            }
        }
    }
}
