//! A process of ours: ends when dropped, and tells what it used (proc(5)).

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::net::TcpListener;
use std::net::TcpStream;
use std::process::Child;
use std::process::Command;
use std::thread;
use std::time::Duration;
use std::time::Instant;

/// How long a process may take until it listens.
const START: Duration = Duration::from_secs(10);
/// A tick of `/proc/PID/stat`: `USER_HZ` is 100 wherever Linux runs.
const TICK: Duration = Duration::from_millis(10);

/// Kills what it holds.
pub struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let orphans = self.children();
        let _ = self.0.kill();
        let _ = self.0.wait();
        for orphan in orphans {
            let _ = Command::new("kill").arg(orphan.to_string()).status();
        }
    }
}

impl Process {
    /// Takes care of a process.
    pub fn new(child: Child) -> Self {
        Self(child)
    }

    /// Starts `command` and waits until it listens on `address`.
    pub fn listening(command: &mut Command, address: SocketAddr) -> io::Result<Self> {
        let name = format!("{command:?}");
        let failed = |what: String| io::Error::other(format!("{name}: {what}"));
        let child = command.spawn().map_err(|error| failed(error.to_string()))?;
        let mut process = Self(child);
        let began = Instant::now();
        while TcpStream::connect(address).is_err() {
            if let Some(status) = process.0.try_wait()? {
                return Err(failed(status.to_string()));
            }
            if began.elapsed() > START {
                return Err(failed(format!("does not listen on {address}")));
            }
            thread::sleep(Duration::from_millis(10));
        }
        Ok(process)
    }

    /// User and system time since the start, children included.
    pub fn cpu(&self) -> io::Result<Duration> {
        let mut sum = Duration::ZERO;
        for pid in self.family() {
            sum += cpu(pid)?;
        }
        Ok(sum)
    }

    /// The most memory since the start or [`Self::forget_peak`], children included, bytes.
    pub fn peak(&self) -> io::Result<u64> {
        self.memory("VmHWM:")
    }

    /// The memory now, children included, bytes.
    pub fn resident(&self) -> io::Result<u64> {
        self.memory("VmRSS:")
    }

    /// Lets the peak begin anew; where the system forbids it, peaks are those since the start.
    pub fn forget_peak(&self) {
        for pid in self.family() {
            let _ = fs::write(format!("/proc/{pid}/clear_refs"), "5");
        }
    }

    fn memory(&self, field: &str) -> io::Result<u64> {
        let mut sum = 0;
        for pid in self.family() {
            let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
            let line = status.lines().find_map(|line| line.strip_prefix(field));
            let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
            let kib: Option<u64> = kib.and_then(|kib| kib.parse().ok());
            sum += kib.ok_or(io::ErrorKind::InvalidData)? << 10;
        }
        Ok(sum)
    }

    fn family(&self) -> Vec<u32> {
        let mut family = self.children();
        family.push(self.0.id());
        family
    }

    fn children(&self) -> Vec<u32> {
        let pid = self.0.id();
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
        let children = children.unwrap_or_default();
        let pids = children.split_whitespace();
        pids.filter_map(|pid| pid.parse().ok()).collect()
    }
}

fn cpu(pid: u32) -> io::Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name in parentheses may hold anything; field 3 follows it, 14 and 15 are wanted.
    let fields = stat.rsplit_once(')').map(|(_, fields)| fields);
    let fields = fields.unwrap_or_default().split_whitespace();
    let ticks = fields.skip(11).take(2).map(str::parse::<u32>);
    let ticks: u32 = ticks.sum::<Result<_, _>>().map_err(io::Error::other)?;
    Ok(TICK * ticks)
}

/// An address of loopback that was free a moment ago.
pub fn free_address() -> io::Result<SocketAddr> {
    TcpListener::bind("127.0.0.1:0")?.local_addr()
}
