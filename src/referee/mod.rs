//! Rules that judge the conduct of a client from the journal.
//!
//! A rule reads the recorded exchanges and nothing else: it does no I/O, reads no clock and never
//! claims what a client saw beyond what was written to it. A fault that the origin injected is
//! never held against the client, only what the client did after it. Start with [`Rule`],
//! [`Finding`] and [`RULES`].

mod conduct;
mod evidence;
mod finding;
mod head_facts;
mod judge;
mod options;
mod request;
mod rule;
mod rules;
mod try_key;
mod upload;
mod violations;

pub(crate) use evidence::Evidence;
pub use finding::Finding;
pub(crate) use judge::{Report, judge};
pub(crate) use options::RefereeOptions;
pub(crate) use request::Request;
pub use rule::{Basis, Level, Rule};
pub use rules::{RULES, rule_by_id};
#[cfg(feature = "report")]
pub(crate) use try_key::TryKey;
pub(crate) use upload::UploadConduct;

#[cfg(test)]
mod example;
