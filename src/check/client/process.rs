//! Runs one process to its end: its deadline, its signals, its output, and what it leaves behind. It does not know
//! what the process does. Start with [`run`].

use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::output::Capture;
use super::system::{self, Other};
use super::{ClientRun, Ending, Limits, Output, Signal};

/// The longest time from SIGTERM to SIGKILL.
const TERMINATE_GRACE: Duration = Duration::from_secs(2);
/// How long other processes may run on after the end of their leader.
const OTHERS_GRACE: Duration = Duration::from_millis(200);
/// How long processes may take to end after SIGKILL.
const KILL_GRACE: Duration = Duration::from_secs(1);
/// How long a pipe is read after the processes of the run have ended.
const PIPE_GRACE: Duration = Duration::from_millis(500);

/// Runs a command without input until it ends or a limit ends it. `marker` is an environment variable with a value
/// that no other run has, by which its processes are found.
pub(super) fn run(
    command: &mut Command,
    (name, value): (&str, &str),
    limits: &Limits<'_>,
) -> ClientRun {
    let start = Instant::now();
    command.env(name, value);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    system::isolate(command);
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => {
            let program = command.get_program().display();
            return ClientRun::not_started(format!("cannot run `{program}`: {error}"));
        }
    };
    let outputs =
        (child.stdout.take().map(Capture::start), child.stderr.take().map(Capture::start));
    let mut process = Process { child, marker: format!("{name}={value}"), is_waited_for: false };

    let (stopped, sent) = process.watch(start, limits);
    let duration = start.elapsed();
    // What was killed with its leader was not left behind by it.
    let left_behind = if stopped.is_none() { process.others_after_grace() } else { Vec::new() };
    process.kill_others();
    process.is_waited_for = true;
    let ending = match (stopped, process.child.wait()) {
        (Some(ending), _) => ending,
        (None, Ok(status)) => ending_by(status, sent.map(|(signal, _)| signal)),
        (None, Err(error)) => Ending::Crashed(format!("its end is unknown: {error}")),
    };
    let output = |capture: Option<Capture>| {
        capture.map_or_else(Output::default, |capture| capture.finish(PIPE_GRACE))
    };
    ClientRun {
        ending,
        duration,
        stdout: output(outputs.0),
        stderr: output(outputs.1),
        left_behind: left_behind.iter().map(|it| format!("{} {}", it.pid, it.command)).collect(),
        signalled_after: sent.map(|(_, after)| after),
    }
}

/// Returns how a process ended that was not stopped at its deadline.
fn ending_by(status: ExitStatus, sent: Option<Signal>) -> Ending {
    let signal = system::signal_name(status);
    match (signal, sent) {
        (Some(name), Some(sent)) if sent.to_string() == name => Ending::Interrupted(sent),
        (Some(name), _) => Ending::Crashed(name),
        (None, _) => {
            status.code().map_or_else(|| Ending::Crashed(status.to_string()), Ending::Exited)
        }
    }
}

/// A process that leads a group of its own. Dropping it kills what is left of the group, also if an observer
/// panics.
struct Process {
    child: Child,
    /// The environment variable that only processes of this run have, as `NAME=VALUE`.
    marker: String,
    /// Whether its number may belong to another process.
    is_waited_for: bool,
}

impl Process {
    /// Waits until the process has ended or was killed. Returns how it was stopped, if it was, and when it was sent
    /// the signal of the scenario.
    fn watch(
        &mut self,
        start: Instant,
        limits: &Limits<'_>,
    ) -> (Option<Ending>, Option<(Signal, Duration)>) {
        let mut sent = None;
        let mut pause = Duration::from_micros(500);
        while !system::has_ended(&mut self.child) {
            let elapsed = start.elapsed();
            if (limits.is_stopped)() {
                system::send(&mut self.child, Signal::Kill);
                return (Some(Ending::Stopped), sent);
            }
            if elapsed >= limits.deadline {
                let waiting_for = (limits.waits_for)();
                let after_terminate = self.terminate(limits);
                let after = limits.deadline;
                let ending = Ending::TimedOut { after, waiting_for, after_terminate };
                return (Some(ending), sent);
            }
            if let Some(interruption) = limits.interruption.filter(|_| sent.is_none())
                && (interruption.is_due)()
            {
                system::send(&mut self.child, interruption.signal);
                sent = Some((interruption.signal, start.elapsed()));
            }
            sleep(pause.min(limits.deadline.saturating_sub(elapsed)));
            pause = (pause * 2).min(Duration::from_millis(5));
        }
        (None, sent)
    }

    /// Sends SIGTERM, and SIGKILL after 2 s or as soon as the process has ended. Returns whether SIGTERM sufficed.
    fn terminate(&mut self, limits: &Limits<'_>) -> bool {
        let start = Instant::now();
        system::send(&mut self.child, Signal::Terminate);
        let ended = loop {
            let ended = system::has_ended(&mut self.child);
            if ended || start.elapsed() >= TERMINATE_GRACE || (limits.is_stopped)() {
                break ended;
            }
            sleep(Duration::from_millis(5));
        };
        system::send(&mut self.child, Signal::Kill);
        ended
    }

    /// Returns the other processes of the run that still live 200 ms after its end.
    fn others_after_grace(&mut self) -> Vec<Other> {
        let start = Instant::now();
        loop {
            let others = system::others(&mut self.child, &self.marker);
            if others.is_empty() || start.elapsed() >= OTHERS_GRACE {
                return others;
            }
            sleep(Duration::from_millis(10));
        }
    }

    /// Kills every other process of the run, and waits until they have ended.
    fn kill_others(&mut self) {
        let start = Instant::now();
        while start.elapsed() < KILL_GRACE {
            let others = system::others(&mut self.child, &self.marker);
            if others.is_empty() {
                break;
            }
            others.iter().for_each(system::kill);
            sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if !self.is_waited_for {
            system::send(&mut self.child, Signal::Kill);
            self.kill_others();
            let _ = self.child.wait();
        }
    }
}

#[cfg(all(test, unix))]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::check::client::Interruption;
    use crate::check::client::tests::limits;

    const MINUTE: Duration = Duration::from_secs(60);

    /// Runs a script. Each run has a marker of its own.
    fn run_script(script: &str, limits: &Limits<'_>) -> ClientRun {
        static RUNS: AtomicUsize = AtomicUsize::new(0);
        let number = RUNS.fetch_add(1, Ordering::Relaxed);
        let marker = format!("{}-{number}", std::process::id());
        let run =
            run(Command::new("sh").args(["-c", script]), ("MOCK_ORIGIN_TEST", &marker), limits);
        #[cfg(target_os = "linux")]
        assert_eq!(living(&format!("MOCK_ORIGIN_TEST={marker}")), [""; 0], "{script}");
        run
    }

    /// Returns the processes with an environment variable.
    #[cfg(target_os = "linux")]
    fn living(marker: &str) -> Vec<String> {
        // A child that has ended has a group without members.
        let mut child = Command::new("true").spawn().unwrap();
        child.wait().unwrap();
        system::others(&mut child, marker).into_iter().map(|other| other.command).collect()
    }

    #[test]
    fn the_exit_status_and_output_are_kept() {
        let run = run_script("echo out; echo err >&2; cat; exit 89", &limits(MINUTE));
        assert_eq!(run.ending, Ending::Exited(89));
        assert_eq!((&*run.stdout.tail, run.stdout.bytes), ("out\n", 4));
        assert_eq!((&*run.stderr.tail, run.stderr.bytes), ("err\n", 4));
        assert_eq!((run.left_behind, run.signalled_after), (Vec::new(), None));
    }

    #[test]
    fn ten_megabytes_of_output_do_not_block() {
        let script = "head -c 10000000 /dev/zero; head -c 10000000 /dev/zero >&2; echo last";
        let run = run_script(script, &limits(MINUTE));
        assert_eq!(run.ending, Ending::Exited(0));
        assert_eq!((run.stdout.bytes, run.stderr.bytes), (10_000_005, 10_000_000));
        assert!(run.stdout.tail.ends_with("last\n") && run.stdout.tail.len() <= 64 * 1024);
    }

    #[test]
    fn a_signal_of_its_own_is_a_crash() {
        for signal in ["SEGV", "KILL", "TERM"] {
            let run = run_script(&format!("kill -{signal} $$"), &limits(MINUTE));
            assert_eq!(run.ending, Ending::Crashed(format!("SIG{signal}")));
        }
    }

    #[test]
    fn a_client_is_terminated_at_its_deadline() {
        let deadline = Duration::from_millis(100);
        let run = run_script("sleep 60", &limits(deadline));
        let waiting_for = "a response".to_owned();
        let expected = Ending::TimedOut { after: deadline, waiting_for, after_terminate: true };
        assert_eq!(run.ending, expected);
        assert!(run.duration >= deadline);
        assert_eq!(run.left_behind, [""; 0]);
    }

    #[test]
    fn a_client_that_ignores_sigterm_is_killed() {
        let run = run_script(
            "trap '' TERM; echo ready; sleep 60; sleep 60",
            &limits(Duration::from_secs(1)),
        );
        let Ending::TimedOut { after_terminate, .. } = run.ending else {
            panic!("{:?}", run.ending)
        };
        // Under load the signal may come before the trap is set.
        assert_eq!(after_terminate, run.stdout.tail.is_empty());
        assert_eq!(run.left_behind, [""; 0]);
    }

    #[test]
    fn a_stopped_process_ends_by_sigterm() {
        let run = run_script("kill -STOP $$", &limits(Duration::from_millis(100)));
        let Ending::TimedOut { after_terminate, .. } = run.ending else {
            panic!("{:?}", run.ending)
        };
        assert!(after_terminate);
    }

    #[test]
    fn what_the_client_waits_for_is_asked_before_the_signal() {
        let folder = tempfile::tempdir().unwrap();
        let (ready, ended) = (folder.path().join("ready"), folder.path().join("ended"));
        let script = format!(
            "trap 'touch {}; exit 3' TERM; touch {}; while :; do sleep 0.01; done",
            ended.display(),
            ready.display()
        );
        let waits_for = || {
            let start = Instant::now();
            while !ready.exists() && start.elapsed() < MINUTE {
                sleep(Duration::from_millis(2));
            }
            assert!(!ended.exists());
            "the question".to_owned()
        };
        let limits = Limits { waits_for: &waits_for, ..limits(Duration::from_millis(10)) };
        let run = run_script(&script, &limits);
        let Ending::TimedOut { waiting_for, .. } = run.ending else { panic!("{:?}", run.ending) };
        assert_eq!(waiting_for, "the question");
        assert!(ended.exists());
    }

    #[test]
    fn the_signal_of_a_scenario_is_sent_once_it_is_due() {
        let folder = tempfile::tempdir().unwrap();
        let ready = folder.path().join("ready");
        let is_due = || ready.exists();
        for (signal, trap, expected) in [
            (Signal::Kill, "", Ending::Interrupted(Signal::Kill)),
            (Signal::Terminate, "", Ending::Interrupted(Signal::Terminate)),
            (Signal::Terminate, "trap 'exit 7' TERM", Ending::Exited(7)),
            (Signal::Terminate, "trap 'kill -ABRT $$' TERM", Ending::Crashed("SIGABRT".to_owned())),
        ] {
            let script = format!("{trap}\ntouch {}\nwhile :; do sleep 0.01; done", ready.display());
            let interruption = Some(Interruption { signal, is_due: &is_due });
            let run = run_script(&script, &Limits { interruption, ..limits(MINUTE) });
            assert_eq!(run.ending, expected);
            assert!(run.signalled_after.unwrap() <= run.duration && ready.exists());
            std::fs::remove_file(&ready).unwrap();
        }
    }

    #[test]
    fn a_client_that_ends_before_the_signal_is_due_is_not_interrupted() {
        let interruption = Some(Interruption { signal: Signal::Kill, is_due: &|| false });
        let run = run_script("exit 0", &Limits { interruption, ..limits(MINUTE) });
        assert_eq!((run.ending, run.signalled_after), (Ending::Exited(0), None));
    }

    #[test]
    fn a_stopped_suite_kills_its_clients() {
        let limits = Limits { is_stopped: &|| true, ..limits(MINUTE) };
        let run = run_script("trap '' TERM; sleep 60 & sleep 60", &limits);
        assert_eq!((run.ending, run.left_behind), (Ending::Stopped, Vec::new()));
    }

    #[test]
    fn processes_that_a_client_leaves_are_named_and_killed() {
        // The shell says when its child runs, so that the child has left the group by then.
        let wait = "while ! [ -e $READY ]; do sleep 0.01; done";
        for start in [
            "sh -c 'touch $READY; exec sleep 61' &",
            "sh -c 'touch $READY; exec sleep 61' >/dev/null 2>&1 &",
            #[cfg(target_os = "linux")]
            "setsid sh -c 'touch $READY; exec sleep 61' &",
        ] {
            let folder = tempfile::tempdir().unwrap();
            let ready = folder.path().join("ready").display().to_string();
            let script = format!("READY={ready}; export READY; {start} {wait}; exit 5");
            let run = run_script(&script, &limits(MINUTE));
            assert_eq!(run.ending, Ending::Exited(5));
            assert_eq!(run.left_behind.len(), 1, "{start}: {:?}", run.left_behind);
            #[cfg(target_os = "linux")]
            {
                let (pid, command) = run.left_behind[0].split_once(' ').unwrap();
                assert!(pid.parse::<u32>().is_ok());
                assert_eq!(command, "sleep 61");
            }
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_pipe_that_outlives_the_run_does_not_block() {
        // Without the marker and outside of the group, the process is not found.
        let script = "setsid env -i sh -c 'exec sleep 3' & echo done";
        let run = run_script(script, &limits(MINUTE));
        assert_eq!((run.ending, &*run.stdout.tail), (Ending::Exited(0), "done\n"));
    }

    #[test]
    fn a_panic_of_an_observer_leaves_no_process() {
        let limits = Limits { is_stopped: &|| panic!("observer"), ..limits(MINUTE) };
        let mut command = Command::new("sleep");
        let run = || run(command.arg("60"), ("MOCK_ORIGIN_TEST", "observer"), &limits);
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).unwrap_err();
        #[cfg(target_os = "linux")]
        assert_eq!(living("MOCK_ORIGIN_TEST=observer"), [""; 0]);
    }

    #[test]
    fn a_program_that_cannot_run_is_not_started() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("plain");
        std::fs::write(&file, "text").unwrap();
        for (program, reason) in
            [(&*file, "Permission denied"), (&folder.path().join("none"), "No such file")]
        {
            let run = run(&mut Command::new(program), ("A", "B"), &limits(MINUTE));
            let Ending::NotStarted(text) = run.ending else { panic!("{:?}", run.ending) };
            assert!(
                text.starts_with(&format!("cannot run `{}`: {reason}", program.display())),
                "{text}"
            );
        }
    }
}
