//! Chaos on one origin: the active chaos, and the faults that each chaos has injected.

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
    /// The active chaos.
    pub(super) active: Option<Chaos>,
    /// Every chaos so far.
    begun: Vec<Chaos>,
    /// The injected faults, without duplicates: a login to another directory is a first attempt again.
    /// The size is bounded by the journal, and is cleared with it.
    done: Vec<(Chaos, Fault)>,
    /// The text of every entry of `done`.
    seen: HashSet<(String, String)>,
}

/// The maximum number of printed faults.
const MAX_PRINTED: usize = 200;

impl ChaosState {
    /// Records a fault that chaos has injected.
    pub(super) fn record_done(&mut self, decided: &(Chaos, Fault)) {
        if self.seen.insert((decided.0.to_string(), decided.1.to_string())) {
            self.done.push(decided.clone());
        }
    }

    /// Returns one chaos and its injected faults as Rust code.
    fn render(&self, chaos: &Chaos) -> String {
        let decision = snippet([format!("origin.chaos({chaos})")]);
        let faults: Vec<_> =
            self.done.iter().filter(|(by, _)| by == chaos).map(|(_, fault)| fault).collect();
        let done = match faults.as_slice() {
            [] => "it has injected no faults".to_owned(),
            some if some.len() <= MAX_PRINTED => {
                format!("it has injected the equivalent of these faults:\n\n{}", snippet(some))
            }
            many => format!(
                "it has injected the equivalent of these faults:\n\n{}\nand {} more; origin.done_by_chaos() returns all",
                snippet(&many[..MAX_PRINTED]),
                many.len() - MAX_PRINTED
            ),
        };
        format!("to replay this chaos:\n\n{decision}\n{}\n\n", done.trim_end())
    }
}

impl Faults {
    /// Activates chaos for every call without another fault.
    pub fn set_chaos(&mut self, chaos: Chaos, journal: &Journal) {
        self.start_counting(journal);
        self.chaos_state.active = Some(chaos);
        if !self.chaos_state.begun.contains(&chaos) {
            self.chaos_state.begun.push(chaos);
        }
    }

    /// Returns the active chaos.
    pub fn chaos(&self) -> Option<&Chaos> {
        self.chaos_state.active.as_ref()
    }

    /// Returns the faults that chaos has injected so far.
    pub fn done_by_chaos(&self) -> Vec<Fault> {
        self.chaos_state.done.iter().map(|(_, fault)| fault.clone()).collect()
    }

    /// Returns every chaos so far and its injected faults as Rust code, or an empty text.
    pub fn render_chaos(&self) -> String {
        self.chaos_state.begun.iter().map(|chaos| self.chaos_state.render(chaos)).collect()
    }

    pub(super) fn select_by_chaos(
        &self,
        call: &Call,
        attempt: Attempt,
        context: CallContext,
    ) -> Option<Injection> {
        let chaos = *self.chaos()?;
        // Without their paths, all forms would count together.
        if call.operation == Operation::PostFile && context.at == Stage::Head {
            return None;
        }
        let fault = chaos.decide(call, attempt.on_path, context)?;
        let Kind::Call(_, action) = &fault.kind else { return None };
        let fault_ref = FaultRef::new(None, fault.to_string());
        let action = action.clone();
        Some(Injection { fault_ref, action, past: None, by_chaos: Some(Box::new((chaos, fault))) })
    }
}
