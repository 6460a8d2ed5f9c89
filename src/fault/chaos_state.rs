//! Chaos on one origin: the active chaos, and the faults that each chaos has injected.

use std::collections::HashSet;

use super::snippet::snippet;
use super::{Chaos, Fault};

/// The chaos of one origin.
#[derive(Debug, Default)]
pub(super) struct ChaosState {
    /// The active chaos.
    pub(super) active: Option<Chaos>,
    /// Every chaos so far.
    pub(super) begun: Vec<Chaos>,
    /// The injected faults, without duplicates: a login to another directory is a first attempt again.
    /// The size is bounded by the journal, and is cleared with it.
    pub(super) done: Vec<(Chaos, Fault)>,
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
    pub(super) fn render(&self, chaos: &Chaos) -> String {
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
