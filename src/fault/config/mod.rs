//! Faults as text: flat JSON objects, which are also TOML tables.
//!
//! Two tables define the keys, [`SELECTORS`] and [`ACTIONS`]; `docs/faults-in-files.md` is generated
//! from them. Start with [`Fault::from_json`](super::Fault::from_json).

mod chaos;
mod effects;
pub(crate) mod json;
mod read;
mod selectors;
#[cfg(test)]
mod tests;
mod twice;
mod values;
mod write;

#[cfg(feature = "control")]
pub(crate) use chaos::CHAOS;
pub use effects::{ACTIONS, ActionSpec};
#[cfg(feature = "control")]
pub(crate) use read::selection;
pub use selectors::{SELECTORS, SelectorSpec, Subject};
pub(super) use write::{action_key, op_in_words};

use crate::protocol::Interface;
#[cfg(feature = "control")]
use crate::protocol::Operation;

/// Returns the name of an operation in files, or `None` if no fault can select it.
#[cfg(feature = "control")]
pub(crate) fn operation_word(operation: Operation) -> Option<&'static str> {
    values::word(selectors::OPS, &Some(operation))
}

/// Returns the name of an interface in files.
pub(crate) fn interface_word(interface: Interface) -> Option<&'static str> {
    values::word(selectors::INTERFACES, &interface)
}
