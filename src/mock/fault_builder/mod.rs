//! Faults as sentences: what they act on, which of those, and what happens.

mod calls;
mod connections;
mod tokens;

use std::panic::Location;
use std::sync::Arc;

use crate::fault::{FaultRecord, SourceLocation};

use crate::server::state::Shared;

pub use calls::CallFaultBuilder;
pub use connections::ConnectionFaultBuilder;
pub use tokens::TokenFaultBuilder;

/// A fault that has been added to an origin.
///
/// Dropping this does nothing: the fault stays.
#[derive(Clone, Debug)]
pub struct FaultHandle {
    shared: Arc<Shared>,
    id: u64,
}

impl FaultHandle {
    pub(crate) fn new(shared: &Arc<Shared>, id: u64) -> Self {
        Self { shared: Arc::clone(shared), id }
    }

    /// Its number among the faults of the origin.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// How often it has acted.
    pub fn fired(&self) -> u64 {
        self.record().map_or(0, |record| record.fired)
    }

    /// Its account, also when it has been removed; nothing after a reset, or when 1,000 more faults have
    /// been removed.
    pub fn record(&self) -> Option<FaultRecord> {
        self.shared.lock().faults.record(self.id).cloned()
    }

    /// Takes it away: nothing that begins from here on is struck, and it is not judged. What it
    /// holds it lets go; what it was to do to a request that is on its way it still does.
    pub fn remove(&self) {
        self.shared.remove_fault(self.id);
    }
}

/// Where the test is that adds a fault.
#[track_caller]
pub(crate) fn place() -> SourceLocation {
    let caller = Location::caller();
    SourceLocation { file: caller.file().to_owned(), line: caller.line() }
}

/// Sets what may be said once: a second one would take the place of the first in silence. `call` is how it is said in
/// a test.
#[track_caller]
fn set_once<T>(to: &mut Option<T>, given: T, call: impl Fn(&T) -> String) {
    if let Some(before) = to {
        panic!("{} and {} exclude each other: keep one of them", call(before), call(&given));
    }
    *to = Some(given);
}
