//! What is passed on untouched, and what never is.

use http::Method;
use policy::Action;
use s3::Operation;
use sealgate::authorize::action;

use super::world::ask_empty;
use super::world::lines;

#[test]
fn settings_go_to_the_backend_as_they_are() {
    for (method, path, wanted) in [
        ("GET", "/aes-x?acl", Action::Configure),
        ("PUT", "/aes-x?versioning", Action::Configure),
        ("DELETE", "/aes-x?cors", Action::Configure),
        ("GET", "/aes-x?analytics&id=1", Action::Configure),
        ("PUT", "/aes-x?object-lock", Action::Configure),
        ("GET", "/aes-x/o?tagging&versionId=3", Action::Read),
        ("PUT", "/aes-x/o?tagging", Action::Write),
        ("DELETE", "/aes-x/o?tagging", Action::Write),
        ("PUT", "/aes-x/o?retention", Action::Write),
        ("GET", "/aes-x/o?acl", Action::Configure),
    ] {
        let asked = ask_empty(method, path, &[("x-amz-expected-bucket-owner", "1")]);
        assert_eq!(asked.permit.action(), wanted, "{method} {path}");
        let outgoing = asked.plan(0).outgoing;
        assert_eq!(outgoing.method, method.parse::<Method>().unwrap(), "{path}");
        let name_and_value = |pair: &str| {
            if pair.contains('=') {
                pair.to_owned()
            } else {
                format!("{pair}=")
            }
        };
        let (path, query) = path.split_once('?').unwrap();
        let query: Vec<_> = query.split('&').map(name_and_value).collect();
        assert_eq!(outgoing.target(), format!("{path}?{}", query.join("&")));
        assert_eq!(lines(&outgoing.headers), ["x-amz-expected-bucket-owner: 1"]);
    }
}

#[test]
fn no_way_around_the_seal_is_relayed() {
    for operation in [
        Operation::AppendObject,
        Operation::CreateSession,
        Operation::GetObjectTorrent,
        Operation::ModifyObject,
        Operation::PutBucketMirrorBackToSource,
        Operation::RenameObject,
        Operation::RestoreObject,
        Operation::SelectObjectContent,
        Operation::TruncateObject,
        Operation::UpdateObjectEncryption,
        Operation::Unknown,
    ] {
        assert_eq!(action(operation), None, "{}", operation.name());
    }
}
