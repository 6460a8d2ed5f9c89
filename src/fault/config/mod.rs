//! Faults and chaos as text (feature `control`): JSON objects, which are also TOML tables.
//!
//! serde reads and writes [`FaultSpec`](spec::FaultSpec), which has a field for each key, and `spec`
//! converts it from and to a [`Fault`](super::Fault). `actions` and `values` do the same for the values of keys.
//! [`error::explain`] turns an error of serde into one line in the words of the text.
//! `docs/faults-in-files.md` documents the format; `docs/faults.schema.json` is its schema.

mod actions;
mod chaos;
mod error;
mod json;
mod spec;
#[cfg(test)]
mod tests;
#[cfg(feature = "check")]
mod toml;
mod values;

pub(crate) use chaos::CHAOS;
pub(crate) use json::from_json;
pub(crate) use spec::selection;
pub(crate) use values::{Members, Seconds, Syntax, Table, present};
