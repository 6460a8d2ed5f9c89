//! A client that is a closure in this process. Start with [`ClosureClient`].

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::check::Target;

use super::{Client, ClientRun, Ending, Limits, Output};

/// How often a run asks whether the suite was stopped.
const POLL: Duration = Duration::from_millis(5);

type Closure = dyn Fn(&Target) -> Result<(), String> + Send + Sync;

/// A client that is a closure. An error is what a process would write to standard error before it exits with 1.
///
/// Each run has a thread. A thread cannot be killed: a closure that does not return by its deadline keeps it.
pub(crate) struct ClosureClient(Arc<Closure>);

impl ClosureClient {
    pub(crate) fn new<E: std::fmt::Display>(
        closure: impl Fn(&Target) -> Result<(), E> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(move |target| closure(target).map_err(|error| error.to_string())))
    }
}

impl Client for ClosureClient {
    fn is_process(&self) -> bool {
        false
    }

    fn run(&self, target: &Target, limits: &Limits<'_>) -> ClientRun {
        let start = Instant::now();
        let (sender, receiver) = channel();
        let (closure, own_target) = (Arc::clone(&self.0), target.clone());
        let body = move || {
            // After a panic nothing of the closure is used but the closure itself, as by a test harness.
            let result = catch_unwind(AssertUnwindSafe(|| closure(&own_target)));
            let _ = sender.send(result.map_err(|panic| {
                let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
                text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
            }));
        };
        let mut run = ClientRun::not_started(String::new());
        let name = format!("client in {}", target.scenario);
        if let Err(error) = thread::Builder::new().name(name).spawn(body) {
            run.ending = Ending::NotStarted(format!("cannot start a thread: {error}"));
            return run;
        }
        run.ending = loop {
            let left = limits.deadline.saturating_sub(start.elapsed());
            match receiver.recv_timeout(left.min(POLL)) {
                Ok(Ok(Ok(()))) => break Ending::Exited(0),
                Ok(Ok(Err(error))) => {
                    run.stderr = Output { bytes: error.len() as u64, tail: error };
                    break Ending::Exited(1);
                }
                Ok(Err(panic)) => break Ending::Crashed(format!("a panic: {panic}")),
                Err(RecvTimeoutError::Disconnected) => {
                    break Ending::Crashed("its thread ended".to_owned());
                }
                Err(RecvTimeoutError::Timeout) if (limits.is_stopped)() => break Ending::Stopped,
                Err(RecvTimeoutError::Timeout) if left.is_zero() => {
                    let waiting_for = (limits.waits_for)();
                    let after = limits.deadline;
                    break Ending::TimedOut { after, waiting_for, after_terminate: false };
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        };
        run.duration = start.elapsed();
        run
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::check::client::tests::{limits, target};

    const MINUTE: Duration = Duration::from_secs(60);

    fn ending(deadline: Duration, closure: fn(&Target) -> Result<(), String>) -> ClientRun {
        let folder = tempfile::tempdir().unwrap();
        ClosureClient::new(closure).run(&target(folder.path()), &limits(deadline))
    }

    #[test]
    fn results_become_statuses() {
        let run = ending(MINUTE, |target| (target.size == 7).then_some(()).ok_or_else(String::new));
        assert_eq!((run.ending, run.stderr), (Ending::Exited(0), Output::default()));
        let run = ending(MINUTE, |_| Err("503 é".to_owned()));
        assert_eq!(run.ending, Ending::Exited(1));
        assert_eq!(run.stderr, Output { tail: "503 é".to_owned(), bytes: 6 });
    }

    #[test]
    fn a_panic_is_a_crash_with_its_text() {
        let run = ending(MINUTE, |_| panic!("no"));
        assert_eq!(run.ending, Ending::Crashed("a panic: no".to_owned()));
        let run = ending(MINUTE, |target| panic!("no {}", target.name));
        assert_eq!(run.ending, Ending::Crashed("a panic: no film.mp4".to_owned()));
        let run = ending(MINUTE, |_| std::panic::panic_any(7));
        assert_eq!(run.ending, Ending::Crashed("a panic: ".to_owned()));
    }

    #[test]
    fn a_closure_that_does_not_return_is_timed_out() {
        let deadline = Duration::from_millis(50);
        let run = ending(deadline, |_| {
            loop {
                thread::park();
            }
        });
        let waiting_for = "a response".to_owned();
        let expected = Ending::TimedOut { after: deadline, waiting_for, after_terminate: false };
        assert_eq!(run.ending, expected);
        assert!(run.duration >= deadline);
    }

    #[test]
    fn a_stopped_suite_does_not_wait_for_closures() {
        let folder = tempfile::tempdir().unwrap();
        let client = ClosureClient::new(|_| -> Result<(), String> {
            loop {
                thread::park();
            }
        });
        let limits = Limits { is_stopped: &|| true, ..limits(MINUTE) };
        assert_eq!(client.run(&target(folder.path()), &limits).ending, Ending::Stopped);
    }
}
