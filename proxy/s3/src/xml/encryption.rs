//! `<ServerSideEncryptionConfiguration>`: how a bucket encrypts what nobody says anything of.

use crate::Dialect;
use crate::Error;
use crate::ErrorCode;
use crate::SseMode;
use crate::xml::tree::Element;
use crate::xml::tree::Malformed;

/// What a bucket is set to. Never SSE-C.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BucketEncryption {
    /// The mode.
    pub mode: SseMode,
    /// The id of the key, with SSE-KMS.
    pub key_id: Option<String>,
    /// The project of that key, in Huawei's dialect.
    pub project: Option<String>,
    /// Whether the cipher is SM4, in Huawei's dialect.
    pub sm4: bool,
    /// Whether bucket keys are shown, in Amazon's dialect.
    pub bucket_key: bool,
    /// Whether writes under keys of clients' own are refused, in Amazon's dialect.
    pub blocks_customer_keys: bool,
}

impl BucketEncryption {
    /// A mode and nothing else.
    #[must_use]
    pub fn of(mode: SseMode) -> Self {
        Self {
            mode,
            key_id: None,
            project: None,
            sm4: false,
            bucket_key: false,
            blocks_customer_keys: false,
        }
    }

    /// Reads a document in either dialect's words.
    ///
    /// Errors: `MalformedXML`; `InvalidArgument` for a key that the mode has not.
    pub fn parse(xml: &[u8], dialect: Dialect) -> Result<Self, Error> {
        let read = read(xml, dialect).map_err(|Malformed| Error::new(ErrorCode::MalformedXml))?;
        let by_key = read.mode != SseMode::Aes256;
        if read.key_id.is_some() && !by_key {
            return Err(Error::new(ErrorCode::InvalidArgument)
                .with_message(KEY_WITHOUT_KMS)
                .with_detail("ArgumentName", "ApplyServerSideEncryptionByDefault"));
        }
        let lonely = read.project.is_some() && read.key_id.is_none();
        if lonely || (read.sm4 && !by_key) {
            return Err(Error::new(ErrorCode::MalformedXml));
        }
        Ok(read)
    }

    /// The document in a dialect.
    #[must_use]
    pub fn render(&self, dialect: Dialect) -> String {
        let mode = match (self.mode, dialect) {
            (SseMode::Kms, Dialect::S3) => "aws:kms",
            (SseMode::Dsse, Dialect::S3) => "aws:kms:dsse",
            (SseMode::Kms | SseMode::Dsse, Dialect::Obs) => "kms",
            (SseMode::Aes256 | SseMode::Customer, _) => "AES256",
        };
        let element = |name: &str, text: &str| {
            format!("<{name}>{}</{name}>", quick_xml::escape::escape(text))
        };
        let optional = |name: &str, text: Option<&String>| {
            text.map(|text| element(name, text)).unwrap_or_default()
        };
        let mut rule = String::from("<ApplyServerSideEncryptionByDefault>");
        rule += &element("SSEAlgorithm", mode);
        rule += &optional("KMSMasterKeyID", self.key_id.as_ref());
        if dialect == Dialect::Obs {
            rule += &optional("ProjectID", self.project.as_ref());
            if self.sm4 {
                rule += &element("KMSDataEncryption", "SM4");
            }
        }
        rule += "</ApplyServerSideEncryptionByDefault>";
        if dialect == Dialect::S3 {
            let bucket_key = if self.bucket_key { "true" } else { "false" };
            rule += &element("BucketKeyEnabled", bucket_key);
            if self.blocks_customer_keys {
                let kind = element("EncryptionType", "SSE-C");
                rule = format!("{rule}<BlockedEncryptionTypes>{kind}</BlockedEncryptionTypes>");
            }
        }
        let namespace = match dialect {
            Dialect::S3 => "http://s3.amazonaws.com/doc/2006-03-01/",
            Dialect::Obs => "http://obs.myhwclouds.com/doc/2015-06-30/",
        };
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ServerSideEncryptionConfiguration \
             xmlns=\"{namespace}\"><Rule>{rule}</Rule></ServerSideEncryptionConfiguration>"
        )
    }
}

fn read(xml: &[u8], dialect: Dialect) -> Result<BucketEncryption, Malformed> {
    let root = Element::parse(xml)?;
    if root.name != "ServerSideEncryptionConfiguration" {
        return Err(Malformed);
    }
    let rule = root.one("Rule")?.ok_or(Malformed)?;
    let default = rule.one("ApplyServerSideEncryptionByDefault")?;
    let blocked = rule.one("BlockedEncryptionTypes")?;
    let Some(default) = default else {
        // Only what is blocked is said.
        let blocks = blocked.ok_or(Malformed)?;
        return Ok(BucketEncryption {
            blocks_customer_keys: blocks_customer_keys(blocks)?,
            ..BucketEncryption::of(SseMode::Aes256)
        });
    };
    let text = |name| default.text_of(name);
    let mode = match (dialect, text("SSEAlgorithm")?.ok_or(Malformed)?) {
        (_, "AES256") => SseMode::Aes256,
        (Dialect::S3, "aws:kms") | (Dialect::Obs, "kms") => SseMode::Kms,
        (Dialect::S3, "aws:kms:dsse") => SseMode::Dsse,
        _ => return Err(Malformed),
    };
    let sm4 = match text("KMSDataEncryption")?.filter(|_| dialect == Dialect::Obs) {
        None | Some("AES256") => false,
        Some("SM4") => true,
        Some(_) => return Err(Malformed),
    };
    let bucket_key = match rule.text_of("BucketKeyEnabled")? {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(Malformed),
    };
    let filled = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
    Ok(BucketEncryption {
        mode,
        key_id: filled(text("KMSMasterKeyID")?),
        project: filled(text("ProjectID")?).filter(|_| dialect == Dialect::Obs),
        sm4,
        bucket_key,
        blocks_customer_keys: blocked.map_or(Ok(false), blocks_customer_keys)?,
    })
}

fn blocks_customer_keys(blocked: &Element) -> Result<bool, Malformed> {
    let mut blocks = false;
    for kind in blocked.all("EncryptionType") {
        match kind.text.as_str() {
            "NONE" => {}
            "SSE-C" => blocks = true,
            _ => return Err(Malformed),
        }
    }
    Ok(blocks)
}

const KEY_WITHOUT_KMS: &str = "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse";

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn document(rule: &str) -> String {
        format!("<ServerSideEncryptionConfiguration>{rule}</ServerSideEncryptionConfiguration>")
    }

    fn rule(default: &str) -> String {
        document(&format!(
            "<Rule><ApplyServerSideEncryptionByDefault>{default}\
             </ApplyServerSideEncryptionByDefault></Rule>"
        ))
    }

    #[test]
    fn what_is_rendered_is_read_again() {
        for mode in [SseMode::Aes256, SseMode::Kms] {
            let by_key = mode == SseMode::Kms;
            for dialect in [Dialect::S3, Dialect::Obs] {
                let obs = dialect == Dialect::Obs;
                let setting = BucketEncryption {
                    mode,
                    key_id: by_key.then(|| "a<&>id".to_owned()),
                    project: (by_key && obs).then(|| "p".to_owned()),
                    sm4: by_key && obs,
                    bucket_key: by_key && !obs,
                    blocks_customer_keys: !obs,
                };
                let text = setting.render(dialect);
                let read = BucketEncryption::parse(text.as_bytes(), dialect);
                assert_eq!(read.unwrap(), setting, "{text}");
            }
        }
    }

    #[test]
    fn there_is_one_rule_and_one_known_mode() {
        let one = "<Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm>\
                   </ApplyServerSideEncryptionByDefault></Rule>";
        assert!(BucketEncryption::parse(document(one).as_bytes(), Dialect::S3).is_ok());
        for (text, dialect) in [
            (document(""), Dialect::S3),
            (document(&format!("{one}{one}")), Dialect::S3),
            (document("<Rule/>"), Dialect::S3),
            (rule(""), Dialect::S3),
            (rule("<SSEAlgorithm>aes256</SSEAlgorithm>"), Dialect::S3),
            (rule("<SSEAlgorithm>kms</SSEAlgorithm>"), Dialect::S3),
            (rule("<SSEAlgorithm>aws:kms</SSEAlgorithm>"), Dialect::Obs),
            (
                rule("<SSEAlgorithm>kms</SSEAlgorithm><ProjectID>p</ProjectID>"),
                Dialect::Obs,
            ),
            (
                rule(
                    "<SSEAlgorithm>AES256</SSEAlgorithm><KMSDataEncryption>SM4</KMSDataEncryption>",
                ),
                Dialect::Obs,
            ),
            ("<Other/>".to_owned(), Dialect::S3),
            ("no xml".to_owned(), Dialect::S3),
        ] {
            let refused = BucketEncryption::parse(text.as_bytes(), dialect).unwrap_err();
            assert_eq!(refused.code, ErrorCode::MalformedXml, "{text}");
        }
    }

    #[test]
    fn sse_s3_has_no_key_to_name() {
        let text = rule("<SSEAlgorithm>AES256</SSEAlgorithm><KMSMasterKeyID>k</KMSMasterKeyID>");
        let refused = BucketEncryption::parse(text.as_bytes(), Dialect::S3).unwrap_err();
        assert_eq!(refused.code, ErrorCode::InvalidArgument);
        assert_eq!(refused.message, KEY_WITHOUT_KMS);
    }

    #[test]
    fn keys_of_clients_can_be_blocked() {
        let blocked = |kind: &str| {
            document(&format!(
                "<Rule><BlockedEncryptionTypes><EncryptionType>{kind}</EncryptionType>\
                 </BlockedEncryptionTypes></Rule>"
            ))
        };
        for (kind, blocks) in [("SSE-C", true), ("NONE", false)] {
            let read = BucketEncryption::parse(blocked(kind).as_bytes(), Dialect::S3);
            assert_eq!(read.unwrap().blocks_customer_keys, blocks);
        }
    }
}
