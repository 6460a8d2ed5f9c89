//! Counts the uses of tokens for faults that expire them. Start with [`use_token`].

use std::collections::{BTreeSet, HashMap};
use std::iter::{once, repeat};

use crate::fault::FaultRecord;
use crate::journal::{Call, FaultRef};
use crate::protocol::{ErrorKind, ResultCode};
use crate::storage::{Actor, CallId, Change, SessionId};

use crate::server::state::State;

/// Counts the use of a token, and expires it if a fault requires that. Returns that fault. An exchange
/// that is in the journal names it from now on.
pub(crate) fn use_token(
    state: &mut State,
    call: &Call,
    during: CallId,
    requests: u64,
    bytes: u64,
) -> Option<FaultRef> {
    let fault = state.faults.use_token(call, requests, bytes)?;
    let by = Actor::Fault { fault: Some(fault), during: Some(during) };
    let change = Change { at: state.now(), by };
    state.storage.end_session(change, call.session?);
    let fault = state.faults.record(fault)?.fault_ref();
    state.journal.update(during.exchange, |record| record.faults.push(fault.clone()));
    Some(fault)
}

/// Counts the uses of the tokens in a body: one per call, and the bytes with the first.
pub(crate) fn use_tokens_of_body(state: &mut State, exchange: u64, calls: &[Call], bytes: u64) {
    let in_body = (0..).zip(calls).filter(|(_, call)| call.is_json_rpc());
    for ((at, call), bytes) in in_body.zip(once(bytes).chain(repeat(0))) {
        use_token(state, call, CallId { exchange, call: at }, 1, bytes);
    }
}

/// Returns the faults that expired the tokens of calls, each once.
pub(crate) fn token_expiring_faults(state: &State, calls: &[Call]) -> Vec<FaultRef> {
    if let [Call { ended_token: None, .. }] = calls {
        return Vec::new();
    }
    let faults = calls.iter().filter_map(|call| match call.ended_token.as_ref()?.change.by {
        Actor::Fault { fault, .. } => fault,
        _ => None,
    });
    let faults: BTreeSet<u64> = faults.collect();
    faults.iter().filter_map(|id| state.faults.record(*id).map(FaultRecord::fault_ref)).collect()
}

/// Returns the error for a call of a batch whose token is used up by the previous calls. Uses are
/// counted after all calls.
pub(crate) fn find_used_up_token(
    state: &State,
    call: &Call,
    uses: &mut HashMap<SessionId, u64>,
) -> Option<&'static ResultCode> {
    let before = uses.entry(call.session?).or_default();
    if state.faults.token_lasts(call, *before) {
        *before += 1;
        return None;
    }
    call.results().find(|row| row.causes.contains(&ErrorKind::BadCredentials))
}
