//! What is measured: the bare backend and the proxies in front of it.

use std::env;
use std::fs;
use std::io;
use std::io::BufRead as _;
use std::io::BufReader;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

use crate::backend;
use crate::client::ACCESS_KEY;
use crate::client::REGION;
use crate::client::SECRET_KEY;
use crate::process::Process;
use crate::process::free_address;

/// Subjects, in the order of the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Straight,
    Nginx,
    Plain,
    Aes,
    Sm4,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Straight,
        Self::Nginx,
        Self::Plain,
        Self::Aes,
        Self::Sm4,
    ];

    /// As tables call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Straight => "no proxy",
            Self::Nginx => "nginx",
            Self::Plain => "sealgate, protect: none",
            Self::Aes => "sealgate, AES-256-GCM",
            Self::Sm4 => "sealgate, SM4-GCM",
        }
    }

    /// Whether the backend must not see what it stores.
    pub fn seals(self) -> bool {
        matches!(self, Self::Aes | Self::Sm4)
    }

    /// Whether it knows frames.
    pub fn speaks_s3(self) -> bool {
        !matches!(self, Self::Straight | Self::Nginx)
    }

    fn bucket(self) -> &'static str {
        match self {
            Self::Straight => "straight",
            Self::Nginx => "nginx",
            Self::Plain => "plain",
            Self::Aes => "aes",
            Self::Sm4 => "sm4",
        }
    }
}

/// One of them, running.
pub struct Subject {
    pub kind: Kind,
    /// Where clients connect.
    pub address: SocketAddr,
    /// None for the bare backend: its cost is everybody's.
    process: Option<Process>,
}

impl Subject {
    /// Where its object of `size` bytes is.
    pub fn path(&self, size: usize) -> String {
        format!("/{}/{size}", self.kind.bucket())
    }

    /// CPU time since its start.
    pub fn cpu(&self) -> io::Result<Option<Duration>> {
        self.process.as_ref().map(Process::cpu).transpose()
    }

    /// The most memory since [`Self::forget_peak`], bytes.
    pub fn peak(&self) -> io::Result<Option<u64>> {
        self.process.as_ref().map(Process::peak).transpose()
    }

    /// Memory now, bytes.
    pub fn resident(&self) -> io::Result<Option<u64>> {
        self.process.as_ref().map(Process::resident).transpose()
    }

    /// Lets the peak of memory begin anew.
    pub fn forget_peak(&self) {
        if let Some(process) = &self.process {
            process.forget_peak();
        }
    }
}

/// The backend and a folder for everybody's files.
pub struct Bench {
    folder: TempDir,
    sealgate: PathBuf,
    /// Where the backend listens.
    pub backend: SocketAddr,
    _backend: Process,
}

impl Bench {
    /// Starts the backend.
    pub fn start() -> io::Result<Self> {
        let mut child = Command::new(env::current_exe()?)
            .arg(backend::ARGUMENT)
            .stdout(Stdio::piped())
            .spawn()?;
        let output = child.stdout.take();
        let backend = Process::new(child);
        let mut address = String::new();
        BufReader::new(output.ok_or(io::ErrorKind::BrokenPipe)?).read_line(&mut address)?;
        let bench = Self {
            folder: TempDir::new()?,
            sealgate: sealgate()?,
            backend: address.trim().parse().map_err(io::Error::other)?,
            _backend: backend,
        };
        bench.prepare_sealgate()?;
        Ok(bench)
    }

    /// Starts one of `kind`; each has its own processes, so that what they use is its own.
    pub fn subject(&self, kind: Kind) -> io::Result<Subject> {
        let (address, process) = match kind {
            Kind::Straight => (self.backend, None),
            Kind::Nginx => self.start_nginx()?,
            Kind::Plain | Kind::Aes | Kind::Sm4 => self.start_sealgate()?,
        };
        Ok(Subject {
            kind,
            address,
            process,
        })
    }

    /// As many workers as sealgate has threads, the buffers that pingora has, nothing on disk.
    fn start_nginx(&self) -> io::Result<(SocketAddr, Option<Process>)> {
        let (listen, backend) = (free_address()?, self.backend);
        let workers = thread::available_parallelism()?;
        let folder = self.folder.path();
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|name| format!("{name}_temp_path {}/{name};\n", folder.display()))
            .concat();
        let file = folder.join("nginx.conf");
        fs::write(
            &file,
            format!(
                "daemon off; pid {}/nginx.pid; error_log stderr; worker_processes {workers};\n\
                 events {{ worker_connections 1024; }}\n\
                 http {{\n\
                 {temporary}\
                 access_log off; client_max_body_size 0; tcp_nodelay on;\n\
                 keepalive_requests 1000000000; client_body_buffer_size 64k;\n\
                 proxy_buffering off; proxy_request_buffering off;\n\
                 proxy_buffer_size 64k; proxy_buffers 4 64k;\n\
                 proxy_http_version 1.1; proxy_set_header Connection \"\";\n\
                 upstream store {{\n\
                 server {backend}; keepalive 64; keepalive_requests 1000000000;\n\
                 }}\n\
                 server {{ listen {listen}; location / {{ proxy_pass http://store; }} }}\n\
                 }}\n",
                folder.display()
            ),
        )?;
        let mut command = Command::new("nginx");
        command
            .args(["-e", "stderr", "-p"])
            .arg(folder)
            .arg("-c")
            .arg(&file);
        Ok((listen, Some(Process::listening(&mut command, listen)?)))
    }

    fn prepare_sealgate(&self) -> io::Result<()> {
        let keyring = self.folder.path().join("keyring.yaml");
        let mut command = Command::new(&self.sealgate);
        let command = command.args(["keyring", "init"]).arg(keyring);
        if command.stdout(Stdio::null()).status()?.success() {
            return Ok(());
        }
        Err(io::Error::other("sealgate makes no keyring"))
    }

    fn start_sealgate(&self) -> io::Result<(SocketAddr, Option<Process>)> {
        let listen = free_address()?;
        let file = self.folder.path().join(format!("{}.yaml", listen.port()));
        fs::write(&file, configuration(listen, self.backend))?;
        let mut command = Command::new(&self.sealgate);
        command
            .arg("serve")
            .arg(&file)
            .env("BENCH_SECRET_KEY", SECRET_KEY)
            .env("SEALGATE_LOG", "warn");
        Ok((listen, Some(Process::listening(&mut command, listen)?)))
    }
}

fn configuration(listen: SocketAddr, backend: SocketAddr) -> String {
    format!(
        r#"listen:
  - address: {listen}
region: {REGION}
backend:
  endpoints: [http://{backend}]
  region: {REGION}
  credentials: {{access_key: {ACCESS_KEY}, secret_key: {{env: BENCH_SECRET_KEY}}}}
clients:
  - name: bench
    access_key: {ACCESS_KEY}
    secret_key: {{env: BENCH_SECRET_KEY}}
    may: [{{bucket: "*", actions: [read, write]}}]
state: {{bucket: state}}
keys:
  - {{name: main, provider: local, file: keyring.yaml}}
rules:
  - {{name: none, match: {{bucket: plain}}, protect: none, unsealed: serve}}
  - {{name: aes, match: {{bucket: aes}}, default: {{sse: AES256, algorithm: AES256}}}}
  - {{name: sm4, match: {{bucket: sm4}}, default: {{sse: AES256, algorithm: SM4}}}}
"#
    )
}

/// The binary of the same build, or the one that `SEALGATE` names.
fn sealgate() -> io::Result<PathBuf> {
    if let Some(named) = env::var_os("SEALGATE") {
        return Ok(named.into());
    }
    let own = env::current_exe()?;
    // target/release/deps/gateway-HASH
    let folder = own.ancestors().nth(2).ok_or(io::ErrorKind::NotFound)?;
    let binary = folder.join("sealgate");
    if binary.exists() {
        return Ok(binary);
    }
    let binary = binary.display();
    Err(io::Error::other(format!(
        "{binary} is missing: cargo build --release -p sealgate"
    )))
}
