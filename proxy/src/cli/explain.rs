//! `sealgate explain FILE METHOD URL`: which rule decides a call and what comes of it, by the same
//! functions that serve it.

use std::path::PathBuf;

use clap::Args;
use config::Config;
use config::Machine;
use http::HeaderMap;
use http::HeaderName;
use http::HeaderValue;
use http::Method;
use http::Uri;
use http::header;
use pingora::http::RequestHeader;
use policy::Action;
use policy::Caller;
use policy::ClientName;
use policy::Encryption;
use policy::Permit;
use policy::Protection;
use policy::RuleSet;
use s3::CopySource;
use s3::Operation;
use s3::SseAsked;
use s3::Target;

use super::Failure;
use super::say;
use crate::asked;
use crate::asked::Asked;
use crate::audit::Entry;
use crate::authorize;
use crate::authorize::Question;
use crate::call::Call;
use crate::error::Result;
use crate::respond;

/// The call to explain.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The configuration, YAML.
    file: PathBuf,
    /// GET, PUT, …
    method: Method,
    /// `/bucket/object`, with the query if there is one, or a whole URL.
    url: Uri,
    /// Who calls, by the name in the configuration; `anonymous` is nobody that signs.
    #[arg(long, value_name = "NAME")]
    client: String,
    /// A header of the request, as often as there are headers.
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE", value_parser = header)]
    headers: Vec<(HeaderName, HeaderValue)>,
    /// The call comes over plain HTTP.
    #[arg(long)]
    insecure: bool,
}

/// Explains one call. What is refused is no failure of the command.
pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let config = Config::load(&arguments.file, &Machine).map_err(Failure::usage)?;
    let caller = caller(&config, &arguments.client)?;
    let request = request(arguments)?;
    let explained = Explained {
        config: &config,
        caller: &caller,
        secure: !arguments.insecure,
    };
    if let Err(error) = explained.all(&request) {
        let refusal = respond::told(&error);
        let (status, code) = (refusal.code.status().as_u16(), refusal.code.name());
        say(&format!("refused: {status} {code}: {}", refusal.message));
    }
    Ok(())
}

struct Explained<'a> {
    config: &'a Config,
    caller: &'a Caller,
    secure: bool,
}

impl Explained<'_> {
    fn all(&self, request: &RequestHeader) -> Result<()> {
        let config = self.config;
        let call = Call::parse(request, &config.domains)?;
        let mut headers = request.headers.clone();
        if call.target.object().is_some() {
            headers.extend(s3::hoisted(&call.query)?);
        }
        say(&format!("{} by {}", place(&call), self.caller));
        let asked = SseAsked::read(&headers)?;
        let question = Question {
            caller: self.caller,
            operation: call.operation,
            target: &call.target,
            asked: &asked,
            setting: None,
            secure: self.secure,
        };
        self.rules(&call);
        let permit = authorize::authorize(&config.rules, &Entry::default(), &question)?;
        if let Some(refusal) = permit.reported() {
            say(&format!("report mode does not refuse it, though {refusal}"));
        }
        let transport = (permit.transport(), self.secure);
        Asked::check(&headers, call.operation, config.compatibility, transport)?;
        say(&outcome(&call, &permit));
        if asked::chooses(call.operation) && asked.modes().next().is_none() {
            say("unless the bucket has been set to something else with ?encryption");
        }
        match CopySource::parse(&headers) {
            Ok(source) if copies(call.operation) => self.source(&source),
            Err(error) if copies(call.operation) => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// What a copy reads is decided like any other read.
    fn source(&self, source: &CopySource) -> Result<()> {
        let (bucket, object) = (source.bucket.as_str(), source.object.as_str());
        say(&format!(
            "its source, object `{object}` of bucket `{bucket}`, is read:"
        ));
        let request = policy::Request {
            secure: self.secure,
            ..policy::Request::new(
                self.caller,
                Action::Read,
                Operation::GetObject.name(),
                Some(bucket),
                Some(object),
            )
        };
        tell_rules(&self.config.rules, &request);
        let permit = authorize::decide(&self.config.rules, &Entry::default(), &request)?;
        say(&read(&permit));
        Ok(())
    }

    fn rules(&self, call: &Call) {
        let action = authorize::action(call.operation);
        let request = policy::Request {
            secure: self.secure,
            ..policy::Request::new(
                self.caller,
                action.unwrap_or(Action::Configure),
                call.operation.name(),
                call.target.bucket().map(s3::BucketName::as_str),
                call.target.object().map(s3::ObjectName::as_str),
            )
        };
        tell_rules(&self.config.rules, &request);
    }
}

/// Why no rule before the one that decides matches, and which one that is.
fn tell_rules(rules: &RuleSet, request: &policy::Request<'_>) {
    if request.bucket.is_none() {
        return;
    }
    let mut misses = 0;
    for (rule, miss) in rules.misses(request) {
        say(&format!("  rule `{}` does not match: {miss}", rule.name));
        misses += 1;
    }
    match rules.rules().nth(misses) {
        Some(rule) => say(&format!("  rule `{}` decides", rule.name)),
        None => say("  no rule is left"),
    }
}

fn place(call: &Call) -> String {
    let operation = call.operation.name();
    match &call.target {
        Target::Object(bucket, object) => {
            let (bucket, object) = (bucket.as_str(), object.as_str());
            format!("{operation} on object `{object}` of bucket `{bucket}`")
        }
        Target::Bucket(bucket) => format!("{operation} on bucket `{}`", bucket.as_str()),
        Target::Service => operation.to_owned(),
    }
}

fn outcome(call: &Call, permit: &Permit) -> String {
    if !asked::chooses(call.operation) {
        return read(permit);
    }
    match permit.protection() {
        Protection::Relay => "permitted: passed on as it is".to_owned(),
        Protection::Seal(encryption) => format!("permitted: sealed here, {}", told(encryption)),
        Protection::Backend(encryption) => {
            format!("permitted: encrypted by the backend, {}", told(encryption))
        }
        Protection::Both(encryption) => format!(
            "permitted: sealed here and encrypted by the backend, {}",
            told(encryption)
        ),
    }
}

fn read(permit: &Permit) -> String {
    let objects = match permit.protection() {
        Protection::Relay | Protection::Backend(_) => "objects pass as they are",
        Protection::Seal(_) | Protection::Both(_) => "objects are sealed here",
    };
    match permit.object() {
        Some(_) => format!("permitted: {objects}"),
        None => "permitted".to_owned(),
    }
}

fn told(encryption: &Encryption) -> String {
    let key = encryption.key.as_ref();
    let id = encryption.key_id.as_ref();
    format!(
        "mode {}, cipher {}{}{}",
        encryption.sse.name(),
        encryption.algorithm.name(),
        key.map(|key| format!(", key `{key}`")).unwrap_or_default(),
        id.map(|id| format!(", shown as `{id}`"))
            .unwrap_or_default(),
    )
}

const fn copies(operation: Operation) -> bool {
    matches!(operation, Operation::CopyObject | Operation::UploadPartCopy)
}

fn caller(config: &Config, name: &str) -> Result<Caller, Failure> {
    if name == "anonymous" {
        return Ok(Caller::Anonymous);
    }
    let known = config
        .clients
        .iter()
        .find(|client| client.name.as_str() == name);
    if known.is_none() {
        return Err(Failure::usage(format!(
            "--client: no client is named `{name}`"
        )));
    }
    let name = ClientName::parse(name).map_err(Failure::usage)?;
    Ok(Caller::Client(name))
}

fn request(arguments: &Arguments) -> Result<RequestHeader, Failure> {
    let path = arguments.url.path_and_query();
    let path = path.map_or("/", http::uri::PathAndQuery::as_str);
    let unfit = |_| Failure::usage("the call is no request");
    let method = arguments.method.clone();
    let mut request = RequestHeader::build(method, path.as_bytes(), None).map_err(unfit)?;
    let host = arguments
        .url
        .authority()
        .map_or("localhost", |host| host.as_str());
    let mut headers = HeaderMap::new();
    let host = HeaderValue::try_from(host).map_err(Failure::usage)?;
    headers.insert(header::HOST, host);
    for (name, value) in &arguments.headers {
        headers.append(name.clone(), value.clone());
    }
    for (name, value) in &headers {
        let appended = request.append_header(name.clone(), value.clone());
        appended.map_err(unfit)?;
    }
    Ok(request)
}

fn header(text: &str) -> Result<(HeaderName, HeaderValue), String> {
    let (name, value) = text.split_once(':').ok_or("write `NAME: VALUE`")?;
    let name = HeaderName::try_from(name.trim()).map_err(|error| error.to_string())?;
    let value = HeaderValue::try_from(value.trim()).map_err(|error| error.to_string())?;
    Ok((name, value))
}
