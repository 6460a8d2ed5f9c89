//! How faults are written as text: flat JSON objects, and so TOML tables.
//!
//! What keys there are lies in two tables, [`SELECTORS`] and [`ACTIONS`]; `docs/faults-in-files.md`
//! is made from them.

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
pub(super) use write::{effect_key, op_in_words};

use crate::protocol::{Interface, Operation};

/// The word for an operation in files; nothing where no fault can ask for it.
pub fn operation_word(operation: Operation) -> Option<&'static str> {
    values::word(selectors::OPS, &Some(operation))
}

/// The word for an interface in files.
pub fn interface_word(interface: Interface) -> Option<&'static str> {
    values::word(selectors::INTERFACES, &interface)
}
