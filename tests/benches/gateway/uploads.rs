//! Multipart uploads of the store: numbers, `ETags` and lengths of their parts.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Mutex;
use std::sync::PoisonError;

/// Those that are under way.
#[derive(Default)]
pub struct Uploads(Mutex<HashMap<String, Upload>>);

#[derive(Default)]
struct Upload {
    kept: String,
    parts: BTreeMap<u32, (String, usize)>,
}

/// A call on one of them.
pub struct Call<'a> {
    pub method: &'a str,
    pub query: &'a str,
    /// Rendered header lines that the object will have.
    pub kept: String,
    /// Bytes of the body.
    pub len: usize,
    /// For what the call makes.
    pub etag: String,
}

/// What became of it.
pub struct Done {
    pub etag: String,
    pub xml: String,
    /// `ETag` with quotes and header lines of the object that there is now.
    pub object: Option<(String, String)>,
}

impl Uploads {
    /// Carries out a call; nothing when there is no such upload.
    pub fn take(&self, call: Call<'_>) -> Option<Done> {
        let mut uploads = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let parameter = |name: &str| {
            let pairs = call
                .query
                .split('&')
                .filter_map(|pair| pair.split_once('='));
            let mut found = pairs.filter(|(key, _)| *key == name);
            found.next().map(|(_, value)| value)
        };
        let mut done = Done {
            etag: call.etag.clone(),
            xml: String::new(),
            object: None,
        };
        let Some(id) = parameter("uploadId") else {
            let (id, kept) = (call.etag, call.kept);
            done.xml = format!(
                "<InitiateMultipartUploadResult><UploadId>{id}</UploadId>\
                 </InitiateMultipartUploadResult>"
            );
            uploads.insert(
                id,
                Upload {
                    kept,
                    parts: BTreeMap::new(),
                },
            );
            return Some(done);
        };
        match call.method {
            "PUT" => {
                let number = parameter("partNumber")?.parse().ok()?;
                let upload = uploads.get_mut(id)?;
                upload.parts.insert(number, (call.etag, call.len));
            }
            "GET" => done.xml = listed(uploads.get(id)?),
            "POST" => {
                let upload = uploads.remove(id)?;
                let etag = format!("{}-{}", call.etag, upload.parts.len());
                done.xml = format!(
                    "<CompleteMultipartUploadResult><ETag>\"{etag}\"</ETag>\
                     </CompleteMultipartUploadResult>"
                );
                done.object = Some((format!("\"{etag}\""), upload.kept));
            }
            _ => {
                uploads.remove(id)?;
            }
        }
        Some(done)
    }
}

fn listed(upload: &Upload) -> String {
    let mut xml = "<ListPartsResult><IsTruncated>false</IsTruncated>".to_owned();
    for (number, (etag, len)) in &upload.parts {
        let _ = write!(
            xml,
            "<Part><PartNumber>{number}</PartNumber><ETag>\"{etag}\"</ETag><Size>{len}</Size></Part>"
        );
    }
    xml.push_str("</ListPartsResult>");
    xml
}
