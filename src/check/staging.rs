//! Performs the event of a scenario while the client runs. Start with [`Stage::perform`].
//!
//! An event happens at a fixed point: while the response to [`Scenario::held_request`] is held. So it does not
//! depend on the speed of the client.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crate::error::Error;
use crate::mock::{HoldGuard, MockOrigin};
use crate::report::describe;

use super::client::{Interruption, Limits, Signal};
use super::context::Context;
use super::source::Source;
use super::{ClientRun, Event, Plan, Scenario, Target};

/// How long the watcher waits before it looks again whether the client has ended.
const TURN: Duration = Duration::from_millis(20);

/// How long a response stays held for a client that was sent SIGTERM.
const TERMINATION_GRACE: Duration = Duration::from_millis(500);

/// A scenario with its origin and its client.
pub(crate) struct Stage<'a> {
    pub(crate) context: &'a Context<'a>,
    pub(crate) scenario: &'static Scenario,
    pub(crate) plan: &'a Plan,
    pub(crate) origin: &'a MockOrigin,
    pub(crate) target: &'a Target,
}

/// What happened on a stage.
pub(crate) struct Staged {
    pub(crate) runs: Vec<ClientRun>,
    /// The source as the event changed it.
    pub(crate) changed: Option<Source>,
    /// Why the event did not happen, if it did not.
    pub(crate) not_exercised: Option<String>,
}

impl Stage<'_> {
    /// Runs the client, once or as often as the event says.
    ///
    /// # Errors
    ///
    /// If the source cannot be changed.
    pub(crate) fn perform(&self, source: &Source) -> Result<Staged, Error> {
        let (client, event) = (self.context.client, self.scenario.event);
        let needs_process = matches!(event, Event::KillAndRunAgain | Event::Terminate);
        let held = self.scenario.held_request(self.plan).map(|(op, _)| op);
        let Some(op) = held.filter(|_| !needs_process || client.is_process()) else {
            let not_exercised =
                needs_process.then(|| "a closure cannot be sent a signal".to_owned());
            return Ok(Staged { runs: vec![self.run(None)], changed: None, not_exercised });
        };
        let shown = format!("no response to the request to hold was written: {op:?}");
        let held = self.origin.on(op).first().named("the event of the scenario").hold();
        let (is_due, has_ended) = (AtomicBool::new(false), AtomicBool::new(false));
        let signal = if event == Event::Terminate { Signal::Terminate } else { Signal::Kill };
        let is_due_now = || is_due.load(Ordering::Relaxed);
        let interruption = needs_process.then_some(Interruption { signal, is_due: &is_due_now });
        let (run, changed) = thread::scope(|scope| {
            let watcher = scope.spawn(|| self.watch(held, source, &is_due, &has_ended));
            let run = self.run(interruption);
            has_ended.store(true, Ordering::Relaxed);
            (run, watcher.join())
        });
        let changed = changed.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        let happened = is_due.load(Ordering::Relaxed);
        let mut runs = vec![run];
        if happened && event == Event::KillAndRunAgain {
            runs.push(self.run(None));
        }
        let not_exercised = (!happened).then_some(shown);
        Ok(Staged { runs, changed: changed.transpose()?, not_exercised })
    }

    /// Waits until the response is held, lets the event happen, and releases the response.
    fn watch(
        &self,
        held: HoldGuard,
        source: &Source,
        is_due: &AtomicBool,
        has_ended: &AtomicBool,
    ) -> Option<Result<Source, Error>> {
        while !held.wait(TURN) {
            if has_ended.load(Ordering::Relaxed) {
                return None;
            }
        }
        let changed = match self.scenario.event {
            Event::ChangeSource => Some(source.overwrite()),
            Event::GrowSource => Some(source.grow(self.plan.piece_size)),
            Event::Offline(time) => {
                self.origin.go_offline();
                thread::sleep(time);
                self.origin.go_online();
                None
            }
            _ => None,
        };
        is_due.store(true, Ordering::Relaxed);
        let grace = match self.scenario.event {
            Event::KillAndRunAgain => Duration::MAX,
            Event::Terminate => TERMINATION_GRACE,
            _ => Duration::ZERO,
        };
        let mut waited = Duration::ZERO;
        while waited < grace && !has_ended.load(Ordering::Relaxed) {
            thread::sleep(TURN);
            waited += TURN;
        }
        held.release();
        changed
    }

    /// Runs the client once, and marks its start and its end in the record.
    fn run(&self, interruption: Option<Interruption<'_>>) -> ClientRun {
        let Self { context, scenario, origin, target, .. } = self;
        let waits_for = || {
            let journal = origin.journal();
            let open = journal.exchanges().iter().rev().find(|it| it.closed.is_none());
            open.map(|it| format!("the response to #{} {}", it.index, describe(it)))
                .unwrap_or_default()
        };
        origin.mark_client_started(&target.scenario);
        let limits = Limits {
            deadline: context.deadline(scenario),
            interruption,
            is_stopped: context.is_stopped,
            waits_for: &waits_for,
        };
        let run = context.client.run(target, &limits);
        origin.mark_client_exited(run.ending.to_string());
        run
    }
}
