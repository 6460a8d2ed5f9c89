//! The fault builders: what a fault applies to, to which of those, and what happens. Start with
//! [`CallFaultBuilder`].
//!
//! Every step panics at the caller's line if it contradicts an earlier one. The last method builds a
//! [`Fault`](crate::fault::Fault) and adds it.

mod calls;
mod connections;
mod tokens;

use std::panic::Location;
use std::sync::Arc;

use crate::fault::{FaultRecord, SourceLocation};

use crate::server::shared::Shared;

pub use calls::CallFaultBuilder;
pub use connections::ConnectionFaultBuilder;
pub use tokens::TokenFaultBuilder;

/// A fault that was added to an origin.
///
/// Dropping the handle does not remove the fault.
///
/// ```
/// use mock_origin::{MockOrigin, Op};
///
/// let origin = MockOrigin::start();
/// let fault = origin.on(Op::login()).reject(503);
/// assert_eq!(fault.fired(), 0);
/// fault.remove();
/// ```
#[derive(Clone, Debug)]
pub struct FaultHandle {
    shared: Arc<Shared>,
    id: u64,
}

impl FaultHandle {
    pub(crate) fn new(shared: &Arc<Shared>, id: u64) -> Self {
        Self { shared: Arc::clone(shared), id }
    }

    /// Returns the id of the fault in its origin.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Returns how often the fault was injected.
    pub fn fired(&self) -> u64 {
        self.record().map_or(0, |record| record.fired)
    }

    /// Returns the record of the fault, even if it was removed. Returns `None` after a reset, and
    /// after 1,000 more faults were removed.
    pub fn record(&self) -> Option<FaultRecord> {
        self.shared.lock().faults.record(self.id).cloned()
    }

    /// Removes the fault: it applies to no new request, releases what it holds, and is not
    /// verified. It still applies to a request for which it was already selected.
    pub fn remove(&self) {
        self.shared.remove_fault(self.id);
    }
}

/// Returns the line of the test that called.
#[track_caller]
pub(crate) fn place() -> SourceLocation {
    let caller = Location::caller();
    SourceLocation { file: caller.file().to_owned(), line: caller.line() }
}

/// Sets a value that may be set once: a second value would replace the first without notice.
/// `call` shows how the test sets it.
#[track_caller]
fn set_once<T>(to: &mut Option<T>, given: T, call: impl Fn(&T) -> String) {
    if let Some(before) = to {
        panic!("{} and {} exclude each other: keep one of them", call(before), call(&given));
    }
    *to = Some(given);
}
