//! The registry of faults of one origin: it selects the fault for a call or a connection, and counts
//! matches, injections and skips. Start with [`Faults::injection`].

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

/// The source location at which a test added a fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceLocation {
    /// The source file.
    pub file: String,
    /// The line, counted from 1.
    pub line: u32,
}

impl fmt::Display for SourceLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// A fault with its counters.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FaultRecord {
    /// The number of the fault on this origin.
    pub id: u64,
    /// The fault.
    pub fault: Arc<Fault>,
    /// The name in messages.
    pub name: Arc<str>,
    /// Where the test added it, or `None` if it was parsed from text.
    pub location: Option<SourceLocation>,
    /// The number of selected calls or connections.
    pub matched: u64,
    /// The number of injections.
    pub fired: u64,
    /// Why the latest selected call or connection was skipped.
    pub skip_reason: Option<Arc<str>>,
    /// Whether a held response was never released, or a deferred operation never carried out.
    pub unreleased: bool,
    /// Whether verification fails if the fault is never injected.
    pub is_judged: bool,
    /// The number of requests before it was added.
    pub(super) before: usize,
    /// The number of pending injections.
    reserved: u64,
    /// The state of the origin when it was added, for stale responses.
    past: Option<Arc<Storage>>,
}

/// The maximum number of removed records. A suite that shares one origin adds and removes faults for
/// as long as it runs.
const MAX_REMOVED: usize = 1_000;

/// All faults of an origin, in the order in which they were added.
#[derive(Debug, Default)]
pub struct Faults {
    pub(super) records: Vec<FaultRecord>,
    /// Removed faults, which may have pending injections and can still be inspected. The oldest are
    /// dropped.
    removed: VecDeque<FaultRecord>,
    pub(super) chaos_state: ChaosState,
    /// Counts only while there are faults. The first fault reads earlier calls from the journal.
    attempts: Option<Attempts>,
    pub(super) uses: TokenUses,
    added: u64,
}

/// The facts about a call when its fault is selected.
#[derive(Clone, Copy, Debug)]
pub struct CallContext {
    /// The stage: the head, or the commit if the call was not known earlier.
    pub at: Stage,
    /// The status, if the origin itself refuses the call.
    pub refused: Option<u16>,
    /// The declared length of the body, if any.
    pub declared: Option<u64>,
    /// Whether the client supports interim responses.
    pub interim: InterimSupport,
}

/// A fault that was selected for a call. The caller reports the result with [`Faults::fired`] or
/// [`Faults::skipped`].
#[derive(Clone, Debug)]
pub struct Injection {
    /// The number and the name of the fault.
    pub fault_ref: FaultRef,
    /// The action to carry out.
    pub action: FaultAction,
    /// The state of the origin when the fault was added, if the action needs it.
    pub past: Option<Arc<Storage>>,
    /// The equivalent fault, if chaos decided.
    pub(super) by_chaos: Option<Box<(Chaos, Fault)>>,
}

impl Faults {
    /// Returns whether there are no faults and no chaos.
    pub fn is_idle(&self) -> bool {
        self.records.is_empty() && self.chaos().is_none()
    }

    /// Adds a fault after the others and returns its number. `past` returns the current state of the
    /// origin, for stale responses.
    pub fn add(
        &mut self,
        fault: Fault,
        location: Option<SourceLocation>,
        journal: &Journal,
        past: impl FnOnce() -> Storage,
    ) -> u64 {
        self.start_counting(journal);
        let id = self.added;
        self.added += 1;
        let is_stale = matches!(fault.kind, Kind::Call(_, FaultAction::Stale));
        self.records.push(FaultRecord {
            id,
            name: fault.display_name().into(),
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

    /// Lets verification pass even if the fault is never injected.
    pub fn excuse(&mut self, id: u64) {
        if let Some(record) = self.record_mut(id) {
            record.is_judged = false;
        }
    }

    /// Removes a fault, and returns whether it existed. Pending injections still happen.
    pub fn remove(&mut self, id: u64) -> bool {
        !self.remove_where(|record| record.id == id).is_empty()
    }

    /// Removes all faults and ends chaos. Returns the numbers of the removed faults.
    pub fn clear(&mut self) -> Vec<u64> {
        self.chaos_state.active = None;
        self.remove_where(|_| true)
    }

    /// Removes faults, and returns their numbers.
    fn remove_where(&mut self, is_meant: impl Fn(&FaultRecord) -> bool) -> Vec<u64> {
        let taken: Vec<_> = self.records.extract_if(.., |record| is_meant(record)).collect();
        let ids: Vec<u64> = taken.iter().map(|record| record.id).collect();
        // The numbers are sorted.
        self.uses.retain(|(fault, _), _| ids.binary_search(fault).is_err());
        // A pending injection has its own copy of the past.
        self.removed.extend(taken.into_iter().map(|record| FaultRecord { past: None, ..record }));
        while self.removed.len() > MAX_REMOVED {
            self.removed.pop_front();
        }
        self.stop_counting_if_idle();
        ids
    }

    /// Stops counting if there are no faults. The journal has the calls that are missed.
    fn stop_counting_if_idle(&mut self) {
        if self.is_idle() {
            self.attempts = None;
        }
    }

    /// Clears everything, and returns the numbers of the removed faults.
    pub fn reset(&mut self) -> Vec<u64> {
        let ids = self.clear();
        *self = Self { added: self.added, ..Self::default() };
        ids
    }

    /// Ends chaos. Its decisions so far stay recorded.
    pub fn end_chaos(&mut self) {
        self.chaos_state.active = None;
        self.stop_counting_if_idle();
    }

    /// Returns the records of all active faults.
    pub fn records(&self) -> &[FaultRecord] {
        &self.records
    }

    /// Returns the record of one fault, even if it was removed.
    pub fn record(&self, id: u64) -> Option<&FaultRecord> {
        self.records.iter().chain(&self.removed).find(|record| record.id == id)
    }

    fn record_mut(&mut self, id: u64) -> Option<&mut FaultRecord> {
        self.records.iter_mut().chain(&mut self.removed).find(|record| record.id == id)
    }

    pub(super) fn start_counting(&mut self, journal: &Journal) {
        self.attempts.get_or_insert_with(|| Attempts::from_journal(journal));
    }

    /// Counts a call and selects its fault: the first added fault that can apply.
    pub fn injection(&mut self, call: &Call, context: CallContext) -> Option<Injection> {
        // A JSON-RPC call is known only after its body.
        if call.is_json_rpc() && context.at == Stage::Head {
            return None;
        }
        if is_already_decided(call, context.at) {
            return None;
        }
        let attempt = self.attempts.as_mut()?.count(call);
        let mut chosen: Option<Injection> = None;
        // All skipped faults share one reason.
        let mut why_skipped: Option<Arc<str>> = None;
        for record in &mut self.records {
            let fault = Arc::clone(&record.fault);
            let Kind::Call(matcher, action) = &fault.kind else { continue };
            if !is_due(matcher, call, context.at) || !matcher.selects(call) {
                continue;
            }
            if !record.count_match(matcher, attempt) {
                continue;
            }
            match &chosen {
                None => chosen = record.reserve(action, call, context),
                Some(injection) => {
                    let why = why_skipped
                        .get_or_insert_with(|| skipped_for_another(&injection.fault_ref));
                    record.skip_reason = Some(Arc::clone(why));
                }
            }
        }
        chosen.or_else(|| self.select_by_chaos(call, attempt, context))
    }

    /// Records that an injection was carried out.
    pub fn fired(&mut self, injection: &Injection) {
        if let Some(decided) = &injection.by_chaos {
            self.chaos_state.record_done(decided);
        }
        self.record_fired(&injection.fault_ref);
    }

    /// Records that an injection was not carried out. The fault may be injected into another call.
    pub fn skipped(&mut self, injection: &Injection, why: impl Into<Arc<str>>) {
        self.record_skip(&injection.fault_ref, why);
    }

    /// Records that a fault was injected into a call or a connection.
    pub fn record_fired(&mut self, fault: &FaultRef) {
        if let Some(record) = fault.fault.and_then(|id| self.record_mut(id)) {
            record.reserved = record.reserved.saturating_sub(1);
            record.fired += 1;
        }
    }

    /// Records that a fault was not injected into a call or a connection, and why.
    pub fn record_skip(&mut self, fault: &FaultRef, why: impl Into<Arc<str>>) {
        if let Some(record) = fault.fault.and_then(|id| self.record_mut(id)) {
            record.reserved = record.reserved.saturating_sub(1);
            record.skip_reason = Some(why.into());
        }
    }

    /// Records that a held response was not released, or a deferred operation not carried out.
    pub fn unreleased(&mut self, id: u64) {
        if let Some(record) = self.record_mut(id) {
            record.unreleased = true;
        }
    }

    /// Counts a connection, and selects its fault.
    pub fn select_for_connection(&mut self) -> Option<(FaultRef, ConnectionAction)> {
        let mut chosen: Option<(FaultRef, ConnectionAction)> = None;
        let mut why_skipped: Option<Arc<str>> = None;
        for record in &mut self.records {
            let Kind::Connection(count, action) = &Arc::clone(&record.fault).kind else { continue };
            record.matched += 1;
            match &chosen {
                _ if !record.is_selected(*count) => {}
                None => {
                    record.reserved += 1;
                    chosen = Some((record.fault_ref(), *action));
                }
                Some((other, _)) => {
                    let why = why_skipped.get_or_insert_with(|| skipped_for_another(other));
                    record.skip_reason = Some(Arc::clone(why));
                }
            }
        }
        chosen
    }
}

/// Returns whether a fault is selected at this stage. The path of `/post/file` is known after its
/// body, so that faults with a path are selected there, and all others at its head.
fn is_due(matcher: &CallMatcher, call: &Call, at: Stage) -> bool {
    call.operation != Operation::PostFile || matcher.path.is_some() == (at == Stage::Commit)
}

/// Returns whether a form has no path even after its body, so that its head decided everything.
fn is_already_decided(call: &Call, at: Stage) -> bool {
    call.operation == Operation::PostFile && at == Stage::Commit && call.path.is_none()
}

fn skipped_for_another(other: &FaultRef) -> Arc<str> {
    format!("another fault was injected: {}", other.name).into()
}

impl FaultRecord {
    /// Returns whether the fault holds responses until the test releases them.
    pub fn holds(&self) -> bool {
        matches!(self.fault.kind, Kind::Call(_, FaultAction::Hold))
    }

    /// Returns the reference to the fault that records contain.
    pub fn fault_ref(&self) -> FaultRef {
        FaultRef::new(Some(self.id), Arc::clone(&self.name))
    }

    /// Counts a matching call, and returns whether the fault applies to it.
    fn count_match(&mut self, matcher: &CallMatcher, attempt: Attempt) -> bool {
        let number = attempt.for_matcher(matcher);
        if matcher.attempts.as_ref().is_some_and(|meant| !meant.contains(&number)) {
            return false;
        }
        self.matched += 1;
        self.is_selected(matcher.count())
    }

    fn is_selected(&self, count: Repeat) -> bool {
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
        if let Err(why) = action.check_applicable(call, context) {
            self.skip_reason = Some(why.into());
            return None;
        }
        self.reserved += 1;
        let (action, past) = (action.clone(), self.past.clone());
        Some(Injection { fault_ref: self.fault_ref(), action, past, by_chaos: None })
    }
}
