//! Chaos on one origin: which one decides, and what each has done.

use std::collections::HashSet;

use crate::journal::{Call, Journal, Struck};
use crate::spec::Operation;

use super::attempts::Attempt;
use super::pasted::pasted;
use super::plan::Circumstances;
use super::{Chaos, Fault, Faults, Kind, Stage, Strike};

/// The chaos of one origin.
#[derive(Debug, Default)]
pub(super) struct Chaotic {
    /// The one that decides.
    pub(super) reigns: Option<Chaos>,
    /// All that have decided.
    begun: Vec<Chaos>,
    /// What each has done, as faults that do the same; not always each of them once.
    done: Vec<(Chaos, Fault)>,
}

impl Chaotic {
    /// What chaos decided has been done.
    pub(super) fn has_done(&mut self, decided: &(Chaos, Fault)) {
        self.done.push(decided.clone());
    }

    /// What has been done, each thing once: a user who logs in to another directory does it for the
    /// first time again.
    fn done(&self) -> impl Iterator<Item = (&Chaos, &Fault)> {
        let mut seen = HashSet::new();
        let each = self.done.iter().map(|(chaos, fault)| (chaos, fault));
        each.filter(move |(chaos, fault)| seen.insert((chaos.to_string(), fault.to_string())))
    }

    /// One chaos and what it has done, as they are written in a test.
    fn tell(&self, chaos: &Chaos) -> String {
        let decision = pasted([format!("origin.chaos({chaos})")]);
        let faults: Vec<_> =
            self.done().filter(|(by, _)| *by == chaos).map(|(_, fault)| fault).collect();
        let done = match faults.as_slice() {
            [] => "and has done nothing".to_owned(),
            some => format!("and has done what these faults do:\n\n{}", pasted(some)),
        };
        format!("this chaos decides the same again:\n\n{decision}\n{}\n\n", done.trim_end())
    }
}

impl Faults {
    /// Lets chaos decide over every call that no fault strikes.
    pub fn set_chaos(&mut self, chaos: Chaos, journal: &Journal) {
        self.begin_to_count(journal);
        self.chaotic.reigns = Some(chaos);
        if !self.chaotic.begun.contains(&chaos) {
            self.chaotic.begun.push(chaos);
        }
    }

    /// The chaos that decides.
    pub fn chaos(&self) -> Option<&Chaos> {
        self.chaotic.reigns.as_ref()
    }

    /// What chaos has done so far, as faults that do the same.
    pub fn done_by_chaos(&self) -> Vec<Fault> {
        self.chaotic.done().map(|(_, fault)| fault.clone()).collect()
    }

    /// Every chaos so far and what it has done, as they are written in a test; nothing if there has
    /// been none.
    pub fn tell_of_chaos(&self) -> String {
        self.chaotic.begun.iter().map(|chaos| self.chaotic.tell(chaos)).collect()
    }

    pub(super) fn strike_by_chaos(
        &self,
        call: &Call,
        attempt: Attempt,
        circumstances: Circumstances,
    ) -> Option<Strike> {
        let chaos = *self.chaos()?;
        // Without its path a form is like every other one, and they would count for each other.
        if call.operation == Operation::PostFile && circumstances.at == Stage::Head {
            return None;
        }
        let fault = chaos.decide(call, attempt.on_path, circumstances)?;
        let Kind::Call(_, effect) = &fault.kind else { return None };
        let struck = Struck::new(None, fault.to_string());
        let effect = effect.clone();
        Some(Strike { struck, effect, past: None, by_chaos: Some(Box::new((chaos, fault))) })
    }
}
