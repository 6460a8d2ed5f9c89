//! The registry of faults of one origin: it selects the fault for a call or a connection, and counts
//! matches, injections and skips. Start with [`Faults::injection`].

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use crate::journal::{Call, FaultRef, Journal};
use crate::protocol::Operation;
use crate::storage::{SessionId, Storage};

use super::attempts::{Attempt, Attempts};
use super::call_context::CallContext;
use super::chaos_state::ChaosState;
use super::injection::Injection;
use super::record::{FaultRecord, SourceLocation};
use super::{CallMatcher, Chaos, ConnectionAction, Fault, FaultAction, Kind, Stage, TokenExpiry};

/// The maximum number of removed records. A suite that shares one origin adds and removes faults for
/// as long as it runs.
const MAX_REMOVED: usize = 1_000;

/// All faults of an origin, in the order in which they were added.
#[derive(Debug, Default)]
pub struct Faults {
    records: Vec<FaultRecord>,
    /// Removed faults, which may have pending injections and can still be inspected. The oldest are
    /// dropped.
    removed: VecDeque<FaultRecord>,
    chaos_state: ChaosState,
    /// Counts only while there are faults. The first fault reads earlier calls from the journal.
    attempts: Option<Attempts>,
    /// The use of each token, by fault. An entry outlives its token, because a call may still be in
    /// progress, and is removed with the fault.
    uses: HashMap<(u64, SessionId), u64>,
    added: u64,
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
            before: journal.next_exchange(),
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
        !self.remove_where(&|record| record.id == id).is_empty()
    }

    /// Removes all faults and ends chaos. Returns the numbers of the removed faults.
    pub fn clear(&mut self) -> Vec<u64> {
        self.chaos_state.active = None;
        self.remove_where(&|_| true)
    }

    /// Removes faults, and returns their numbers.
    fn remove_where(&mut self, is_meant: &dyn Fn(&FaultRecord) -> bool) -> Vec<u64> {
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

    fn start_counting(&mut self, journal: &Journal) {
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

    /// Activates chaos for every call without another fault.
    pub fn set_chaos(&mut self, chaos: Chaos, journal: &Journal) {
        self.start_counting(journal);
        self.chaos_state.active = Some(chaos);
        if !self.chaos_state.begun.contains(&chaos) {
            self.chaos_state.begun.push(chaos);
        }
    }

    /// Returns the active chaos.
    pub fn chaos(&self) -> Option<&Chaos> {
        self.chaos_state.active.as_ref()
    }

    /// Returns the faults that chaos has injected so far.
    pub fn done_by_chaos(&self) -> Vec<Fault> {
        self.chaos_state.done.iter().map(|(_, fault)| fault.clone()).collect()
    }

    /// Returns every chaos so far and its injected faults as Rust code, or an empty text.
    pub fn render_chaos(&self) -> String {
        self.chaos_state.begun.iter().map(|chaos| self.chaos_state.render(chaos)).collect()
    }

    /// Lets the active chaos decide about a call.
    fn select_by_chaos(
        &self,
        call: &Call,
        attempt: Attempt,
        context: CallContext,
    ) -> Option<Injection> {
        let chaos = *self.chaos()?;
        // Without their paths, all forms would count together.
        if call.operation == Operation::PostFile && context.at == Stage::Head {
            return None;
        }
        let fault = chaos.decide(call, attempt.on_path, context)?;
        let Kind::Call(_, action) = &fault.kind else { return None };
        let fault_ref = FaultRef::new(None, fault.to_string());
        let action = action.clone();
        Some(Injection { fault_ref, action, past: None, by_chaos: Some(Box::new((chaos, fault))) })
    }

    /// Counts the use of a token by a call. Returns the number of the fault that ends the token
    /// thereby, if any.
    pub fn use_token(&mut self, call: &Call, requests: u64, bytes: u64) -> Option<u64> {
        let session = call.session?;
        let mut ended_by = None;
        for record in &mut self.records {
            let Kind::Token(user, life) = &Arc::clone(&record.fault).kind else { continue };
            if user.is_some() && user.as_deref() != call.user.as_deref() {
                continue;
            }
            record.matched += requests;
            let (more, most) = match life {
                TokenExpiry::Requests(most) => (requests, *most),
                TokenExpiry::Bytes(most) => (bytes, *most),
                TokenExpiry::Time(_) => continue,
            };
            let so_far = self.uses.entry((record.id, session)).or_default();
            let ends = *so_far < most && *so_far + more >= most;
            *so_far += more;
            record.fired += u64::from(ends);
            ended_by = ended_by.or(ends.then_some(record.id));
        }
        ended_by
    }

    /// Returns whether a token is valid for a call after `uncounted` calls that are not yet counted.
    pub fn token_lasts(&self, call: &Call, uncounted: u64) -> bool {
        let Some(session) = call.session else { return true };
        self.records.iter().all(|record| match &record.fault.kind {
            Kind::Token(user, TokenExpiry::Requests(most))
                if user.is_none() || user.as_deref() == call.user.as_deref() =>
            {
                let counted = self.uses.get(&(record.id, session)).copied().unwrap_or_default();
                counted + uncounted < *most
            }
            _ => true,
        })
    }

    /// Ends tokens that are too old. `end` takes the number of the fault, the user and the time, and
    /// returns how many tokens it ended.
    pub fn age_tokens(&mut self, mut end: impl FnMut(u64, Option<&str>, Duration) -> u64) {
        for record in &mut self.records {
            if let Kind::Token(user, TokenExpiry::Time(time)) = &Arc::clone(&record.fault).kind {
                record.fired += end(record.id, user.as_deref(), *time);
            }
        }
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
