//! Selects the faults for a request: after its head, or after its body where only the body identifies
//! the calls. Start with [`select_at_head`] and [`select_for_calls`].

use std::collections::HashMap;

use crate::api::{CallOverride, PendingRequest, RequestBody};
use crate::fault::{CallContext, Choice, FaultAction, InterimSupport, ListingFault, Stage};
use crate::journal::{Call, FaultRef, Head};
use crate::storage::{Actor, CallId, Interference};

use crate::server::request::inject::commit::interfere;
use crate::server::request::inject::tokens::{find_used_up_token, use_token};
use crate::server::request::inject::{PendingInjection, account, actor};
use crate::server::state::State;

/// The faults that were selected for the calls of a body.
#[derive(Debug, Default)]
pub(crate) struct Selected {
    /// The fault that applies to the whole request.
    pub(crate) whole: Option<PendingInjection>,
    /// The faults that apply to a single call each.
    pub(crate) on_calls: Vec<PendingInjection>,
}

/// Selects the fault for a request whose head was just read, and returns the fault that expired its
/// token. JSON-RPC calls are selected after the body.
pub(crate) fn select_at_head(
    state: &mut State,
    call: &Call,
    rejected: Option<u16>,
    head: &Head,
) -> (Option<PendingInjection>, Option<FaultRef>) {
    if state.faults.is_idle() {
        return (None, None);
    }
    let during = CallId { exchange: state.journal.next_exchange(), call: 0 };
    let ended = use_token(state, call, during, 1, 0);
    let (declared, interim) = (head.framing().length(), interim_support(head));
    let context = CallContext { at: Stage::Head, rejected, declared, interim };
    let injection = state.faults.injection(call, context);
    (injection.map(|injection| PendingInjection { injection, call: 0 }), ended)
}

/// Selects faults for the calls that a body contains. Some faults apply to a single call, others to
/// the whole request; only one of the latter can be selected, and none if `has_fault`.
pub(crate) fn select_for_calls(
    state: &mut State,
    exchange: u64,
    request: &mut PendingRequest,
    body: &RequestBody,
    has_fault: bool,
) -> Selected {
    let calls = request.classify(&state.storage, state.now(), body);
    state.journal.update(exchange, |record| record.calls = calls.clone().into());
    let declared = Some(body.length);
    let record = state.journal.exchange(exchange);
    let interim =
        record.map_or_else(InterimSupport::default, |record| interim_support(&record.head));
    let mut selected = Selected::default();
    let mut uses = HashMap::new();
    for (at, call) in calls.iter().enumerate() {
        if let Some(row) = find_used_up_token(state, call, &mut uses) {
            request.call_override(at, CallOverride::Reject(row));
            continue;
        }
        let context = CallContext { at: Stage::Commit, rejected: None, declared, interim };
        let Some(injection) = state.faults.injection(call, context) else { continue };
        let pending = PendingInjection { injection, call: at };
        let by = actor(exchange, &pending);
        match call_fault(state, by, &pending, call) {
            CallFault::Override(call_override) => {
                request.call_override(at, call_override);
                selected.on_calls.push(pending);
            }
            CallFault::InterfereNow(interference) => {
                let result = interfere(state, by, interference, call);
                account(state, exchange, &pending.injection, result);
            }
            CallFault::InterfereAfter => selected.on_calls.push(pending),
            CallFault::WholeRequest if !has_fault && selected.whole.is_none() => {
                selected.whole = Some(pending);
            }
            CallFault::WholeRequest => {
                let why = "another fault was injected into the same request";
                state.faults.skipped(&pending.injection, why);
            }
        }
    }
    selected
}

/// How a fault applies to a call of a body.
enum CallFault {
    /// The API responds otherwise to this call.
    Override(CallOverride),
    InterfereNow(Interference),
    InterfereAfter,
    /// It applies to the whole request.
    WholeRequest,
}

fn call_fault(state: &State, by: Actor, pending: &PendingInjection, call: &Call) -> CallFault {
    if !call.is_json_rpc() {
        return CallFault::WholeRequest;
    }
    CallFault::Override(match &pending.injection.action {
        FaultAction::InterfereBefore(interference) => {
            return CallFault::InterfereNow(*interference);
        }
        FaultAction::InterfereAfter(_) => return CallFault::InterfereAfter,
        FaultAction::Reject(reject) => match reject.choose(call) {
            Some(Choice::ResultCode(row)) => CallOverride::Reject(row),
            Some(Choice::Raw(..)) | None => return CallFault::WholeRequest,
        },
        FaultAction::Join(join) => CallOverride::Join(*join, by),
        FaultAction::Listing(ListingFault::Drops) => CallOverride::DropEntry,
        FaultAction::Listing(ListingFault::Repeats) => CallOverride::RepeatEntry,
        FaultAction::Listing(ListingFault::NeverEnds) => CallOverride::NeverEnd,
        FaultAction::Stale => match &pending.injection.past {
            Some(past) => CallOverride::RespondFrom(Box::new(state.storage.as_of(past))),
            None => return CallFault::WholeRequest,
        },
        _ => return CallFault::WholeRequest,
    })
}

/// Returns which interim responses a client understands.
fn interim_support(head: &Head) -> InterimSupport {
    match (head.version(), head.expects_continue()) {
        ("HTTP/1.0", _) => InterimSupport::None,
        (_, true) => InterimSupport::Expected,
        (_, false) => InterimSupport::Accepted,
    }
}
