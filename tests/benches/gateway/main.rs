//! The gateway beside what it could be: the bare backend, nginx, and itself without a seal.
//! `./dev bench` runs it; `proxy/BENCHMARKS.md` keeps what it printed.
//!
//! Everything is on loopback and in memory: [`backend`] is a process of its own that stores
//! bodies, [`load`] keeps its connections busy, [`subjects`] are what stands between them. Rounds
//! of all subjects alternate, so that a busy machine is busy for all of them; the CPU time is that
//! of the proxy's own processes, and robust against the rest.

mod backend;
mod client;
mod framed;
mod load;
mod multipart;
mod options;
mod process;
mod report;
mod stalled;
mod subjects;
mod uploads;
mod verify;
mod wire;

use std::io;
use std::process::ExitCode;

use client::Call;
use client::Method;
use load::Run;
use options::Options;
use report::Row;
use subjects::Bench;
use subjects::Kind;
use subjects::Subject;

/// What a round does.
#[derive(Clone, Copy)]
struct Case {
    name: &'static str,
    method: Method,
    /// Bytes of the object.
    object: usize,
    /// Bytes of the object's beginning that are asked for; all of them when absent.
    range: Option<usize>,
    connections: usize,
}

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;
/// The object of range reads and of stalled readers.
const LARGE: usize = 100_000_000;

const CASES: [Case; 6] = [
    Case::whole("GET 64 KiB", Method::Get, 64 * KIB, 16),
    Case::whole("GET 16 MiB", Method::Get, 16 * MIB, 4),
    Case::whole("PUT 64 KiB", Method::Put, 64 * KIB, 16),
    Case::whole("PUT 64 KiB, CRC32 trailer", Method::PutFramed, 64 * KIB, 16),
    Case::whole("PUT 16 MiB", Method::Put, 16 * MIB, 4),
    Case {
        name: "GET 1 KiB of 100 MB",
        method: Method::Get,
        object: LARGE,
        range: Some(KIB),
        connections: 16,
    },
];

impl Case {
    const fn whole(name: &'static str, method: Method, object: usize, connections: usize) -> Self {
        Self {
            name,
            method,
            object,
            range: None,
            connections,
        }
    }

    /// What `--only` is compared with.
    fn row(&self, kind: Kind) -> String {
        format!("{} {}", self.name, kind.name())
    }

    /// Bytes of the body that a call carries, either way.
    fn carried(&self) -> usize {
        self.range.unwrap_or(self.object)
    }
}

fn main() -> ExitCode {
    if std::env::args().any(|argument| argument == backend::ARGUMENT) {
        return done(backend::serve());
    }
    let options = match Options::parse(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(problem) => {
            eprintln!("{problem}\n{}", options::USAGE);
            return ExitCode::from(64);
        }
    };
    done(bench(&options))
}

fn done(result: io::Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn bench(options: &Options) -> io::Result<()> {
    let bench = Bench::start()?;
    let wanted = |kind: &Kind| CASES.iter().any(|case| options.wants(&case.row(*kind)));
    let kinds = Kind::ALL.into_iter().filter(wanted);
    let subjects: Vec<Subject> = kinds
        .map(|kind| bench.subject(kind))
        .collect::<io::Result<_>>()?;
    let bodies = [64 * KIB, 16 * MIB, LARGE].map(verify::body);
    for subject in &subjects {
        for body in &bodies {
            verify::verify(&bench, subject, body)?;
        }
    }
    let mut rows = Vec::new();
    for case in CASES {
        // INVARIANT: every case's object has a body above.
        let body = bodies.iter().find(|body| body.len() == case.object);
        let body = body.ok_or_else(|| io::Error::other("case without an object"))?;
        rows.extend(measure(options, &case, body, &subjects)?);
    }
    report::print(&rows);
    if options.wants(multipart::NAME) {
        multipart::measure(&bench, options, &bodies[1])?;
    }
    if options.wants(stalled::NAME) {
        stalled::measure(&bench, &bodies[2])?;
    }
    Ok(())
}

/// Alternates the subjects for all rounds of `case`.
fn measure(
    options: &Options,
    case: &Case,
    body: &[u8],
    subjects: &[Subject],
) -> io::Result<Vec<Row>> {
    let wanted = |subject: &&Subject| {
        let understands = case.method != Method::PutFramed || subject.kind.speaks_s3();
        understands && options.wants(&case.row(subject.kind))
    };
    let subjects: Vec<&Subject> = subjects.iter().filter(wanted).collect();
    let mut rows: Vec<Row> = subjects
        .iter()
        .map(|subject| Row::new(case.name, subject.kind, case.carried()))
        .collect();
    let wire = match case.method {
        Method::Get => Vec::new(),
        Method::Put | Method::Post => body.to_vec(),
        Method::PutFramed => framed::framed(body),
    };
    for round in 1..=options.rounds {
        for (subject, row) in subjects.iter().zip(&mut rows) {
            let run = run(options, case, &wire, subject)?;
            eprintln!(
                "{}, round {round}: {:.2} GB/s",
                case.row(subject.kind),
                run.gigabytes() / run.elapsed.as_secs_f64()
            );
            row.add(run);
        }
    }
    Ok(rows)
}

fn run(options: &Options, case: &Case, body: &[u8], subject: &Subject) -> io::Result<Run> {
    let call = Call {
        method: case.method,
        path: subject.path(case.object),
        query: String::new(),
        range: case.range,
        body,
        object: case.object,
    };
    load::run(
        subject,
        &call,
        case.carried(),
        case.connections,
        options.seconds,
    )
}
