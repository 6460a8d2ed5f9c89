//! The table of all scenarios, a file for each family. Start with [`scenarios`].
//!
//! A row states the situation, what a right client does, and the rule that decides. Its faults are the
//! builder calls that a test would make.

mod control;

use super::Scenario;

/// Returns all scenarios, in the order in which they are listed.
pub fn scenarios() -> impl Iterator<Item = &'static Scenario> {
    FAMILIES.iter().copied().flatten()
}

const FAMILIES: &[&[Scenario]] = &[control::SCENARIOS];
