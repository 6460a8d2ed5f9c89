//! Which responses are held, and which faults no longer hold.
//!
//! Entries of removed faults and of finished responses are deleted. Start with [`Holds`].

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use tokio::sync::Notify;

/// The holds of one origin, by fault id.
#[derive(Debug, Default)]
pub(crate) struct Holds {
    /// Installed faults that no longer hold.
    released: HashSet<u64>,
    held: HashMap<u64, HeldResponses>,
}

/// The responses that one fault holds.
#[derive(Debug, Default)]
struct HeldResponses {
    count: u64,
    /// Whether they may be sent, and are about to be.
    is_released: bool,
    released: Arc<Notify>,
}

impl Holds {
    /// Counts a response as held. The returned `Notify` signals that it may be sent.
    pub(crate) fn begin(&mut self, fault: u64) -> Arc<Notify> {
        let held = self.held.entry(fault).or_default();
        held.count += 1;
        Arc::clone(&held.released)
    }

    /// Counts a response as no longer held: it is being written, or its client is gone.
    pub(crate) fn end(&mut self, fault: u64) {
        if let Some(held) = self.held.get_mut(&fault) {
            held.count -= 1;
            if held.count == 0 {
                self.held.remove(&fault);
            }
        }
    }

    /// Releases the responses that the fault holds; it holds none from now on.
    pub(crate) fn release(&mut self, fault: u64) {
        self.released.insert(fault);
        self.release_held(fault);
    }

    /// Releases the responses that a removed fault holds.
    pub(crate) fn forget(&mut self, fault: u64) {
        self.released.remove(&fault);
        self.release_held(fault);
    }

    fn release_held(&mut self, fault: u64) {
        if let Some(held) = self.held.get_mut(&fault) {
            held.is_released = true;
            held.released.notify_waiters();
        }
    }

    /// Returns whether the fault no longer holds.
    pub(crate) fn is_released(&self, fault: u64) -> bool {
        self.released.contains(&fault)
    }

    /// Returns whether a released response has not been sent yet.
    pub(crate) fn is_releasing(&self) -> bool {
        self.held.values().any(|held| held.is_released)
    }

    /// Returns the faults that hold a response that was not released.
    pub(crate) fn holding(&self) -> impl Iterator<Item = u64> {
        self.held.iter().filter(|(_, held)| !held.is_released).map(|(fault, _)| *fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_empty(holds: &Holds) -> bool {
        holds.released.is_empty() && holds.held.is_empty()
    }

    #[test]
    fn finished_holds_are_forgotten() {
        let mut holds = Holds::default();
        holds.begin(1);
        holds.begin(1);
        holds.end(1);
        assert_eq!(holds.holding().collect::<Vec<_>>(), [1]);
        holds.release(1);
        assert!(holds.is_released(1) && holds.is_releasing());
        holds.end(1);
        assert!(!holds.is_releasing());
        holds.forget(1);
        assert!(is_empty(&holds));
    }

    #[test]
    fn forgetting_a_fault_releases_its_responses() {
        let mut holds = Holds::default();
        holds.begin(1);
        holds.forget(1);
        assert!(holds.is_releasing() && !is_empty(&holds));
        holds.end(1);
        assert!(is_empty(&holds));
    }
}
