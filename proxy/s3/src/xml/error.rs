//! The body of an error answer.

use crate::Error;
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
