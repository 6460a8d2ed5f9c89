//! The faults of one origin: which of them strikes a call, and what came of each.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use crate::journal::{Call, FaultRef, Journal};
use crate::protocol::Operation;
use crate::storage::Storage;

use super::attempts::{Attempt, Attempts};
use super::chaos_state::ChaosState;
use super::tokens::TokenUses;
use super::{
    CallMatcher, Chaos, ConnectionAction, Fault, FaultAction, InterimSupport, Kind, Repeat, Stage,
};

/// Where in a test a fault was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceLocation {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
}

impl fmt::Display for SourceLocation {
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
    pub location: Option<SourceLocation>,
    /// How many calls or connections it could have acted on.
    pub matched: u64,
    /// How many it did act on.
    pub fired: u64,
    /// Why it did not act on one that it was meant for, the latest.
    pub skip_reason: Option<Arc<str>>,
    /// Whether an answer that it held was never released, or what it put off never done.
    pub unreleased: bool,
    /// Whether it matters that it acts at all.
    pub is_judged: bool,
    /// How many requests had come when it was added.
    pub(super) before: usize,
    /// How many calls it is about to act on.
    reserved: u64,
    /// The origin when it was added, for what is to be answered from there.
    past: Option<Arc<Storage>>,
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
    pub(super) chaos_state: ChaosState,
    /// Counts while there are faults; what was before is read from the journal with the first.
    attempts: Option<Attempts>,
    pub(super) uses: TokenUses,
    added: u64,
}

/// What is known of a call when it is asked which fault strikes it.
#[derive(Clone, Copy, Debug)]
pub struct CallContext {
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
pub struct Injection {
    /// The fault's number and name.
    pub struck: FaultRef,
    /// What is to be done.
    pub action: FaultAction,
    /// The origin when the fault was added, where the effect needs it.
    pub past: Option<Arc<Storage>>,
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
        location: Option<SourceLocation>,
        journal: &Journal,
        past: impl FnOnce() -> Storage,
    ) -> u64 {
        self.begin_to_count(journal);
        let id = self.added;
        self.added += 1;
        let is_stale = matches!(fault.kind, Kind::Call(_, FaultAction::Stale));
        self.records.push(FaultRecord {
            id,
            name: fault.shown_name().into(),
            fault: Arc::new(fault),
            location,
            matched: 0,
            fired: 0,
            skip_reason: None,
            unreleased: false,
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
        self.chaos_state.reigns = None;
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
        self.chaos_state.reigns = None;
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
    pub fn injection(&mut self, call: &Call, context: CallContext) -> Option<Injection> {
        // What a JSON-RPC body asks for nobody knows at its head.
        if call.is_json_rpc() && context.at == Stage::Head {
            return None;
        }
        if is_told_nothing_new(call, context.at) {
            return None;
        }
        let attempt = self.attempts.as_mut()?.count(call);
        let mut chosen: Option<Injection> = None;
        // All that are passed over share the reason.
        let mut passed_over: Option<Arc<str>> = None;
        for record in &mut self.records {
            let fault = Arc::clone(&record.fault);
            let Kind::Call(matcher, action) = &fault.kind else { continue };
            if !is_due(matcher, call, context.at) || !matcher.selects(call) {
                continue;
            }
            if !record.takes(matcher, attempt) {
                continue;
            }
            match &chosen {
                None => chosen = record.reserve(action, call, context),
                Some(injection) => {
                    let why =
                        passed_over.get_or_insert_with(|| struck_by_another(&injection.struck));
                    record.skip_reason = Some(Arc::clone(why));
                }
            }
        }
        chosen.or_else(|| self.strike_by_chaos(call, attempt, context))
    }

    /// A strike has done what it was meant to do.
    pub fn fired(&mut self, injection: &Injection) {
        if let Some(decided) = &injection.by_chaos {
            self.chaos_state.has_done(decided);
        }
        self.record_fired(&injection.struck);
    }

    /// A strike came to nothing; the fault may strike another call instead.
    pub fn skipped(&mut self, injection: &Injection, why: impl Into<Arc<str>>) {
        self.record_skip(&injection.struck, why);
    }

    /// A fault has done to a call or a connection what it was meant to do.
    pub fn record_fired(&mut self, struck: &FaultRef) {
        if let Some(record) = struck.fault.and_then(|id| self.record_mut(id)) {
            record.reserved = record.reserved.saturating_sub(1);
            record.fired += 1;
        }
    }

    /// A call or a connection ended before its fault came to act.
    pub fn record_skip(&mut self, struck: &FaultRef, why: impl Into<Arc<str>>) {
        if let Some(record) = struck.fault.and_then(|id| self.record_mut(id)) {
            record.reserved = record.reserved.saturating_sub(1);
            record.skip_reason = Some(why.into());
        }
    }

    /// What the fault held was not released in time, or what it put off was never done.
    pub fn unreleased(&mut self, id: u64) {
        if let Some(record) = self.record_mut(id) {
            record.unreleased = true;
        }
    }

    /// Counts a connection, and says what happens to it.
    pub fn strike_connection(&mut self) -> Option<(FaultRef, ConnectionAction)> {
        let mut chosen: Option<(FaultRef, ConnectionAction)> = None;
        let mut passed_over: Option<Arc<str>> = None;
        for record in &mut self.records {
            let Kind::Connection(count, action) = &Arc::clone(&record.fault).kind else { continue };
            record.matched += 1;
            match &chosen {
                _ if !record.is_the_one(*count) => {}
                None => {
                    record.reserved += 1;
                    chosen = Some((record.struck(), *action));
                }
                Some((other, _)) => {
                    let why = passed_over.get_or_insert_with(|| struck_by_another(other));
                    record.skip_reason = Some(Arc::clone(why));
                }
            }
        }
        chosen
    }
}

/// Whether a fault is to be decided now. The path of `/post/file` is known behind its body, and
/// faults that ask for it are decided there; all others at its head.
fn is_due(matcher: &CallMatcher, call: &Call, at: Stage) -> bool {
    call.operation != Operation::PostFile || matcher.path.is_some() == (at == Stage::Commit)
}

/// Whether a form of which all was asked about at its head did not tell its path after all.
fn is_told_nothing_new(call: &Call, at: Stage) -> bool {
    call.operation == Operation::PostFile && at == Stage::Commit && call.path.is_none()
}

fn struck_by_another(other: &FaultRef) -> Arc<str> {
    format!("another fault struck it: {}", other.name).into()
}

impl FaultRecord {
    /// Whether it holds answers until the test lets them go.
    pub fn holds(&self) -> bool {
        matches!(self.fault.kind, Kind::Call(_, FaultAction::Hold))
    }

    /// Returns the fault as records name it.
    pub fn struck(&self) -> FaultRef {
        FaultRef::new(Some(self.id), Arc::clone(&self.name))
    }

    /// Counts a call that is selected, and says whether it is among those that are meant.
    fn takes(&mut self, matcher: &CallMatcher, attempt: Attempt) -> bool {
        let number = attempt.for_trigger(matcher);
        if matcher.attempts.as_ref().is_some_and(|meant| !meant.contains(&number)) {
            return false;
        }
        self.matched += 1;
        self.is_the_one(matcher.count())
    }

    fn is_the_one(&self, count: Repeat) -> bool {
        match count {
            Repeat::Nth(nth) => self.matched == nth,
            Repeat::Times(most) => self.fired + self.reserved < most,
            Repeat::Always => true,
        }
    }

    fn reserve(
        &mut self,
        action: &FaultAction,
        call: &Call,
        context: CallContext,
    ) -> Option<Injection> {
        if let Err(why) = action.can_strike(call, context) {
            self.skip_reason = Some(why.into());
            return None;
        }
        self.reserved += 1;
        let (action, past) = (action.clone(), self.past.clone());
        Some(Injection { struck: self.struck(), action, past, by_chaos: None })
    }
}
