//! JSON-RPC (§7).
//!
//! `envelope` reads requests and writes answers, `args` gives parameters their meaning, `method`
//! finds and calls what was named, and the methods lie in a file each by what they are about.

mod args;
mod changes;
mod envelope;
mod fetch;
mod files;
mod foresee;
mod json;
mod lists;
mod method;
mod multipart;
mod session;

use crate::content::Content;
use crate::journal::Call;
use crate::origin::{Caller, Change, Origin, Timestamp};
use crate::spec::{Cause, JSON_CONTENT_TYPE, JSONRPC2, Limit};

use super::answer::{Body, Draft};
use super::ask::Ask;
use super::{BodyEnd, Kept, Received, Twist};
use envelope::{Entrance, Form, Incoming, Message};
use method::Desk;

/// A JSON-RPC body that is being answered, request by request.
#[derive(Clone, Debug)]
pub(super) struct Conversation {
    entrance: Entrance,
    max_bytes: u64,
    max_batch: u64,
    /// The name by which the client called this origin.
    host: String,
    /// What the body held, once it has been read.
    incoming: Option<Incoming>,
    /// The answers so far.
    done: Vec<(String, Call)>,
    /// What is done to which of the requests, and whether it has changed anything.
    twists: Vec<(usize, Twist, bool)>,
    /// Who asks, where that has been judged before the requests are done.
    admitted: Vec<Option<Caller>>,
}

pub(super) fn open(ask: &Ask<'_>) -> Conversation {
    let is_2 = ask.route.path == JSONRPC2.path;
    let charset =
        ask.text("Content-Type").map(|given| envelope::charset(&given)).unwrap_or_default();
    Conversation {
        entrance: Entrance { is_2, charset },
        max_bytes: ask.origin.limits().of(Limit::JsonRpcBytes),
        max_batch: ask.origin.limits().of(Limit::BatchSize),
        host: ask.text("Host").unwrap_or_else(|| "localhost".to_owned()),
        incoming: None,
        done: Vec::new(),
        twists: Vec::new(),
        admitted: Vec::new(),
    }
}

impl Conversation {
    /// The most bytes that are read of a body.
    pub(super) fn max_bytes(&self) -> u64 {
        self.max_bytes
    }

    /// What the body asks for, as far as it tells before anything is done.
    pub(super) fn foresee(
        &mut self,
        origin: &Origin,
        now: Timestamp,
        body: &Received,
    ) -> Vec<Call> {
        let Self { entrance, max_batch, incoming, .. } = self;
        let incoming = incoming.get_or_insert_with(|| read(*entrance, body, *max_batch));
        incoming.messages.iter().map(|message| foresee::foresee(origin, now, message)).collect()
    }

    /// Has something done to the request with that number.
    pub(super) fn twist(&mut self, request: usize, twist: Twist) {
        self.twists.push((request, twist, false));
    }

    /// Whether what is done to the request with that number has changed anything.
    pub(super) fn is_twisted(&self, request: usize) -> bool {
        self.twists.iter().any(|(at, _, is_done)| *at == request && *is_done)
    }

    /// Judges the tokens now, however late the requests are done.
    pub(super) fn admit(&mut self, origin: &Origin, now: Timestamp) {
        let messages = self.incoming.iter().flat_map(|incoming| &incoming.messages);
        self.admitted = messages.map(|message| foresee::caller(origin, now, message)).collect();
    }

    /// Answers what has not been answered yet, or names the content whose digest the next answer
    /// needs; one that nobody reads needs none.
    pub(super) fn commit(
        &mut self,
        origin: &mut Origin,
        change: Change,
        body: &Received,
        is_unanswered: bool,
    ) -> Result<Draft, Content> {
        let Self { entrance, max_batch, incoming, done, host, twists, admitted, .. } = self;
        let incoming = incoming.get_or_insert_with(|| read(*entrance, body, *max_batch));
        for message in &incoming.messages[done.len()..] {
            let twisted = twists.iter_mut().find(|(at, ..)| *at == done.len());
            let (origin, twist) = match twisted {
                Some((_, Twist::AnswerFrom(past), _)) => (&mut **past, None),
                Some((_, twist, is_done)) => (&mut *origin, Some((&*twist, is_done))),
                None => (&mut *origin, None),
            };
            let admitted = admitted.get(done.len()).and_then(Option::as_ref);
            let change = change.at_call(done.len());
            let mut desk = Desk { origin, change, host, twist, admitted, is_unanswered };
            done.push(desk.answer(message)?);
        }
        let (texts, mut calls): (Vec<_>, Vec<_>) = done.drain(..).unzip();
        calls.shrink_to_fit(); // the record keeps them
        Ok(conclude(incoming.form, &texts, calls))
    }
}

fn read(entrance: Entrance, body: &Received, max_batch: u64) -> Incoming {
    match &body.kept {
        Kept::Whole(bytes) if body.end == BodyEnd::Whole => {
            envelope::read(entrance, bytes, max_batch)
        }
        _ => Incoming::single(Message::broken(entrance, Cause::NotARequest)),
    }
}

fn conclude(form: Form, texts: &[String], calls: Vec<Call>) -> Draft {
    let text = match form {
        Form::Single => texts.concat(),
        Form::Batch => format!("[{}]", texts.join(", ")),
    };
    let answer =
        Draft::plain(200).with_body(JSON_CONTENT_TYPE.as_bytes(), Body::Bytes(text.into_bytes()));
    answer.answering(calls)
}
