//! Random faults.

use std::time::Duration;

use crate::check::{Event, Feature, Scenario};
use crate::fault::Chaos;
use crate::referee::{Basis, Level};

pub(super) const SCENARIOS: &[Scenario] = &[Scenario {
    id: "chaos/random",
    situation: "Random faults, at most two for each request. The suite runs it once for each seed.",
    right: "Repeats what failed: the third try of a request succeeds.",
    rule: "check.gave_up",
    level: Level::Should,
    section: "§1.12",
    basis: Basis::Evidence,
    feature: Some(Feature::Retries),
    event: Event::Chaos,
    waits: Duration::from_secs(20),
    faults: |origin, plan| {
        origin.chaos(Chaos::new(plan.seed).max_per_operation(2).percent(50));
    },
    ..Scenario::DEFAULT
}];
