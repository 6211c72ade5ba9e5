//! The body of an error answer.

use crate::Error;
use crate::xml::tree::Element;
use crate::xml::write;

/// Renders `<Error>` with the resource asked for and the id of the request.
#[must_use]
pub fn render(error: &Error, resource: &str, request_id: &str) -> String {
    let mut xml = write::DECLARATION.to_owned();
    xml.push_str("<Error>");
    write::element(&mut xml, "Code", error.code.name());
    write::element(&mut xml, "Message", &error.message);
    for (name, text) in &error.details {
        write::element(&mut xml, name, text);
    }
    write::element(&mut xml, "Resource", resource);
    write::element(&mut xml, "RequestId", request_id);
    xml.push_str("</Error>");
    xml
}

/// The `<Code>` of another server's error document.
#[must_use]
pub fn code(xml: &[u8]) -> Option<String> {
    let root = Element::parse(xml).ok()?;
    let code = root.text_of("Code").ok()??;
    (root.name == "Error").then(|| code.to_owned())
}

/// Another server's error document, with its code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Readdressed {
    /// `<Code>`.
    pub code: String,
    /// That server's `<RequestId>`, for the log.
    pub request_id: Option<String>,
    /// The document.
    pub xml: Vec<u8>,
}

/// Gives another server's error document our `resource` and `request_id`, and leaves the rest byte
/// for byte. `None` when it is no error document.
#[must_use]
pub fn readdress(xml: &[u8], resource: &str, request_id: &str) -> Option<Readdressed> {
    let root = Element::parse(xml)
        .ok()
        .filter(|root| root.name == "Error")?;
    let text_of = |name| root.text_of(name).ok().flatten().map(str::to_owned);
    let code = text_of("Code")?;
    let theirs = ["HostId", "RequestId", "Resource"];
    let mut edits: Vec<_> = root
        .children
        .iter()
        .filter(|child| theirs.contains(&child.name.as_str()))
        .map(|child| (child.span.clone(), String::new()))
        .collect();
    let mut ours = String::new();
    write::element(&mut ours, "Resource", resource);
    write::element(&mut ours, "RequestId", request_id);
    edits.push((root.inner.end..root.inner.end, ours));
    Some(Readdressed {
        code,
        request_id: text_of("RequestId"),
        xml: write::splice(xml, edits)?,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::ErrorCode;
    use crate::xml::tree::Element;

    #[test]
    fn renders_code_message_details_resource_and_id() {
        let error = Error::new(ErrorCode::NoSuchBucket).with_detail("BucketName", "b");
        assert_eq!(
            render(&error, "/b", "id"),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>NoSuchBucket</Code>\
             <Message>The specified bucket does not exist</Message><BucketName>b</BucketName>\
             <Resource>/b</Resource><RequestId>id</RequestId></Error>"
        );
    }

    #[test]
    fn another_servers_document_gets_our_resource_and_id() {
        let theirs = b"<Error><Code>NoSuchKey</Code><RequestId>7</RequestId><Key>a&amp;b</Key>\
            <HostId>h</HostId></Error>";
        let ours = readdress(theirs, "/b/<k>", "id").unwrap();
        assert_eq!(
            (ours.code.as_str(), ours.request_id.as_deref()),
            ("NoSuchKey", Some("7"))
        );
        let expected = "<Error><Code>NoSuchKey</Code><Key>a&amp;b</Key>\
            <Resource>/b/&lt;k&gt;</Resource><RequestId>id</RequestId></Error>";
        assert_eq!(ours.xml, expected.as_bytes());
        for other in [
            "",
            "<html/>",
            "<Error/>",
            "<Error><Code>a</Code>",
            "<A><Code>a</Code></A>",
        ] {
            assert_eq!(readdress(other.as_bytes(), "/", "id"), None, "{other}");
        }
    }

    #[test]
    fn hostile_texts_stay_texts() {
        let text = "</Message><Code>x</Code>&amp;\"'\r\n\u{1}\u{85}]]>\u{10ffff}";
        let error = Error::new(ErrorCode::InvalidArgument).with_message(text);
        let xml = render(&error, text, "id");
        let root = Element::parse(xml.as_bytes()).unwrap();
        assert_eq!(root.text_of("Code").unwrap(), Some("InvalidArgument"));
        assert_eq!(root.text_of("Message").unwrap(), Some(text));
        assert_eq!(root.text_of("Resource").unwrap(), Some(text));
    }
}
