//! A large object in parts, several at a time.

use std::io;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use crate::client::Call;
use crate::client::Client;
use crate::client::Method;
use crate::options::Options;
use crate::report::mebibytes;
use crate::subjects::Bench;
use crate::subjects::Kind;
use crate::subjects::Subject;

/// As `--only` calls it.
pub const NAME: &str = "multipart upload";

const PARTS: usize = 64;
/// Connections that send them.
const AT_A_TIME: usize = 4;
const SUBJECTS: [Kind; 3] = [Kind::Plain, Kind::Aes, Kind::Sm4];

/// What one upload took.
struct Taken {
    seconds: f64,
    cpu: Duration,
    peak: u64,
}

/// Uploads `PARTS` parts like `body`, in rounds that alternate.
pub fn measure(bench: &Bench, options: &Options, body: &[u8]) -> io::Result<()> {
    let subjects: Vec<Subject> = SUBJECTS
        .into_iter()
        .map(|kind| bench.subject(kind))
        .collect::<io::Result<_>>()?;
    let mut taken: Vec<Vec<Taken>> = subjects.iter().map(|_| Vec::new()).collect();
    for subject in &subjects {
        upload(subject, body)?;
    }
    for _ in 0..options.rounds {
        for (subject, taken) in subjects.iter().zip(&mut taken) {
            taken.push(upload(subject, body)?);
        }
    }
    #[allow(clippy::cast_precision_loss)]
    let gigabytes = (PARTS * body.len()) as f64 / 1e9;
    println!(
        "\n| {PARTS} parts of {} MiB, {AT_A_TIME} at a time | GB/s | CPU s/GB | peak MiB |\n\
         |---|--:|--:|--:|",
        body.len() >> 20
    );
    for (subject, taken) in subjects.iter().zip(&taken) {
        let seconds = median(taken, |taken| taken.seconds);
        let cpu = median(taken, |taken| taken.cpu.as_secs_f64());
        let peak = median(taken, |taken| mebibytes(taken.peak));
        println!(
            "| {} | {:.2} | {:.2} | {peak:.0} |",
            subject.kind.name(),
            gigabytes / seconds,
            cpu / gigabytes
        );
    }
    Ok(())
}

fn upload(subject: &Subject, body: &[u8]) -> io::Result<Taken> {
    let ask = |client: &mut Client, method, query: String, body: &[u8]| {
        let call = Call {
            method,
            path: subject.path(0) + "-parts",
            query,
            range: None,
            body,
            object: 0,
        };
        let head = client.answer(&call.head(subject.address)?, body)?;
        let mut answer = vec![0; head.content_length()?];
        client.read(&mut answer)?;
        let etag = head.get("etag").unwrap_or_default().to_owned();
        Ok::<_, io::Error>((etag, String::from_utf8_lossy(&answer).into_owned()))
    };
    let mut client = Client::connect(subject.address)?;
    let (_, created) = ask(&mut client, Method::Post, "uploads=".to_owned(), &[])?;
    let id = between(&created, "<UploadId>", "</UploadId>");
    let id = id.ok_or_else(|| io::Error::other("upload without an id"))?;
    subject.forget_peak();
    let (began, cpu) = (Instant::now(), subject.cpu()?.unwrap_or_default());
    let worker = |first: usize| {
        let mut client = Client::connect(subject.address)?;
        let mut etags = Vec::new();
        for number in (first..=PARTS).step_by(AT_A_TIME) {
            let query = format!("partNumber={number}&uploadId={id}");
            etags.push((number, ask(&mut client, Method::Put, query, body)?.0));
        }
        Ok::<_, io::Error>(etags)
    };
    let mut etags = Vec::new();
    thread::scope(|scope| {
        let workers: Vec<_> = (1..=AT_A_TIME)
            .map(|first| scope.spawn(move || worker(first)))
            .collect();
        for worker in workers {
            let joined = worker.join();
            etags.extend(joined.map_err(|_| io::Error::other("a connection panicked"))??);
        }
        Ok::<_, io::Error>(())
    })?;
    etags.sort_unstable();
    let parts = etags.iter().map(|(number, etag)| {
        format!("<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>")
    });
    let parts: String = parts.collect();
    let list = format!("<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>");
    let query = format!("uploadId={id}");
    ask(&mut client, Method::Post, query, list.as_bytes())?;
    Ok(Taken {
        seconds: began.elapsed().as_secs_f64(),
        cpu: subject.cpu()?.unwrap_or_default().saturating_sub(cpu),
        peak: subject.peak()?.unwrap_or(0),
    })
}

fn between<'a>(text: &'a str, before: &str, behind: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(before)?;
    Some(rest.split_once(behind)?.0)
}

fn median(taken: &[Taken], value: impl Fn(&Taken) -> f64) -> f64 {
    let mut values: Vec<f64> = taken.iter().map(value).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
