//! How faults act on a request.
//!
//! [`interim`] is about what is sent before its final response, [`body`] about what happens up to the
//! end of its body, [`commit`] about what happens when it
//! is done, [`answer`] about its answer, [`outcome`] about the account. What is called `choose_…` asks
//! which fault strikes, and `act_…` does what it does. A strike is spent when it has done that; until
//! then it is the request's, and goes back to its fault if nothing comes of it.

mod alter;
mod answer;
mod body;
mod commit;
mod interim;
mod outcome;

use std::collections::BTreeSet;
use std::iter::{once, repeat};

use crate::fault::{CallContext, FaultRecord, Injection, InterimSupport, Stage};
use crate::journal::{Call, FaultRef, Head};
use crate::storage::{Actor, CallId, Change};

use crate::server::state::State;

/// A strike, and which of the request's calls it is about.
#[derive(Debug)]
pub(crate) struct Pending {
    injection: Injection,
    call: usize,
}

/// What the client of a request makes of interim responses.
fn interim_support(head: &Head) -> InterimSupport {
    match (head.version(), head.expects_continue()) {
        ("HTTP/1.0", _) => InterimSupport::None,
        (_, true) => InterimSupport::Expected,
        (_, false) => InterimSupport::Accepted,
    }
}

impl State {
    /// Which fault strikes a request whose head has just been judged, and which one has ended its
    /// token. JSON-RPC is asked about when its body has told what it is.
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

    /// Counts the use of a token, and ends it if a fault wants that. Returns that fault; an exchange
    /// that is in the journal already names it from here on.
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
        let struck = self.faults.record(fault)?.struck();
        self.journal.update(during.exchange, |record| record.faults.push(struck.clone()));
        Some(struck)
    }

    /// The faults that ended the tokens of calls, each once.
    pub(crate) fn enders_of_tokens(&self, calls: &[Call]) -> Vec<FaultRef> {
        let faults = calls.iter().filter_map(|call| match call.token_ended_by {
            Some(Actor::Fault { fault, .. }) => fault,
            _ => None,
        });
        let faults: BTreeSet<u64> = faults.collect();
        faults.iter().filter_map(|id| self.faults.record(*id).map(FaultRecord::struck)).collect()
    }

    /// Counts the uses of the tokens that a body holds: a call each, and the body with the first.
    fn use_tokens_of_body(&mut self, exchange: u64, calls: &[Call], bytes: u64) {
        let in_body = (0..).zip(calls).filter(|(_, call)| call.is_json_rpc());
        for ((at, call), bytes) in in_body.zip(once(bytes).chain(repeat(0))) {
            self.use_token(call, CallId { exchange, call: at }, 1, bytes);
        }
    }

    /// Whether an exchange's request has the method HEAD, whose response has no body.
    fn is_head(&self, exchange: u64) -> bool {
        self.journal.exchange(exchange).is_some_and(|record| record.head.method() == b"HEAD")
    }

    /// What an exchange asked for, as far as it is known.
    fn calls(&self, exchange: u64) -> Vec<Call> {
        self.journal.exchange(exchange).map(|record| record.calls.clone()).unwrap_or_default()
    }
}
