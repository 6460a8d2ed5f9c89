//! The table of all scenarios, a file for each family. Start with [`scenarios`].
//!
//! A row states the situation, what a right client does, and the rule that decides. Its faults are the
//! builder calls that a test would make. This module runs nothing.

mod broken;
mod chaos;
mod content;
mod control;
mod ill;
mod join;
mod lost;
mod names;
mod others;
mod process;
mod responses;
mod token;

use crate::journal::Journal;
use crate::protocol::{Operation, ResultCode};

use super::Scenario;

/// Returns all scenarios, in the order in which they are listed.
pub fn scenarios() -> impl Iterator<Item = &'static Scenario> {
    FAMILIES.iter().copied().flatten()
}

/// Returns the scenario with an id.
pub fn scenario_by_id(id: &str) -> Option<&'static Scenario> {
    scenarios().find(|scenario| scenario.id == id)
}

const FAMILIES: &[&[Scenario]] = &[
    control::SCENARIOS,
    content::SCENARIOS,
    names::SCENARIOS,
    lost::SCENARIOS,
    broken::SCENARIOS,
    ill::SCENARIOS,
    responses::SCENARIOS,
    token::SCENARIOS,
    others::SCENARIOS,
    join::SCENARIOS,
    process::SCENARIOS,
    chaos::SCENARIOS,
];

/// Returns whether a call got this result code.
fn has_code(journal: &Journal, code: i32) -> bool {
    let mut calls = journal.exchanges().iter().flat_map(|exchange| &exchange.calls);
    calls.any(|call| call.result_code.is_some_and(|row| row.code == code))
}

/// Returns whether a response had this status.
fn has_status(journal: &Journal, status: u16) -> bool {
    journal.exchanges().iter().any(|exchange| exchange.status() == Some(status))
}

/// Returns whether an upload was completed.
fn has_completed(journal: &Journal) -> bool {
    let mut calls = journal.exchanges().iter().flat_map(|exchange| &exchange.calls);
    calls.any(|call| {
        let is_success = call.result_code.is_some_and(ResultCode::is_success);
        call.operation == Operation::Complete && is_success
    })
}

#[cfg(test)]
mod tests;
