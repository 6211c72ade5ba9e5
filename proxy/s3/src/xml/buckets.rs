//! The list of buckets, `ListAllMyBucketsResult`.

use crate::Error;

use super::reader;

/// The listing without the buckets for which `keep` is false; everything else byte for byte.
pub fn retain(xml: &[u8], keep: &mut dyn FnMut(&str) -> bool) -> Result<Vec<u8>, Error> {
    let mut edits = Vec::new();
    let mut name = String::new();
    reader::read(xml, "ListAllMyBucketsResult", &mut |element| {
        match element.path.as_str() {
            "Buckets/Bucket/Name" => name = element.text,
            "Buckets/Bucket" if !keep(&std::mem::take(&mut name)) => {
                edits.push((element.outer, String::new()));
            }
            _ => {}
        }
        Ok(())
    })?;
    Ok(reader::splice(xml, &edits))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn leaves_out_what_may_not_be_listed_and_nothing_else() {
        let bucket = |name: &str| format!("<Bucket><Name>{name}</Name><X>1</X></Bucket>");
        let list = |buckets: &str| {
            format!(
                "<?xml version=\"1.0\"?><ListAllMyBucketsResult xmlns=\"n\"><Owner/>\
                 <Buckets>{buckets}</Buckets></ListAllMyBucketsResult>"
            )
        };
        let all = list(&format!("{}{}{}", bucket("a"), bucket("b"), bucket("c")));
        let kept = retain(all.as_bytes(), &mut |name| name != "b").unwrap();
        let expected = list(&format!("{}{}", bucket("a"), bucket("c")));
        assert_eq!(String::from_utf8(kept).unwrap(), expected);
    }
}
