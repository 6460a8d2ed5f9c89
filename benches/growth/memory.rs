//! The resident memory of this process. Start with [`while_running`].

use std::fs;

/// Runs a call, and returns the resident memory before it and the highest during it, in bytes; `None`
/// where the system does not tell.
pub(crate) fn while_running(call: impl FnOnce()) -> Option<(u64, u64)> {
    // Sets the highest value to the current one (proc_pid_clear_refs(5)).
    fs::write("/proc/self/clear_refs", "5").ok()?;
    let before = status("VmRSS:")?;
    call();
    Some((before, status("VmHWM:")?))
}

/// Returns a value of the status of this process in bytes.
fn status(name: &str) -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kib: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kib << 10)
}
