//! A conformance suite: runs an upload client through a catalogue of situations and judges what it says
//! against what is true.
//!
//! The [catalogue](scenarios) is a table. For each [`Scenario`] the suite starts an origin, adds the faults,
//! runs the client, compares its [`Claim`] with the stored file, asks the referee, and returns a
//! [`ScenarioResult`]. This layer knows processes and their deadlines; it injects no fault itself and parses no
//! request. Start with [`Scenario`] and [`State`].

mod calibration;
mod catalogue;
mod chaos;
mod client;
mod context;
mod exit_status;
mod expectations;
mod observed;
mod plan;
mod profile;
mod report;
mod result;
mod rules;
mod running;
#[cfg(test)]
mod samples;
mod scenario;
mod scenario_run;
mod scratch;
mod settings;
mod source;
mod staging;
mod suite;
mod target;
mod template;
mod test_macro;
mod verdict;

pub use catalogue::{scenario_by_id, scenarios};
pub use client::{Claim, ClientRun, Ending, Output, Signal};
pub use exit_status::{EXIT_STATUSES, ExitStatus};
pub use expectations::{Expectation, Expectations, StaleExpectation};
pub use observed::{Habit, Observed};
pub use plan::Plan;
pub use profile::{Feature, Flavour, Profile, Statuses, Via};
pub use result::{
    CheckFinding, DECLINED, Exports, FaultUse, Reproduction, ScenarioResult, State, SuiteReport,
};
pub use rules::{CheckRule, RULES, rule_by_id};
pub use scenario::{Content, Event, Expected, Role, Scenario};
pub use settings::{ExportKinds, Progress};
pub use suite::{Suite, run};
pub use target::{PLACEHOLDERS, Target};
pub use test_macro::assert_scenario;
