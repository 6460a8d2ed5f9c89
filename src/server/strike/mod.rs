//! How faults act on a request.
//!
//! [`interim`] is about what is sent before its final response, [`body`] about what happens up to the
//! end of its body, [`commit`] about what happens when it
//! is done, [`answer`] about its answer, [`spend`] about the account. What is called `choose_…` asks
//! which fault strikes, and `act_…` does what it does. A strike is spent when it has done that; until
//! then it is the request's, and goes back to its fault if nothing comes of it.

mod alter;
mod answer;
mod body;
mod commit;
mod interim;
mod spend;

use std::iter::{once, repeat};

use crate::fault::{Circumstances, InterimSupport, Stage, Strike};
use crate::journal::{Call, Head};
use crate::origin::{Actor, CallId, Change};

use super::shared::State;

/// A strike, and which of the request's calls it is about.
#[derive(Debug)]
pub(super) struct Pending {
    strike: Strike,
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
    /// Which fault strikes a request whose head has just been judged. JSON-RPC is asked about when
    /// its body has told what it is.
    pub(super) fn choose_at_head(
        &mut self,
        call: &Call,
        refused: Option<u16>,
        head: &Head,
    ) -> Option<Pending> {
        if self.faults.is_idle() {
            return None;
        }
        let during = CallId { exchange: self.journal.next_exchange(), call: 0 };
        self.use_token(call, during, 1, 0);
        let (declared, interim) = (head.framing().length(), interim_support(head));
        let circumstances = Circumstances { at: Stage::Head, refused, declared, interim };
        let strike = self.faults.strike(call, circumstances)?;
        Some(Pending { strike, call: 0 })
    }

    /// Counts the use of a token, and ends it if a fault wants that.
    fn use_token(&mut self, call: &Call, during: CallId, requests: u64, bytes: u64) {
        let fault = self.faults.use_token(call, requests, bytes);
        if let (Some(session), Some(_)) = (call.session, fault) {
            let by = Actor::Fault { fault, during: Some(during) };
            self.origin.end_session(Change { at: self.now(), by }, session);
        }
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
