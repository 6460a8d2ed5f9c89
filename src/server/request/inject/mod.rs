//! Applies faults to a request.
//!
//! [`interim`] applies what comes before the final response, [`body`] what happens up to the end
//! of the body, [`commit`] what happens at the commit, and [`response`] what happens to the
//! response; [`outcome`] reports each result to the registry. Functions named `choose_…` select a
//! fault, functions named `act_…` apply it. A selected fault counts as injected when it has acted.
//! If it cannot act, it returns to the registry. Start with [`Pending`].

mod alter;
mod body;
mod commit;
mod interim;
mod outcome;
mod response;

use std::collections::BTreeSet;
use std::iter::{once, repeat};

use crate::fault::{CallContext, FaultRecord, Injection, InterimSupport, Stage};
use crate::journal::{Call, FaultRef, Head};
use crate::storage::{Actor, CallId, Change};

use crate::server::state::State;

/// A selected fault, and the call of the request to which it applies.
#[derive(Debug)]
pub(crate) struct Pending {
    injection: Injection,
    call: usize,
}

/// Returns which interim responses a client understands.
fn interim_support(head: &Head) -> InterimSupport {
    match (head.version(), head.expects_continue()) {
        ("HTTP/1.0", _) => InterimSupport::None,
        (_, true) => InterimSupport::Expected,
        (_, false) => InterimSupport::Accepted,
    }
}

impl State {
    /// Selects the fault for a request whose head was just read, and returns the fault that
    /// expired its token. JSON-RPC calls are selected after the body.
    pub(crate) fn choose_at_head(
        &mut self,
        call: &Call,
        refused: Option<u16>,
        head: &Head,
    ) -> (Option<Pending>, Option<FaultRef>) {
        if self.faults.is_idle() {
            return (None, None);
        }
        let during = CallId { exchange: self.journal.next_exchange(), call: 0 };
        let ended = self.use_token(call, during, 1, 0);
        let (declared, interim) = (head.framing().length(), interim_support(head));
        let context = CallContext { at: Stage::Head, refused, declared, interim };
        let injection = self.faults.injection(call, context);
        (injection.map(|injection| Pending { injection, call: 0 }), ended)
    }

    /// Counts the use of a token, and expires it if a fault requires that. Returns that fault. An
    /// exchange that is in the journal names it from now on.
    fn use_token(
        &mut self,
        call: &Call,
        during: CallId,
        requests: u64,
        bytes: u64,
    ) -> Option<FaultRef> {
        let fault = self.faults.use_token(call, requests, bytes)?;
        let by = Actor::Fault { fault: Some(fault), during: Some(during) };
        self.storage.end_session(Change { at: self.now(), by }, call.session?);
        let fault_ref = self.faults.record(fault)?.fault_ref();
        self.journal.update(during.exchange, |record| record.faults.push(fault_ref.clone()));
        Some(fault_ref)
    }

    /// Returns the faults that expired the tokens of calls, each once.
    pub(crate) fn token_expiring_faults(&self, calls: &[Call]) -> Vec<FaultRef> {
        let faults = calls.iter().filter_map(|call| match call.ended_token?.change.by {
            Actor::Fault { fault, .. } => fault,
            _ => None,
        });
        let faults: BTreeSet<u64> = faults.collect();
        faults.iter().filter_map(|id| self.faults.record(*id).map(FaultRecord::fault_ref)).collect()
    }

    /// Counts the uses of the tokens in a body: one per call, and the bytes with the first.
    fn use_tokens_of_body(&mut self, exchange: u64, calls: &[Call], bytes: u64) {
        let in_body = (0..).zip(calls).filter(|(_, call)| call.is_json_rpc());
        for ((at, call), bytes) in in_body.zip(once(bytes).chain(repeat(0))) {
            self.use_token(call, CallId { exchange, call: at }, 1, bytes);
        }
    }

    /// Returns whether the request of an exchange has the method HEAD, whose response has no body.
    fn is_head(&self, exchange: u64) -> bool {
        self.journal.exchange(exchange).is_some_and(|record| record.head.method() == b"HEAD")
    }

    /// Returns the calls of an exchange, as far as they are known.
    fn calls(&self, exchange: u64) -> Vec<Call> {
        self.journal.exchange(exchange).map(|record| record.calls.clone()).unwrap_or_default()
    }
}
