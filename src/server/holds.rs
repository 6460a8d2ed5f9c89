//! Which responses are held, and which faults hold no longer.
//!
//! Nothing is kept here of a fault that is gone, or of a response that is over.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use tokio::sync::Notify;

/// The holds of one origin, by the number of the fault.
#[derive(Debug, Default)]
pub(crate) struct Holds {
    /// The faults, of those that are there, that hold nothing any more.
    released: HashSet<u64>,
    held: HashMap<u64, HeldResponses>,
}

/// The responses that one fault holds.
#[derive(Debug, Default)]
struct HeldResponses {
    count: u64,
    /// Whether they may go, and are about to.
    may_go: bool,
    released: Arc<Notify>,
}

impl Holds {
    /// Counts a response as held. It may go when what this gives notifies its waiters.
    pub(crate) fn begin(&mut self, fault: u64) -> Arc<Notify> {
        let held = self.held.entry(fault).or_default();
        held.count += 1;
        Arc::clone(&held.released)
    }

    /// A response is held no longer: it is being written, or nobody waits for it.
    pub(crate) fn end(&mut self, fault: u64) {
        if let Some(held) = self.held.get_mut(&fault) {
            held.count -= 1;
            if held.count == 0 {
                self.held.remove(&fault);
            }
        }
    }

    /// Lets everything go that the fault holds; it holds nothing from here on.
    pub(crate) fn release(&mut self, fault: u64) {
        self.released.insert(fault);
        self.let_go(fault);
    }

    /// Lets everything go that a fault holds which has been taken away.
    pub(crate) fn forget(&mut self, fault: u64) {
        self.released.remove(&fault);
        self.let_go(fault);
    }

    fn let_go(&mut self, fault: u64) {
        if let Some(held) = self.held.get_mut(&fault) {
            held.may_go = true;
            held.released.notify_waiters();
        }
    }

    /// Whether the fault holds nothing any more.
    pub(crate) fn is_released(&self, fault: u64) -> bool {
        self.released.contains(&fault)
    }

    /// Whether a response may go that has not gone yet.
    pub(crate) fn is_letting_go(&self) -> bool {
        self.held.values().any(|held| held.may_go)
    }

    /// The faults that hold a response which may not go.
    pub(crate) fn holding(&self) -> impl Iterator<Item = u64> {
        self.held.iter().filter(|(_, held)| !held.may_go).map(|(fault, _)| *fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_empty(holds: &Holds) -> bool {
        holds.released.is_empty() && holds.held.is_empty()
    }

    #[test]
    fn nothing_is_kept_of_holds_that_are_over() {
        let mut holds = Holds::default();
        holds.begin(1);
        holds.begin(1);
        holds.end(1);
        assert_eq!(holds.holding().collect::<Vec<_>>(), [1]);
        holds.release(1);
        assert!(holds.is_released(1) && holds.is_letting_go());
        holds.end(1);
        assert!(!holds.is_letting_go());
        holds.forget(1);
        assert!(is_empty(&holds));
    }

    #[test]
    fn a_response_is_let_go_if_its_fault_is_forgotten_first() {
        let mut holds = Holds::default();
        holds.begin(1);
        holds.forget(1);
        assert!(holds.is_letting_go() && !is_empty(&holds));
        holds.end(1);
        assert!(is_empty(&holds));
    }
}
