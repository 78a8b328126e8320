//! Figures of several runs, and what the system tells of a process.

use std::process::{Child, Command};
use std::time::{Duration, Instant};
use std::{fmt, fs};

/// One mebibyte.
pub const MIB: f64 = 1_048_576.0;

/// The same figure, measured in several rounds.
#[derive(Clone, Debug, Default)]
pub struct Figures(Vec<f64>);

impl Figures {
    pub fn add(&mut self, figure: f64) {
        self.0.push(figure);
    }

    /// This figure against another one's, round by round: what disturbed a whole round cancels out.
    pub fn over(&self, other: &Self) -> Self {
        Self(self.0.iter().zip(&other.0).map(|(one, other)| one / other).collect())
    }

    /// Both figures of each round as one.
    pub fn with(&self, other: &Self, join: impl Fn(f64, f64) -> f64) -> Self {
        Self(self.0.iter().zip(&other.0).map(|(one, other)| join(*one, *other)).collect())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn median(&self) -> f64 {
        let sorted = self.sorted();
        f64::midpoint(sorted[(sorted.len() - 1) / 2], sorted[sorted.len() / 2])
    }

    pub fn max(&self) -> f64 {
        self.0.iter().copied().fold(f64::MIN, f64::max)
    }

    pub fn percentile(&self, share: f64) -> f64 {
        let sorted = self.sorted();
        let rank = (sorted.len() as f64 * share).ceil();
        let rank = (rank as usize).clamp(1, sorted.len());
        sorted[rank - 1]
    }

    fn sorted(&self) -> Vec<f64> {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        sorted
    }
}

/// The median; with several rounds also the least and the greatest; a dash where nothing was measured.
impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("–");
        }
        let digits = if self.median() < 10.0 { 2 } else { usize::from(self.median() < 100.0) };
        write!(f, "{:.digits$}", self.median())?;
        if self.0.len() > 1 {
            write!(f, " ({:.digits$} to {:.digits$})", self.percentile(0.0), self.max())?;
        }
        Ok(())
    }
}

/// A program that was run to its end.
pub struct Ran {
    pub seconds: f64,
    /// Seconds that it spent on processors.
    pub cpu: f64,
    /// Most memory that it held, in bytes.
    pub peak: f64,
}

/// Runs a program, which must succeed.
pub fn run(command: &mut Command) -> Ran {
    try_run(command).unwrap_or_else(|failed| panic!("{failed}"))
}

/// Runs a program; tells how it failed.
pub fn try_run(command: &mut Command) -> Result<Ran, String> {
    let began = Instant::now();
    let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
    let (mut cpu, mut peak) = (0.0_f64, 0.0_f64);
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        // Until it is waited for, a program that has ended still has its times, but no memory.
        cpu = cpu.max(cpu_seconds(&child));
        peak = peak.max(memory(&child, "VmHWM").unwrap_or(0.0));
        std::thread::sleep(Duration::from_millis(2));
    };
    let seconds = began.elapsed().as_secs_f64();
    if status.success() { Ok(Ran { seconds, cpu, peak }) } else { Err(format!("{command:?} failed: {status}")) }
}

/// Bytes that a process holds (`VmRSS`), or held at most (`VmHWM`); none when it has ended.
pub fn memory(child: &Child, which: &str) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let line = status.lines().find(|line| line.starts_with(which))?;
    Some(line.split_whitespace().nth(1)?.parse::<f64>().ok()? * 1_024.0)
}

/// Makes the most that a process held begin anew.
pub fn reset_peak(child: &Child) {
    fs::write(format!("/proc/{}/clear_refs", child.id()), "5").unwrap();
}

/// Seconds that a process has spent on a processor.
pub fn cpu_seconds(child: &Child) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap();
    // The name in brackets may hold blanks; after it, user and system time are the 12th and 13th, in hundredths.
    let after = stat.rsplit_once(')').unwrap().1;
    after.split_whitespace().skip(11).take(2).map(|ticks| ticks.parse::<f64>().unwrap() / 100.0).sum()
}

/// Processors that programs can run on at the same time.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
