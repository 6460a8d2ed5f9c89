//! The facts about a call when its fault is selected.

use super::{InterimSupport, Stage};

/// The facts about a call when its fault is selected.
#[derive(Clone, Copy, Debug)]
pub struct CallContext {
    /// The stage: the head, or the commit if the call was not known earlier.
    pub at: Stage,
    /// The status with which the origin rejects the call without a fault, if it does.
    pub rejected: Option<u16>,
    /// The declared length of the body, if any.
    pub declared: Option<u64>,
    /// Whether the client supports interim responses.
    pub interim: InterimSupport,
}
