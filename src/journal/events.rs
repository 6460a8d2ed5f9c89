//! A part of a live log: events in the order in which they happened. Start with [`Events`].

use std::sync::Arc;

/// The events after those that a reader has seen.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Events<T> {
    /// The exchanges or connections, in the order of their events.
    pub events: Vec<Arc<T>>,
    /// The number of events so far: pass it as `seen` to read on.
    pub next: usize,
    /// The number of events since `seen` that are no longer in the journal.
    pub dropped: usize,
}
