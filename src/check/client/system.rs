//! What a run needs from the operating system: signals to process groups, and lists of processes. Elsewhere than on
//! Unix a process is killed alone, and elsewhere than on Linux only the group is known. Start with [`others`].

pub(super) use platform::{has_ended, isolate, kill, others, send, signal_name};

/// A process of a run, beside its leader.
pub(super) struct Other {
    /// The number of the process, or of its group with a minus.
    pub(super) pid: i32,
    /// The command, for messages.
    pub(super) command: String,
}

#[cfg(unix)]
mod platform {
    use std::os::unix::process::{CommandExt, ExitStatusExt};
    use std::process::{Child, Command, ExitStatus};

    use rustix::process::{
        Pid, Signal as Number, WaitId, WaitIdOptions, kill_process, kill_process_group, waitid,
    };

    use super::Other;
    use crate::check::client::Signal;

    /// Signals that end a process, by name.
    const NAMES: &[(Number, &str)] = &[
        (Number::ABORT, "SIGABRT"),
        (Number::ALARM, "SIGALRM"),
        (Number::BUS, "SIGBUS"),
        (Number::FPE, "SIGFPE"),
        (Number::HUP, "SIGHUP"),
        (Number::ILL, "SIGILL"),
        (Number::INT, "SIGINT"),
        (Number::KILL, "SIGKILL"),
        (Number::PIPE, "SIGPIPE"),
        (Number::QUIT, "SIGQUIT"),
        (Number::SEGV, "SIGSEGV"),
        (Number::SYS, "SIGSYS"),
        (Number::TERM, "SIGTERM"),
        (Number::TRAP, "SIGTRAP"),
        (Number::USR1, "SIGUSR1"),
        (Number::USR2, "SIGUSR2"),
        (Number::XCPU, "SIGXCPU"),
        (Number::XFSZ, "SIGXFSZ"),
    ];

    /// Lets the process lead a group of its own.
    pub(in super::super) fn isolate(command: &mut Command) {
        command.process_group(0);
    }

    /// Returns whether the process has ended. Its number stays reserved until it is waited for.
    pub(in super::super) fn has_ended(child: &mut Child) -> bool {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        !matches!(waitid(WaitId::Pid(Pid::from_child(child)), options), Ok(None))
    }

    /// Sends a signal to the group of the process, which must not have been waited for.
    pub(in super::super) fn send(child: &mut Child, signal: Signal) {
        let group = Pid::from_child(child);
        // A group that has ended needs no signal.
        match signal {
            Signal::Kill => {
                let _ = kill_process_group(group, Number::KILL);
            }
            Signal::Terminate => {
                let _ = kill_process_group(group, Number::TERM);
                // A stopped process would not see it.
                let _ = kill_process_group(group, Number::CONT);
            }
        }
    }

    /// Kills a process that [`others`] returned.
    pub(in super::super) fn kill(other: &Other) {
        let pid = Pid::from_raw(other.pid.abs());
        let kill = if other.pid < 0 { kill_process_group } else { kill_process };
        let _ = pid.map(|pid| kill(pid, Number::KILL));
    }

    /// Returns the name of the signal that ended a process.
    pub(in super::super) fn signal_name(status: ExitStatus) -> Option<String> {
        let signal = status.signal()?;
        let name = NAMES.iter().find(|(number, _)| number.as_raw() == signal);
        Some(name.map_or_else(|| format!("signal {signal}"), |(_, name)| (*name).to_owned()))
    }

    /// Returns the living processes of a run beside its leader: those in its group, and those with the environment
    /// variable `marker`, which also finds a daemon that left the group. A process that overwrote its environment
    /// and left the group is not found.
    #[cfg(target_os = "linux")]
    pub(in super::super) fn others(leader: &mut Child, marker: &str) -> Vec<Other> {
        let Ok(folders) = std::fs::read_dir("/proc") else { return Vec::new() };
        let leader = leader.id();
        let pids = folders.flatten().filter_map(|folder| folder.file_name().to_str()?.parse().ok());
        let is_of_run = |pid: &u32| {
            let Some((state, group)) = state_and_group(*pid) else { return false };
            let has_marker = || {
                let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
                environment.split(|byte| *byte == 0).any(|entry| entry == marker.as_bytes())
            };
            *pid != leader && !matches!(state, 'Z' | 'X') && (group == leader || has_marker())
        };
        let other = |pid: u32| Other { pid: pid.cast_signed(), command: command_of(pid) };
        pids.filter(is_of_run).map(other).collect()
    }

    /// Returns the state and the process group, which follow the name in parentheses.
    #[cfg(target_os = "linux")]
    fn state_and_group(pid: u32) -> Option<(char, u32)> {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
        Some((fields.next()?.chars().next()?, fields.nth(1)?.parse().ok()?))
    }

    #[cfg(target_os = "linux")]
    fn command_of(pid: u32) -> String {
        let read = |file: &str| std::fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
        let command = read("cmdline");
        let command = if command.is_empty() { read("comm") } else { command };
        let text = String::from_utf8_lossy(&command).replace('\0', " ");
        text.trim().chars().take(200).collect()
    }

    /// Returns the group as one process if it has living members beside its leader, which must have ended or been
    /// killed.
    #[cfg(not(target_os = "linux"))]
    pub(in super::super) fn others(leader: &mut Child, _: &str) -> Vec<Other> {
        let group = Pid::from_child(leader);
        // A leader that was not waited for may count as a member. The number of a group with members is not reused.
        let _ = leader.try_wait();
        let lives = rustix::process::test_kill_process_group(group).is_ok();
        let other =
            || Other { pid: -group.as_raw_pid(), command: "(its process group)".to_owned() };
        lives.then(other).into_iter().collect()
    }
}

#[cfg(not(unix))]
mod platform {
    use std::process::{Child, Command, ExitStatus};

    use super::Other;
    use crate::check::client::Signal;

    pub(in super::super) fn isolate(_: &mut Command) {}

    pub(in super::super) fn has_ended(child: &mut Child) -> bool {
        !matches!(child.try_wait(), Ok(None))
    }

    pub(in super::super) fn send(child: &mut Child, _: Signal) {
        let _ = child.kill();
    }

    pub(in super::super) fn kill(_: &Other) {}

    pub(in super::super) fn signal_name(_: ExitStatus) -> Option<String> {
        None
    }

    pub(in super::super) fn others(_: &mut Child, _: &str) -> Vec<Other> {
        Vec::new()
    }
}
