//! One request: open, body, commit, answer.

use std::sync::Arc;

use hyper::Response;
use hyper::body::Incoming;

use crate::content::Content;
use crate::journal::{EXCERPT_BYTES, Exchange, Framing, Head, Outcome};
use crate::wire::{self, Answer, Body, BodyEnd, Committed, Plan};

use super::intake::{self, Lost, Taken};
use super::line::Line;
use super::respond::{AnswerBody, respond};
use super::runtime;
use super::shared::State;

/// Nothing can be answered any more: the connection is given up.
#[derive(Debug)]
pub(super) struct GivenUp;

impl std::fmt::Display for GivenUp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the client has gone")
    }
}

impl std::error::Error for GivenUp {}

/// Serves the request whose head the tap has just seen.
pub(super) async fn serve(
    line: Arc<Line>,
    body: Incoming,
) -> Result<Response<AnswerBody>, GivenUp> {
    let Some(raw) = line.take_head() else {
        line.shared.lock().journal.blame_ourselves("a request was served whose head was not seen");
        return Err(GivenUp);
    };
    let head = Head::new(raw);
    let framing = head.framing();
    let (exchange, opened) = open(&line, head, framing);
    let mut plan = match opened {
        Ok(plan) => plan,
        Err(answer) => return Ok(respond(line, *answer, Outcome::Answered)),
    };
    match intake::read(&line, body, plan.intake(), framing).await {
        Ok(taken) => {
            let answer = commit(&line, exchange, &mut plan, &taken).await;
            let is_short = taken.received.end == BodyEnd::Short;
            let outcome = if is_short { Outcome::CutShort } else { Outcome::Answered };
            Ok(respond(line, *answer, outcome))
        }
        Err(Lost::ClientGone(taken)) => {
            record_body(&mut line.shared.lock(), exchange, &taken);
            line.close(Outcome::ClientGone);
            Err(GivenUp)
        }
        Err(Lost::OurFault(error)) => {
            let answer = our_fault(&line, exchange, &plan, &error.to_string());
            Ok(respond(line, *answer, Outcome::Answered))
        }
    }
}

/// Opens the record, and asks the core about the head.
fn open(line: &Line, head: Head, framing: Framing) -> (u64, Result<Plan, Box<Answer>>) {
    let mut state = line.shared.lock();
    let moment = state.moment();
    let mut opened = wire::open(&mut state.origin, moment, &head);
    let calls = match &opened {
        Ok(plan) => vec![plan.call().clone()],
        // Filled in with the answer, below.
        Err(_) => Vec::new(),
    };
    let exchange = state.journal.open(|index| Exchange {
        index,
        connection: line.index,
        head,
        framing,
        received: 0,
        digest: None,
        excerpt: Box::default(),
        body: None,
        calls,
        answer: None,
        written: 0,
        faults: Vec::new(),
        opened: moment,
        committed: None,
        answered: None,
        closed: None,
        outcome: Outcome::Receiving,
    });
    line.opened(exchange);
    if let Err(answer) = &mut opened {
        begin_answer(&mut state, exchange, answer);
    }
    drop(state);
    line.shared.tell();
    (exchange, opened)
}

/// Has the core do what was asked. Digests that it needs first are computed elsewhere meanwhile.
async fn commit(line: &Line, exchange: u64, plan: &mut Plan, taken: &Taken) -> Box<Answer> {
    loop {
        let needed = match try_commit(line, exchange, plan, taken) {
            Ok(answer) => return answer,
            Err(needed) => needed,
        };
        if let Err(error) = digest(needed).await {
            return our_fault(line, exchange, plan, &error);
        }
    }
}

fn try_commit(
    line: &Line,
    exchange: u64,
    plan: &mut Plan,
    taken: &Taken,
) -> Result<Box<Answer>, Content> {
    let mut state = line.shared.lock();
    let now = state.now();
    match wire::commit(&mut state.origin, now, plan, &taken.received) {
        Committed::Answer(mut answer) => {
            record_body(&mut state, exchange, taken);
            begin_answer(&mut state, exchange, &mut answer);
            drop(state);
            line.shared.tell();
            Ok(answer)
        }
        Committed::NeedsDigest(content) => Err(content),
    }
}

/// Computes a digest, which reads all of a content, where it keeps nobody waiting.
async fn digest(content: Content) -> Result<(), String> {
    let runtime = runtime::handle().map_err(|error| error.to_string())?;
    let computed = runtime.spawn_blocking(move || content.digest().map(|_| ())).await;
    computed.map_err(|error| error.to_string())?.map_err(|error| error.to_string())
}

fn record_body(state: &mut State, exchange: u64, taken: &Taken) {
    state.journal.update(exchange, |record| {
        record.received = taken.received.length;
        record.digest = (taken.received.end == BodyEnd::Whole).then_some(taken.received.digest);
        let start = &taken.received.start;
        record.excerpt = start[..start.len().min(EXCERPT_BYTES)].into();
        record.body.clone_from(&taken.body);
    });
}

/// Notes, before its first byte, that an answer is on its way.
fn begin_answer(state: &mut State, exchange: u64, answer: &mut Answer) {
    let moment = state.moment();
    let is_file = matches!(answer.body, Body::Content(..));
    let outcome = if is_file { Outcome::Sending } else { Outcome::Answering };
    state.journal.update(exchange, |record| {
        record.calls = std::mem::take(&mut answer.calls);
        record.answer = Some(Arc::clone(&answer.head));
        record.answered = Some(moment);
        record.outcome = outcome;
    });
}

/// The environment let us down: 500, and the verdict will say why.
fn our_fault(line: &Line, exchange: u64, plan: &Plan, why: &str) -> Box<Answer> {
    let mut state = line.shared.lock();
    let mut answer = Answer::our_fault(plan.call().clone(), state.now());
    state.journal.blame_ourselves(format!("exchange {exchange}: {why}"));
    begin_answer(&mut state, exchange, &mut answer);
    drop(state);
    line.shared.tell();
    answer
}
