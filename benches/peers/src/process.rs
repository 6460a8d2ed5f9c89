//! Facts of this process and this machine, as Linux reports them. A fact that the system does not
//! report is `NaN` or absent.

use std::fs;

/// Returns the KiB that the process has in memory now.
pub(crate) fn resident_kib() -> f64 {
    status("VmRSS:")
}

/// Returns the most KiB that the process ever had in memory.
pub(crate) fn peak_kib() -> f64 {
    status("VmHWM:")
}

pub(crate) fn threads() -> f64 {
    status("Threads:")
}

pub(crate) fn descriptors() -> f64 {
    fs::read_dir("/proc/self/fd").map_or(f64::NAN, |entries| entries.count() as f64)
}

fn status(name: &str) -> f64 {
    let text = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(f64::NAN)
}

/// Returns the first core that this process may use.
pub(crate) fn first_core() -> Option<String> {
    let text = fs::read_to_string("/proc/self/status").ok()?;
    let allowed = text.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"))?;
    Some(allowed.trim().split([',', '-']).next()?.to_owned())
}

/// Returns the kind of machine, such as "x86_64 linux, AMD EPYC, 2 cores".
pub(crate) fn machine() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with("model name"));
    let model = line.and_then(|line| line.split_once(':')).map_or("", |(_, model)| model.trim());
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let (arch, system) = (std::env::consts::ARCH, std::env::consts::OS);
    let sha = if text.contains(" sha_ni") { " with SHA instructions" } else { "" };
    format!("{arch} {system}, {model}{sha}, {cores} cores")
}
