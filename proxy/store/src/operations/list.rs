//! `ListObjects`, both versions.

use s3s::S3Request;
use s3s::S3Response;
use s3s::S3Result;
use s3s::dto::CommonPrefix;
use s3s::dto::EncodingType;
use s3s::dto::ListObjectsInput;
use s3s::dto::ListObjectsOutput;
use s3s::dto::ListObjectsV2Input;
use s3s::dto::ListObjectsV2Output;
use s3s::dto::Object;
use s3s::dto::ObjectStorageClass;
use s3s::s3_error;

use crate::disk;
use crate::listing::Page;
use crate::listing::Query;
use crate::listing::page;
use crate::listing::url_encoded;
use crate::operations::Answer;
use crate::operations::buckets::owner;
use crate::record;
use crate::store::Store;

pub(crate) fn list_objects(
    store: &Store,
    request: S3Request<ListObjectsInput>,
) -> Answer<ListObjectsOutput> {
    let input = request.input;
    let names = Names::parse(input.encoding_type.as_ref())?;
    let limit = limit(input.max_keys)?;
    let prefix = input.prefix.unwrap_or_default();
    let marker = input.marker.unwrap_or_default();
    let delimiter = input.delimiter.filter(|delimiter| !delimiter.is_empty());
    let query = Query {
        prefix: &prefix,
        delimiter: delimiter.as_deref(),
        after: Some(marker.as_str()).filter(|marker| !marker.is_empty()),
        limit,
    };
    let page = store
        .bucket(&input.bucket)?
        .read(|objects| page(objects, query));
    Ok(S3Response::new(ListObjectsOutput {
        is_truncated: Some(page.next.is_some()),
        // Without a delimiter, the last key is the next marker (AWS: "ListObjects").
        next_marker: page
            .next
            .as_deref()
            .filter(|_| delimiter.is_some())
            .map(|n| names.show(n)),
        contents: Some(names.contents(&page, true)),
        common_prefixes: Some(names.prefixes(&page.prefixes)),
        name: Some(input.bucket),
        prefix: Some(names.show(&prefix)),
        marker: Some(names.show(&marker)),
        delimiter: delimiter.map(|delimiter| names.show(&delimiter)),
        max_keys: i32::try_from(limit).ok(),
        encoding_type: names.encoding_type(),
        ..ListObjectsOutput::default()
    }))
}

pub(crate) fn list_objects_v2(
    store: &Store,
    request: S3Request<ListObjectsV2Input>,
) -> Answer<ListObjectsV2Output> {
    let input = request.input;
    let names = Names::parse(input.encoding_type.as_ref())?;
    let limit = limit(input.max_keys)?;
    let prefix = input.prefix.unwrap_or_default();
    let delimiter = input.delimiter.filter(|delimiter| !delimiter.is_empty());
    let token = input
        .continuation_token
        .as_deref()
        .map(parse_token)
        .transpose()?;
    let after = token
        .or_else(|| input.start_after.clone())
        .filter(|after| !after.is_empty());
    let query = Query {
        prefix: &prefix,
        delimiter: delimiter.as_deref(),
        after: after.as_deref(),
        limit,
    };
    let page = store
        .bucket(&input.bucket)?
        .read(|objects| page(objects, query));
    Ok(S3Response::new(ListObjectsV2Output {
        is_truncated: Some(page.next.is_some()),
        next_continuation_token: page.next.as_deref().map(token_of),
        key_count: i32::try_from(page.items.len() + page.prefixes.len()).ok(),
        contents: Some(names.contents(&page, input.fetch_owner.unwrap_or_default())),
        common_prefixes: Some(names.prefixes(&page.prefixes)),
        name: Some(input.bucket),
        prefix: Some(names.show(&prefix)),
        continuation_token: input.continuation_token,
        start_after: input.start_after.map(|after| names.show(&after)),
        delimiter: delimiter.map(|delimiter| names.show(&delimiter)),
        max_keys: i32::try_from(limit).ok(),
        encoding_type: names.encoding_type(),
        ..ListObjectsV2Output::default()
    }))
}

/// How names are shown.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Names {
    Plain,
    UrlEncoded,
}

impl Names {
    pub(crate) fn parse(asked: Option<&EncodingType>) -> S3Result<Self> {
        match asked.map(EncodingType::as_str) {
            None => Ok(Self::Plain),
            Some(EncodingType::URL) => Ok(Self::UrlEncoded),
            Some(_) => Err(s3_error!(
                InvalidArgument,
                "Invalid Encoding Method specified in Request"
            )),
        }
    }

    pub(crate) fn show(self, name: &str) -> String {
        match self {
            Self::Plain => name.to_owned(),
            Self::UrlEncoded => url_encoded(name),
        }
    }

    pub(crate) fn encoding_type(self) -> Option<EncodingType> {
        match self {
            Self::Plain => None,
            Self::UrlEncoded => Some(EncodingType::from_static(EncodingType::URL)),
        }
    }

    pub(crate) fn prefixes(self, prefixes: &[String]) -> Vec<CommonPrefix> {
        let show = |prefix: &String| CommonPrefix {
            prefix: Some(self.show(prefix)),
        };
        prefixes.iter().map(show).collect()
    }

    fn contents(self, page: &Page<record::Object>, shows_owner: bool) -> Vec<Object> {
        let show = |object: &record::Object| Object {
            key: Some(self.show(&object.record.key)),
            e_tag: Some(object.etag()),
            size: i64::try_from(object.record.size).ok(),
            last_modified: Some(object.record.modified.into()),
            storage_class: Some(ObjectStorageClass::from(
                object.record.attributes.listed_class(),
            )),
            owner: shows_owner.then(owner),
            ..Object::default()
        };
        page.items.iter().map(|object| show(object)).collect()
    }
}

/// S3 lists no more than 1000 at once, whatever is asked.
pub(crate) fn limit(asked: Option<i32>) -> S3Result<usize> {
    let asked = usize::try_from(asked.unwrap_or(LIMIT_MAX));
    let asked = asked.map_err(|_| s3_error!(InvalidArgument, "A page size cannot be negative"))?;
    Ok(asked.min(usize::try_from(LIMIT_MAX).unwrap_or_default()))
}

/// A token must survive any query encoding, so it is the hex of the name to go on after.
fn token_of(next: &str) -> String {
    disk::hex(next.as_bytes())
}

fn parse_token(token: &str) -> S3Result<String> {
    let name = disk::unhex(token).and_then(|bytes| String::from_utf8(bytes).ok());
    name.ok_or_else(|| {
        s3_error!(
            InvalidArgument,
            "The continuation token provided is incorrect"
        )
    })
}

const LIMIT_MAX: i32 = 1000;
