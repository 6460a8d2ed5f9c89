//! The faults of one origin: which of them strikes a call, and what came of each.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use crate::journal::{Call, Journal, Struck};
use crate::origin::Origin;
use crate::spec::Operation;

use super::attempts::{Attempt, Attempts};
use super::chaotic::Chaotic;
use super::tokens::TokenUses;
use super::{Chaos, ConnectionEffect, Effect, Fault, InterimSupport, Kind, Stage, Trigger, Which};

/// Where in a test a fault was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// The account of one fault.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FaultRecord {
    /// Its number among the faults of the origin.
    pub id: u64,
    /// What it is.
    pub fault: Arc<Fault>,
    /// What it is called.
    pub name: Arc<str>,
    /// Where it was written; nothing if it came in as text.
    pub place: Option<Place>,
    /// How many calls or connections it could have acted on.
    pub matched: u64,
    /// How many it did act on.
    pub fired: u64,
    /// Why it did not act on one that it was meant for, the latest.
    pub spared: Option<Arc<str>>,
    /// Whether an answer that it held was never released, or what it put off never done.
    pub overdue: bool,
    /// Whether it matters that it acts at all.
    pub is_judged: bool,
    /// How many requests had come when it was added.
    pub(super) before: usize,
    /// How many calls it is about to act on.
    reserved: u64,
    /// The origin when it was added, for what is to be answered from there.
    past: Option<Arc<Origin>>,
}

/// So many accounts of faults that were taken away are kept: a suite that shares one origin adds and
/// removes faults for as long as it runs.
const MOST_REMOVED: usize = 1_000;

/// All faults of an origin, in the order in which they were added.
#[derive(Debug, Default)]
pub struct Faults {
    pub(super) records: Vec<FaultRecord>,
    /// Those that were taken away: they may be about to act, and are asked how often they have. The
    /// earliest are forgotten.
    removed: VecDeque<FaultRecord>,
    pub(super) chaotic: Chaotic,
    /// Counts while there are faults; what was before is read from the journal with the first.
    attempts: Option<Attempts>,
    pub(super) uses: TokenUses,
    added: u64,
}

/// What is known of a call when it is asked which fault strikes it.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances {
    /// Where on its way it is: at its head, or at its commit if it was not known before.
    pub at: Stage,
    /// The status of the refusal that it is about to get from the origin itself.
    pub refused: Option<u16>,
    /// How many bytes of body it has, as far as it says so.
    pub declared: Option<u64>,
    /// What its client makes of interim responses.
    pub interim: InterimSupport,
}

/// A fault that strikes a call. It counts as fired when [`Faults::fired`] is told.
#[derive(Clone, Debug)]
pub struct Strike {
    /// The fault's number and name.
    pub struck: Struck,
    /// What is to be done.
    pub effect: Effect,
    /// The origin when the fault was added, where the effect needs it.
    pub past: Option<Arc<Origin>>,
    /// The fault that does the same, if chaos decided.
    pub(super) by_chaos: Option<Box<(Chaos, Fault)>>,
}

impl Faults {
    /// Whether nothing can go wrong, so that nobody needs to ask.
    pub fn is_idle(&self) -> bool {
        self.records.is_empty() && self.chaos().is_none()
    }

    /// Adds a fault behind the others and gives it a number. `past` is the origin as it is now,
    /// for an effect that answers from there.
    pub fn add(
        &mut self,
        fault: Fault,
        place: Option<Place>,
        journal: &Journal,
        past: impl FnOnce() -> Origin,
    ) -> u64 {
        self.begin_to_count(journal);
        let id = self.added;
        self.added += 1;
        let is_stale = matches!(fault.kind, Kind::Call(_, Effect::Stale));
        self.records.push(FaultRecord {
            id,
            name: fault.shown_name().into(),
            fault: Arc::new(fault),
            place,
            matched: 0,
            fired: 0,
            spared: None,
            overdue: false,
            is_judged: true,
            before: journal.exchanges().len(),
            reserved: 0,
            past: is_stale.then(|| Arc::new(past())),
        });
        id
    }

    /// Leaves it open whether a fault acts.
    pub fn excuse(&mut self, id: u64) {
        if let Some(record) = self.record_mut(id) {
            record.is_judged = false;
        }
    }

    /// Takes a fault away, and says whether it was there. What it is about to do it still does.
    pub fn remove(&mut self, id: u64) -> bool {
        !self.take_away(|record| record.id == id).is_empty()
    }

    /// Takes all faults away, and chaos with them; gives the numbers of those that were there.
    pub fn clear(&mut self) -> Vec<u64> {
        self.chaotic.reigns = None;
        self.take_away(|_| true)
    }

    /// Takes faults away, and gives their numbers.
    fn take_away(&mut self, is_meant: impl Fn(&FaultRecord) -> bool) -> Vec<u64> {
        let taken: Vec<_> = self.records.extract_if(.., |record| is_meant(record)).collect();
        let ids: Vec<u64> = taken.iter().map(|record| record.id).collect();
        // Numbers are given in order.
        self.uses.retain(|(fault, _), _| ids.binary_search(fault).is_err());
        // What has struck already carries the past with it.
        self.removed.extend(taken.into_iter().map(|record| FaultRecord { past: None, ..record }));
        while self.removed.len() > MOST_REMOVED {
            self.removed.pop_front();
        }
        self.rest_if_idle();
        ids
    }

    /// While nobody asks nothing is counted; what is missed then is in the journal.
    fn rest_if_idle(&mut self) {
        if self.is_idle() {
            self.attempts = None;
        }
    }

    /// Forgets everything; gives the numbers of the faults that were there.
    pub fn reset(&mut self) -> Vec<u64> {
        let ids = self.clear();
        *self = Self { added: self.added, ..Self::default() };
        ids
    }

    /// Lets chaos decide no more. What it has done stays known.
    pub fn end_chaos(&mut self) {
        self.chaotic.reigns = None;
        self.rest_if_idle();
    }

    /// The account of every fault.
    pub fn records(&self) -> &[FaultRecord] {
        &self.records
    }

    /// The account of one fault, also when it has been taken away.
    pub fn record(&self, id: u64) -> Option<&FaultRecord> {
        self.records.iter().chain(&self.removed).find(|record| record.id == id)
    }

    fn record_mut(&mut self, id: u64) -> Option<&mut FaultRecord> {
        self.records.iter_mut().chain(&mut self.removed).find(|record| record.id == id)
    }

    pub(super) fn begin_to_count(&mut self, journal: &Journal) {
        self.attempts.get_or_insert_with(|| Attempts::of(journal));
    }

    /// Counts a call and says which fault strikes it: the first one that was added, of those that
    /// can.
    pub fn strike(&mut self, call: &Call, circumstances: Circumstances) -> Option<Strike> {
        // What a JSON-RPC body asks for nobody knows at its head.
        if call.is_json_rpc() && circumstances.at == Stage::Head {
            return None;
        }
        if is_told_nothing_new(call, circumstances.at) {
            return None;
        }
        let attempt = self.attempts.as_mut()?.count(call);
        let mut chosen: Option<Strike> = None;
        // All that are passed over share the reason.
        let mut passed_over: Option<Arc<str>> = None;
        for record in &mut self.records {
            let fault = Arc::clone(&record.fault);
            let Kind::Call(trigger, effect) = &fault.kind else { continue };
            if !is_due(trigger, call, circumstances.at) || !trigger.selects(call) {
                continue;
            }
            if !record.takes(trigger, attempt) {
                continue;
            }
            match &chosen {
                None => chosen = record.reserve(effect, call, circumstances),
                Some(strike) => {
                    let why = passed_over.get_or_insert_with(|| struck_by_another(&strike.struck));
                    record.spared = Some(Arc::clone(why));
                }
            }
        }
        chosen.or_else(|| self.strike_by_chaos(call, attempt, circumstances))
    }

    /// A strike has done what it was meant to do.
    pub fn fired(&mut self, strike: &Strike) {
        if let Some(decided) = &strike.by_chaos {
            self.chaotic.has_done(decided);
        }
        self.has_acted(&strike.struck);
    }

    /// A strike came to nothing; the fault may strike another call instead.
    pub fn spared(&mut self, strike: &Strike, why: impl Into<Arc<str>>) {
        self.came_to_nothing(&strike.struck, why);
    }

    /// A fault has done to a call or a connection what it was meant to do.
    pub fn has_acted(&mut self, struck: &Struck) {
        if let Some(record) = struck.fault.and_then(|id| self.record_mut(id)) {
            record.reserved = record.reserved.saturating_sub(1);
            record.fired += 1;
        }
    }

    /// A call or a connection ended before its fault came to act.
    pub fn came_to_nothing(&mut self, struck: &Struck, why: impl Into<Arc<str>>) {
        if let Some(record) = struck.fault.and_then(|id| self.record_mut(id)) {
            record.reserved = record.reserved.saturating_sub(1);
            record.spared = Some(why.into());
        }
    }

    /// What the fault held was not released in time, or what it put off was never done.
    pub fn overdue(&mut self, id: u64) {
        if let Some(record) = self.record_mut(id) {
            record.overdue = true;
        }
    }

    /// Counts a connection, and says what happens to it.
    pub fn strike_connection(&mut self) -> Option<(Struck, ConnectionEffect)> {
        let mut chosen: Option<(Struck, ConnectionEffect)> = None;
        let mut passed_over: Option<Arc<str>> = None;
        for record in &mut self.records {
            let Kind::Connection(count, effect) = &Arc::clone(&record.fault).kind else { continue };
            record.matched += 1;
            match &chosen {
                _ if !record.is_the_one(*count) => {}
                None => {
                    record.reserved += 1;
                    chosen = Some((record.struck(), *effect));
                }
                Some((other, _)) => {
                    let why = passed_over.get_or_insert_with(|| struck_by_another(other));
                    record.spared = Some(Arc::clone(why));
                }
            }
        }
        chosen
    }
}

/// Whether a fault is to be decided now. The path of `/post/file` is known behind its body, and
/// faults that ask for it are decided there; all others at its head.
fn is_due(trigger: &Trigger, call: &Call, at: Stage) -> bool {
    call.operation != Operation::PostFile || trigger.path.is_some() == (at == Stage::Commit)
}

/// Whether a form of which all was asked about at its head did not tell its path after all.
fn is_told_nothing_new(call: &Call, at: Stage) -> bool {
    call.operation == Operation::PostFile && at == Stage::Commit && call.path.is_none()
}

fn struck_by_another(other: &Struck) -> Arc<str> {
    format!("another fault struck it: {}", other.name).into()
}

impl FaultRecord {
    /// Whether it holds answers until the test lets them go.
    pub fn holds(&self) -> bool {
        matches!(self.fault.kind, Kind::Call(_, Effect::Hold))
    }

    /// Returns the fault as records name it.
    pub fn struck(&self) -> Struck {
        Struck::new(Some(self.id), Arc::clone(&self.name))
    }

    /// Counts a call that is selected, and says whether it is among those that are meant.
    fn takes(&mut self, trigger: &Trigger, attempt: Attempt) -> bool {
        let number = attempt.for_trigger(trigger);
        if trigger.attempts.as_ref().is_some_and(|meant| !meant.contains(&number)) {
            return false;
        }
        self.matched += 1;
        self.is_the_one(trigger.count())
    }

    fn is_the_one(&self, count: Which) -> bool {
        match count {
            Which::Nth(nth) => self.matched == nth,
            Which::Times(most) => self.fired + self.reserved < most,
            Which::Always => true,
        }
    }

    fn reserve(
        &mut self,
        effect: &Effect,
        call: &Call,
        circumstances: Circumstances,
    ) -> Option<Strike> {
        if let Err(why) = effect.can_strike(call, circumstances) {
            self.spared = Some(why.into());
            return None;
        }
        self.reserved += 1;
        let (effect, past) = (effect.clone(), self.past.clone());
        Some(Strike { struck: self.struck(), effect, past, by_chaos: None })
    }
}
