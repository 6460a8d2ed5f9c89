//! A fault that was selected for a call.

use std::sync::Arc;

use crate::journal::FaultRef;
use crate::storage::Storage;

use super::{Chaos, Fault, FaultAction};

/// A fault that was selected for a call. The caller reports the result with
/// [`Faults::fired`](super::Faults::fired) or [`Faults::skipped`](super::Faults::skipped).
#[derive(Clone, Debug)]
pub struct Injection {
    /// The number and the name of the fault.
    pub fault_ref: FaultRef,
    /// The action to carry out.
    pub action: FaultAction,
    /// The state of the origin when the fault was added, if the action needs it.
    pub past: Option<Arc<Storage>>,
    /// The equivalent fault, if chaos decided.
    pub(super) by_chaos: Option<Box<(Chaos, Fault)>>,
}
