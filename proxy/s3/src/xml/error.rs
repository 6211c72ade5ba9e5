//! The body of an error answer.

use crate::Error;

use super::writer::DECLARATION;
use super::writer::element;

/// Renders `<Error>` with the resource asked for and the id of the request.
#[must_use]
pub fn render(error: &Error, resource: &str, request_id: &str) -> String {
    let mut xml = format!("{DECLARATION}<Error>");
    element(&mut xml, "Code", error.code.name());
    element(&mut xml, "Message", &error.message);
    for (name, text) in &error.details {
        element(&mut xml, name, text);
    }
    element(&mut xml, "Resource", resource);
    element(&mut xml, "RequestId", request_id);
    xml.push_str("</Error>");
    xml
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorCode;

    #[test]
    fn escapes_what_the_client_sent() {
        let error = Error::new(ErrorCode::NoSuchKey)
            .with_message("no <b> & \"c\"")
            .with_detail("Key", "a\rb");
        assert_eq!(
            render(&error, "/b/<k>", "ID"),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>NoSuchKey</Code>\
             <Message>no &lt;b&gt; &amp; &quot;c&quot;</Message><Key>a&#xd;b</Key>\
             <Resource>/b/&lt;k&gt;</Resource><RequestId>ID</RequestId></Error>"
        );
    }
}
