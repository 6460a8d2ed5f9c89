//! Chaos on one origin: which one decides, and what each has done.

use crate::journal::{Call, Journal, Struck};
use crate::spec::Operation;

use super::attempts::Attempt;
use super::plan::Circumstances;
use super::{Chaos, Fault, Faults, Kind, Stage, Strike};

/// The chaos of one origin.
#[derive(Debug, Default)]
pub(super) struct Chaotic {
    /// The one that decides.
    pub(super) reigns: Option<Chaos>,
    /// What has been done, as faults that do the same.
    done: Vec<Fault>,
}

impl Chaotic {
    /// A strike that was decided by chaos has done what it was meant to do.
    pub(super) fn has_done(&mut self, fault: &Fault) {
        // A user who logs in to another directory does it for the first time again.
        if !self.done.contains(fault) {
            self.done.push(fault.clone());
        }
    }
}

impl Faults {
    /// Lets chaos decide over every call that no fault strikes.
    pub fn set_chaos(&mut self, chaos: Chaos, journal: &Journal) {
        self.begin_to_count(journal);
        self.chaotic.reigns = Some(chaos);
    }

    /// The chaos that decides.
    pub fn chaos(&self) -> Option<&Chaos> {
        self.chaotic.reigns.as_ref()
    }

    /// What chaos has done so far, as faults that do the same.
    pub fn done_by_chaos(&self) -> &[Fault] {
        &self.chaotic.done
    }

    /// What chaos has done so far, as it is written in a test; nothing if there is none.
    pub fn tell_of_chaos(&self) -> String {
        let Some(chaos) = self.chaos() else { return String::new() };
        let sentences = self.chaotic.done.iter().map(|fault| format!("    {fault};\n"));
        format!(
            "chaos (seed {}) has done this:\n{}\n",
            chaos.seed_number(),
            sentences.collect::<String>()
        )
    }

    pub(super) fn strike_by_chaos(
        &self,
        call: &Call,
        attempt: Attempt,
        circumstances: Circumstances,
    ) -> Option<Strike> {
        let chaos = self.chaos()?;
        // Without its path a form is like every other one, and they would count for each other.
        if call.operation == Operation::PostFile && circumstances.at == Stage::Head {
            return None;
        }
        let fault = chaos.decide(call, attempt.on_path, circumstances)?;
        let Kind::Call(_, effect) = &fault.kind else { return None };
        let struck = Struck::new(None, fault.to_string());
        let effect = effect.clone();
        Some(Strike { struck, effect, past: None, by_chaos: Some(Box::new(fault)) })
    }
}
