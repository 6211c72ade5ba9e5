//! `sealgate demo`: an embedded object store, a gateway in front of it, and what one needs to
//! look at both. A second start uses what the first one made and rewrites nothing.

use std::collections::BTreeMap;
use std::fs;
use std::fs::OpenOptions;
use std::io;
use std::io::Write;
use std::net::SocketAddr;
use std::net::TcpListener;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use config::Document;
use config::Machine;
use config::Source;
use store::Store;
use zeroize::Zeroizing;

use super::Failure;
use super::keyring;
use super::say;
use super::serve;
use crate::random;
use crate::reload::Hangups;

/// Where the demo keeps its files and listens.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Folder for objects, keyring, configuration and credentials.
    #[arg(long, default_value = "sealgate-demo")]
    dir: PathBuf,
    /// Address of the gateway [first start: 127.0.0.1:9000]; later ones read the configuration.
    #[arg(long)]
    listen: Option<SocketAddr>,
    /// Address of the embedded store [first start: 127.0.0.1:9001].
    #[arg(long)]
    backend_listen: Option<SocketAddr>,
}

/// Listening addresses of a first start.
const LISTEN: &str = "127.0.0.1:9000";
const BACKEND_LISTEN: &str = "127.0.0.1:9001";
/// The region that the demo signs for.
const REGION: &str = "us-east-1";

/// Sets up what is missing and serves until a signal ends it.
pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let files = Files::of(&arguments.dir);
    files.make(arguments)?;
    let environment = Arc::new(Environment::load(&files.credentials)?);
    let backend = environment.address("BACKEND_ENDPOINT_URL", &files.credentials)?;
    let listener = TcpListener::bind(backend)
        .map_err(|error| Failure::unavailable(format!("cannot listen on {backend}: {error}")))?;
    let source = Arc::clone(&environment);
    let gateway = serve::assembled(&files.config, source, Hangups::end)?;
    start_store(listener, &files.objects, &environment)?;
    files.greet(&environment);
    gateway.run();
    Ok(())
}

/// The files of a demo.
struct Files {
    dir: PathBuf,
    objects: PathBuf,
    keyring: PathBuf,
    config: PathBuf,
    credentials: PathBuf,
}

impl Files {
    fn of(dir: &Path) -> Self {
        Self {
            dir: dir.to_owned(),
            objects: dir.join("objects"),
            keyring: dir.join("keyring.yaml"),
            config: dir.join("sealgate.yaml"),
            credentials: dir.join("credentials.env"),
        }
    }

    /// Makes the files that do not exist. A keyring is never made beside objects that another
    /// one has sealed.
    fn make(&self, arguments: &Arguments) -> Result<(), Failure> {
        let failed =
            |error: io::Error| Failure::cannot_create(format!("{}: {error}", self.dir.display()));
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.dir)
            .map_err(failed)?;
        if !self.keyring.exists() {
            if self.objects.exists() {
                return Err(Failure::usage(format!(
                    "{} is gone, and {} holds what it sealed: bring it back, or begin anew in \
                     another folder",
                    self.keyring.display(),
                    self.objects.display()
                )));
            }
            keyring::init(&self.keyring, "demo")?;
        }
        fs::create_dir_all(&self.objects).map_err(failed)?;
        self.make_addressed(arguments)
    }

    /// The two files that name addresses.
    fn make_addressed(&self, arguments: &Arguments) -> Result<(), Failure> {
        match (self.config.exists(), self.credentials.exists()) {
            (true, true) => self.keep(arguments),
            (false, false) => {
                let listen = free(arguments.listen, LISTEN)?;
                let backend = free(arguments.backend_listen, BACKEND_LISTEN)?;
                let credentials = credentials(listen, backend)?;
                create(&self.credentials, 0o600, &credentials)?;
                create(&self.config, 0o644, &configuration(listen, backend))
            }
            _ => Err(Failure::usage(format!(
                "{} and {} belong together, and one of them is gone: bring it back, or remove \
                 the other as well",
                self.config.display(),
                self.credentials.display()
            ))),
        }
    }

    /// A later start: the files say where to listen, and the command line may not contradict.
    fn keep(&self, arguments: &Arguments) -> Result<(), Failure> {
        let environment = Environment::load(&self.credentials)?;
        let said = [
            (arguments.listen, "AWS_ENDPOINT_URL", "--listen"),
            (
                arguments.backend_listen,
                "BACKEND_ENDPOINT_URL",
                "--backend-listen",
            ),
        ];
        for (asked, name, option) in said {
            let kept = environment.address(name, &self.credentials)?;
            if asked.is_some_and(|asked| asked.port() != 0 && asked != kept) {
                return Err(Failure::usage(format!(
                    "{option}: {} was made for {kept}; leave the option out, edit {} and {}, or \
                     choose another --dir",
                    self.dir.display(),
                    self.config.display(),
                    self.credentials.display()
                )));
            }
        }
        Ok(())
    }

    fn greet(&self, environment: &Environment) {
        let url = |name: &str| {
            environment
                .variables
                .get(name)
                .map_or("", |url| url.as_str())
        };
        say(&format!(
            "sealgate demo\n\
             \x20 gateway  {}  point any S3 client here\n\
             \x20 backend  {}  the store behind it: ciphertext only\n\
             \x20 files    {}  configuration, keyring, credentials, objects\n\
             Buckets named sm4-* are sealed with SM4, all others with AES-256; strict-* take only\n\
             what asks for aws:kms. Everywhere clients may ask for SSE-S3, SSE-C, and SSE-KMS with\n\
             the key ids demo-key (AES-256) and demo-sm4-key (SM4).\n\
             \n\
             Paste into another shell:\n\
             \x20 set -a; . {}; set +a\n\
             \x20 aws s3 mb s3://hello && echo secret | aws s3 cp - s3://hello/a.txt && \
             aws s3 cp s3://hello/a.txt -\n\
             \x20 aws --endpoint-url $BACKEND_ENDPOINT_URL s3 cp s3://hello/a.txt - | od -c | head",
            url("AWS_ENDPOINT_URL"),
            url("BACKEND_ENDPOINT_URL"),
            self.dir.display(),
            self.credentials.display(),
        ));
    }
}

/// The machine, with the variables of `credentials.env` before its own.
struct Environment {
    variables: BTreeMap<String, Zeroizing<String>>,
}

impl Environment {
    fn load(path: &Path) -> Result<Self, Failure> {
        let text = fs::read_to_string(path)
            .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
        let lines = text.lines().filter_map(|line| line.split_once('='));
        let variables =
            lines.map(|(name, value)| (name.to_owned(), Zeroizing::new(value.to_owned())));
        Ok(Self {
            variables: variables.collect(),
        })
    }

    fn required(&self, name: &str) -> Result<&str, Failure> {
        let value = self.variables.get(name).map(|value| value.as_str());
        value.ok_or_else(|| Failure::usage(format!("credentials.env: {name} is missing")))
    }

    fn address(&self, name: &str, path: &Path) -> Result<SocketAddr, Failure> {
        self.required(name)?
            .strip_prefix("http://")
            .and_then(|rest| rest.parse().ok())
            .ok_or_else(|| {
                Failure::usage(format!(
                    "{}: {name} is not http://ADDRESS:PORT",
                    path.display()
                ))
            })
    }
}

impl Source for Environment {
    fn file(&self, path: &Path) -> io::Result<Document> {
        Machine.file(path)
    }

    fn variable(&self, name: &str) -> Option<Zeroizing<String>> {
        self.variables
            .get(name)
            .cloned()
            .or_else(|| Machine.variable(name))
    }
}

/// Serves the store from a thread of its own until the process ends.
fn start_store(
    listener: TcpListener,
    objects: &Path,
    environment: &Environment,
) -> Result<(), Failure> {
    let unavailable =
        |error: &dyn std::fmt::Display| Failure::unavailable(format!("embedded store: {error}"));
    let store = Store::open(objects).map_err(|error| unavailable(&error))?;
    let credentials = store::Credentials::new(
        environment.required("AWS_ACCESS_KEY_ID")?,
        environment.required("AWS_SECRET_ACCESS_KEY")?,
    );
    let region = store::Region::new(REGION.into()).map_err(|error| unavailable(&error))?;
    listener
        .set_nonblocking(true)
        .map_err(|error| unavailable(&error))?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| unavailable(&error))?;
    thread::spawn(move || {
        let served = runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener)?;
            let ended = std::future::pending();
            store::serve(listener, store, credentials, region, ended)
                .await
                .map_err(io::Error::other)
        });
        if let Err(error) = served {
            log::error!("embedded store ended: {error}");
            std::process::exit(69);
        }
    });
    Ok(())
}

/// The address of a first start; port 0 becomes one that is free.
fn free(asked: Option<SocketAddr>, default: &str) -> Result<SocketAddr, Failure> {
    // INVARIANT: the defaults above are addresses.
    let address = asked.or_else(|| default.parse().ok());
    let address = address.ok_or_else(|| Failure::usage("no address"))?;
    TcpListener::bind(address)
        .and_then(|listener| listener.local_addr())
        .map_err(|error| Failure::unavailable(format!("cannot listen on {address}: {error}")))
}

fn create(path: &Path, mode: u32, text: &str) -> Result<(), Failure> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| Failure::cannot_create(format!("{}: {error}", path.display())))
}

fn credentials(listen: SocketAddr, backend: SocketAddr) -> Result<Zeroizing<String>, Failure> {
    let random = |error: getrandom::Error| Failure::unavailable(error);
    let id: [u8; 8] = random::bytes().map_err(random)?;
    let secret = Zeroizing::new(random::bytes::<30>().map_err(random)?);
    let secret = Zeroizing::new(URL_SAFE_NO_PAD.encode(secret.as_slice()));
    Ok(Zeroizing::new(format!(
        "AWS_ACCESS_KEY_ID=DEMO{:016X}\n\
         AWS_SECRET_ACCESS_KEY={}\n\
         AWS_REGION={REGION}\n\
         AWS_ENDPOINT_URL=http://{listen}\n\
         BACKEND_ENDPOINT_URL=http://{backend}\n",
        u64::from_be_bytes(id),
        secret.as_str(),
    )))
}

fn configuration(listen: SocketAddr, backend: SocketAddr) -> String {
    // Nobody listens in on loopback: clients may send keys of their own without TLS.
    let secure = if listen.ip().is_loopback() {
        ", secure: true"
    } else {
        ""
    };
    format!(
        "# Made by `sealgate demo`, which reads it at every start and never rewrites it.\n\
         # The pair of keys is in credentials.env; `sealgate serve` finds it in the environment.\n\
         listen:\n\
         \x20 - {{address: {listen}{secure}}}\n\
         region: {REGION}\n\
         \n\
         backend:\n\
         \x20 endpoints: [http://{backend}]\n\
         \x20 region: {REGION}\n\
         \x20 credentials: {{access_key: {{env: AWS_ACCESS_KEY_ID}}, secret_key: {{env: AWS_SECRET_ACCESS_KEY}}}}\n\
         \n\
         clients:\n\
         \x20 - name: demo\n\
         \x20   access_key: {{env: AWS_ACCESS_KEY_ID}}\n\
         \x20   secret_key: {{env: AWS_SECRET_ACCESS_KEY}}\n\
         \x20   may: [{{bucket: \"*\", actions: [read, write, list, delete, configure]}}]\n\
         \x20   keys: [demo-key, demo-sm4-key]\n\
         \n\
         keys:\n\
         \x20 - {{name: demo, provider: local, file: keyring.yaml}}\n\
         \x20 - {{name: demo-key, provider: local, file: keyring.yaml}}\n\
         \x20 - {{name: demo-sm4-key, algorithm: SM4, provider: local, file: keyring.yaml}}\n\
         \n\
         state: {{bucket: sealgate-state}}\n\
         rules:\n\
         \x20 - name: strict buckets\n\
         \x20   match: {{bucket: \"strict-*\"}}\n\
         \x20   protect: gateway\n\
         \x20   default: {{sse: kms, key: demo-key}}\n\
         \x20   missing: reject\n\
         \x20   mismatch: reject\n\
         \x20 - name: sm4 buckets\n\
         \x20   match: {{bucket: \"sm4-*\"}}\n\
         \x20   protect: gateway\n\
         \x20   default: {{sse: AES256, algorithm: SM4, key: demo}}\n\
         \x20   allow: [kms, C]\n\
         \x20 - name: everything else\n\
         \x20   match: {{bucket: \"*\"}}\n\
         \x20   protect: gateway\n\
         \x20   default: {{sse: AES256, algorithm: AES256, key: demo}}\n\
         \x20   allow: [kms, C]\n"
    )
}
