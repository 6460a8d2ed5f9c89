//! The memory of a process, measured in a child process.
//!
//! A peak belongs to the whole life of a process, so each measurement starts this program again.

use std::io;
use std::process::{Command, Stdio};

/// The first argument of such a process.
pub(crate) const CHILD: &str = "--child";

/// Starts this program again and reads the numbers that it prints.
pub(crate) fn child<const N: usize>(arguments: &[&str]) -> io::Result<[f64; N]> {
    let mut command = Command::new(std::env::current_exe()?);
    let output = command.arg(CHILD).args(arguments).stderr(Stdio::inherit()).output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let numbers: Vec<f64> = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    let missing = |_| io::Error::other(format!("{arguments:?} printed {text:?}"));
    numbers.try_into().map_err(missing)
}

/// KiB that the process has in memory now; `NaN` where the system does not report it.
pub(crate) fn resident() -> f64 {
    status("VmRSS:")
}

/// The most KiB that the process ever had in memory; `NaN` where the system does not report it.
pub(crate) fn peak() -> f64 {
    status("VmHWM:")
}

fn status(name: &str) -> f64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(f64::NAN)
}
