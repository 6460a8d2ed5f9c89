//! Chaos on one origin: which one decides, and what each has done.

use std::collections::HashSet;

use crate::journal::{Call, FaultRef, Journal};
use crate::protocol::Operation;

use super::attempts::Attempt;
use super::registry::CallContext;
use super::snippet::snippet;
use super::{Chaos, Fault, Faults, Injection, Kind, Stage};

/// The chaos of one origin.
#[derive(Debug, Default)]
pub(super) struct ChaosState {
    /// The one that decides.
    pub(super) reigns: Option<Chaos>,
    /// All that have decided.
    begun: Vec<Chaos>,
    /// What each has done, as faults that do the same, each thing once: a user who logs in to another
    /// directory does it for the first time again. It grows with the journal, and is forgotten with it.
    done: Vec<(Chaos, Fault)>,
    /// What is in `done`, as it is written.
    seen: HashSet<(String, String)>,
}

/// More faults than that are not printed.
const MOST_TOLD: usize = 200;

impl ChaosState {
    /// What chaos decided has been done.
    pub(super) fn has_done(&mut self, decided: &(Chaos, Fault)) {
        if self.seen.insert((decided.0.to_string(), decided.1.to_string())) {
            self.done.push(decided.clone());
        }
    }

    /// One chaos and what it has done, as they are written in a test.
    fn tell(&self, chaos: &Chaos) -> String {
        let decision = snippet([format!("origin.chaos({chaos})")]);
        let faults: Vec<_> =
            self.done.iter().filter(|(by, _)| by == chaos).map(|(_, fault)| fault).collect();
        let done = match faults.as_slice() {
            [] => "and has done nothing".to_owned(),
            some if some.len() <= MOST_TOLD => {
                format!("and has done what these faults do:\n\n{}", snippet(some))
            }
            many => format!(
                "and has done what these faults do:\n\n{}\nand {} more: origin.done_by_chaos() has all",
                snippet(&many[..MOST_TOLD]),
                many.len() - MOST_TOLD
            ),
        };
        format!("this chaos decides the same again:\n\n{decision}\n{}\n\n", done.trim_end())
    }
}

impl Faults {
    /// Lets chaos decide over every call that no fault strikes.
    pub fn set_chaos(&mut self, chaos: Chaos, journal: &Journal) {
        self.begin_to_count(journal);
        self.chaos_state.reigns = Some(chaos);
        if !self.chaos_state.begun.contains(&chaos) {
            self.chaos_state.begun.push(chaos);
        }
    }

    /// The chaos that decides.
    pub fn chaos(&self) -> Option<&Chaos> {
        self.chaos_state.reigns.as_ref()
    }

    /// What chaos has done so far, as faults that do the same.
    pub fn done_by_chaos(&self) -> Vec<Fault> {
        self.chaos_state.done.iter().map(|(_, fault)| fault.clone()).collect()
    }

    /// Every chaos so far and what it has done, as they are written in a test; nothing if there has
    /// been none.
    pub fn tell_of_chaos(&self) -> String {
        self.chaos_state.begun.iter().map(|chaos| self.chaos_state.tell(chaos)).collect()
    }

    pub(super) fn strike_by_chaos(
        &self,
        call: &Call,
        attempt: Attempt,
        context: CallContext,
    ) -> Option<Injection> {
        let chaos = *self.chaos()?;
        // Without its path a form is like every other one, and they would count for each other.
        if call.operation == Operation::PostFile && context.at == Stage::Head {
            return None;
        }
        let fault = chaos.decide(call, attempt.on_path, context)?;
        let Kind::Call(_, action) = &fault.kind else { return None };
        let struck = FaultRef::new(None, fault.to_string());
        let action = action.clone();
        Some(Injection { struck, action, past: None, by_chaos: Some(Box::new((chaos, fault))) })
    }
}
