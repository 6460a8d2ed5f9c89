//! One request: open, body, commit, answer.

use std::pin::pin;
use std::sync::Arc;

use hyper::body::Incoming;
use hyper::{Request, Response};

use crate::content::Content;
use crate::fault::Cut;
use crate::journal::{EXCERPT_BYTES, Exchange, Framing, Head, Outcome};
use crate::origin::Change;
use crate::wire::{self, Answer, Body, BodyEnd, Committed, Plan};

use super::intake::{self, Lost};
use super::line::{Interrupted, Line};
use super::respond::{AnswerBody, respond};
use super::runtime;
use super::script::Script;
use super::shared::State;
use super::sink::Taken;
use super::strike::Pending;

/// Nothing can be answered any more: the connection is given up.
#[derive(Debug)]
pub(super) struct GivenUp;

impl std::fmt::Display for GivenUp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the client has gone")
    }
}

impl std::error::Error for GivenUp {}

/// A request on its way through.
pub(super) struct Walk {
    pub(super) line: Arc<Line>,
    pub(super) exchange: u64,
    /// The fault that strikes it, as long as that has not done what it does.
    pub(super) pending: Option<Pending>,
    /// Faults that strike single calls of it, until those are done.
    pub(super) on_calls: Vec<Pending>,
    /// Whether its answer is in the record.
    pub(super) is_begun: bool,
    /// The fault that holds its response.
    pub(super) held_by: Option<u64>,
    /// How often the origin had been reset when it came.
    epoch: u64,
}

/// What a request comes to.
pub(super) enum End {
    /// An answer, and what the record says once it is written.
    Answer(Box<Answer>, Outcome),
    /// What a fault has written in place of one.
    Script(Script),
    /// Nothing: the client went away.
    ClientGone,
}

/// Serves the request whose head the tap has just seen.
pub(super) async fn serve(
    line: Arc<Line>,
    request: Request<Incoming>,
) -> Result<Response<AnswerBody>, GivenUp> {
    let Some(raw) = line.take_head() else {
        line.shared.lock().journal.blame_ourselves("a request was served whose head was not seen");
        return Err(GivenUp);
    };
    let head = Head::new(raw);
    let framing = head.framing();
    let (version, body) = (request.version(), request.into_body());
    let (mut walk, opened) = open(&line, head, framing);
    let end = walk.reach_end(opened, body, framing).await;
    match walk.act_on_answer(end).await {
        End::Answer(mut answer, outcome) => {
            walk.begin(&mut answer);
            Ok(respond(Arc::clone(&walk.line), *answer, version, outcome))
        }
        End::Script(script) => {
            walk.line.end_with(script);
            Err(GivenUp)
        }
        End::ClientGone => Err(GivenUp),
    }
}

/// Opens the record, asks the core about the head, and what is to go wrong.
fn open(line: &Arc<Line>, head: Head, framing: Framing) -> (Walk, Result<Box<Plan>, Box<Answer>>) {
    let mut state = line.shared.lock();
    state.settle();
    let moment = state.moment();
    let opened = wire::open(&mut state.origin, moment, &head);
    let (calls, refused) = match &opened {
        Ok(plan) => (vec![plan.call().clone()], None),
        Err(answer) => (answer.calls.clone(), Some(answer.head.status)),
    };
    let (pending, ended) = state.choose_at_head(&calls[0], refused, &head);
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
        faults: ended.into_iter().collect(),
        opened: moment,
        committed: None,
        answered: None,
        closed: None,
        outcome: Outcome::Receiving,
    });
    let epoch = line.shared.epoch.current();
    line.opened(exchange, epoch);
    let (line, on_calls) = (Arc::clone(line), Vec::new());
    let (is_begun, held_by) = (false, None);
    let mut walk = Walk { line, exchange, pending, on_calls, is_begun, held_by, epoch };
    let mut opened = opened;
    if let (Err(answer), None) = (&mut opened, &walk.pending) {
        walk.begin_answer(&mut state, answer);
    }
    (walk, opened)
}

impl Walk {
    /// Takes the body in, has done what is asked for, and comes to an answer.
    async fn reach_end(
        &mut self,
        opened: Result<Box<Plan>, Box<Answer>>,
        body: Incoming,
        framing: Framing,
    ) -> End {
        if let Some(end) = self.act_at_head(opened.is_err()) {
            return end;
        }
        let mut plan = match opened {
            Ok(plan) => plan,
            Err(answer) => return End::Answer(answer, Outcome::Answered),
        };
        let line = Arc::clone(&self.line);
        match self.read_body(&line, &plan, body, framing).await {
            // The client still waits to be asked for its body.
            None => End::Script(Script::nothing(Cut::Close)),
            Some(Ok(taken)) => self.past_body(plan, taken).await,
            Some(Err(Lost::Braked(taken))) => self.act_in_body(&plan, &taken),
            Some(Err(Lost::Interrupted(why, taken))) => {
                self.end_in_body(&plan, &taken);
                self.interrupted(why)
            }
            Some(Err(Lost::OurFault(error))) => {
                let answer = self.our_fault(&mut plan, &error.to_string());
                End::Answer(answer, Outcome::Answered)
            }
        }
    }

    /// Reads the body. Gives nothing if the client was not asked for it, and is to be given up.
    async fn read_body(
        &mut self,
        line: &Line,
        plan: &Plan,
        body: Incoming,
        framing: Framing,
    ) -> Option<Result<Taken, Lost>> {
        let (unasked, brake) = (self.act_on_continue(), self.brake());
        let reading = intake::read(line, body, plan.intake(), framing, brake, || self.fire());
        let mut reading = pin!(reading);
        match unasked {
            None => Some(reading.await),
            Some(unasked) => Box::pin(unasked.wait(line, reading.as_mut())).await,
        }
    }

    async fn past_body(&mut self, mut plan: Box<Plan>, taken: Taken) -> End {
        if !self.choose_behind_body(&mut plan, &taken) {
            return self.forgotten();
        }
        let mut plan = match self.act_at_commit(plan, &taken) {
            Ok(plan) => plan,
            Err(end) => return end,
        };
        let is_short = taken.received.end == BodyEnd::Short;
        let outcome = if is_short { Outcome::CutShort } else { Outcome::Answered };
        match self.commit(&mut plan, &taken).await {
            Some(answer) => End::Answer(answer, outcome),
            None => self.forgotten(),
        }
    }

    /// Whether the origin was reset since the request came: it must not get into the new one.
    pub(super) fn is_forgotten(&self, _: &State) -> bool {
        self.epoch != self.line.shared.epoch.current()
    }

    /// The end of a request that need not wait any longer.
    pub(super) fn interrupted(&mut self, why: Interrupted) -> End {
        match why {
            Interrupted::OriginReset => self.forgotten(),
            Interrupted::ClientGone => {
                self.line.close(Outcome::ClientGone);
                End::ClientGone
            }
        }
    }

    /// The end of a request of an earlier time: nobody knows any more what to answer.
    pub(super) fn forgotten(&mut self) -> End {
        self.pending = None;
        End::Script(Script::nothing(Cut::Close))
    }

    /// Has the core do what was asked, unless it has been reset. Digests that it needs first are
    /// computed elsewhere meanwhile.
    async fn commit(&mut self, plan: &mut Plan, taken: &Taken) -> Option<Box<Answer>> {
        loop {
            let needed = match self.try_commit(plan, taken)? {
                Ok(answer) => return Some(answer),
                Err(needed) => needed,
            };
            if let Err(error) = digest(needed).await {
                return Some(self.our_fault(plan, &error));
            }
        }
    }

    fn try_commit(
        &mut self,
        plan: &mut Plan,
        taken: &Taken,
    ) -> Option<Result<Box<Answer>, Content>> {
        let line = Arc::clone(&self.line);
        let mut state = line.shared.lock();
        if self.is_forgotten(&state) {
            return None;
        }
        state.settle();
        let change = Change::by_exchange(state.now(), self.exchange);
        let committed = match self.past(&state) {
            Some(mut past) => wire::commit(&mut past, change, plan, &taken.received),
            None => wire::commit(&mut state.origin, change, plan, &taken.received),
        };
        match committed {
            Committed::Answer(mut answer) => {
                record_body(&mut state, self.exchange, taken);
                self.record_commit(&mut state, &answer);
                self.act_after_commit(&mut state, plan, taken, &answer);
                if self.pending.is_none() {
                    self.begin_answer(&mut state, &mut answer);
                }
                Some(Ok(answer))
            }
            Committed::NeedsDigest(content) => Some(Err(content)),
        }
    }

    fn record_commit(&mut self, state: &mut State, answer: &Answer) {
        let moment = answer.is_done().then(|| state.moment());
        let calls = if self.pending.is_some() { answer.calls.clone() } else { Vec::new() };
        state.journal.update(self.exchange, |record| {
            record.committed = moment;
            if !calls.is_empty() {
                record.calls = calls;
            }
        });
    }

    /// Notes, before its first byte, that an answer is on its way.
    pub(super) fn begin(&mut self, answer: &mut Answer) {
        if self.is_begun {
            return;
        }
        let line = Arc::clone(&self.line);
        let mut state = line.shared.lock();
        self.begin_answer(&mut state, answer);
    }

    /// Its response is held no longer.
    pub(super) fn end_hold(&mut self, state: &mut State) {
        if let Some(fault) = self.held_by.take() {
            state.holds.end(fault);
        }
    }

    fn begin_answer(&mut self, state: &mut State, answer: &mut Answer) {
        self.is_begun = true;
        self.end_hold(state);
        let moment = state.moment();
        let is_file = matches!(answer.body, Body::Content(..));
        let outcome = if is_file { Outcome::Sending } else { Outcome::Answering };
        let enders = state.enders_of_tokens(&answer.calls);
        state.journal.update(self.exchange, |record| {
            record.calls = std::mem::take(&mut answer.calls);
            record.answer = Some(Arc::clone(&answer.head));
            record.answered = Some(moment);
            record.outcome = outcome;
            record.faults.extend(enders);
        });
    }

    /// The environment let us down: 500, and the verdict will say why.
    fn our_fault(&mut self, plan: &mut Plan, why: &str) -> Box<Answer> {
        let mut state = self.line.shared.lock();
        let now = state.now();
        state.journal.blame_ourselves(format!("exchange {}: {why}", self.exchange));
        Answer::our_fault(&state.origin, plan.call().clone(), now)
    }
}

/// Computes a digest, which reads all of a content, where it keeps nobody waiting.
async fn digest(content: Content) -> Result<(), String> {
    let runtime = runtime::handle().map_err(|error| error.to_string())?;
    let computed = runtime.spawn_blocking(move || content.digest().map(|_| ())).await;
    computed.map_err(|error| error.to_string())?.map_err(|error| error.to_string())
}

pub(super) fn record_body(state: &mut State, exchange: u64, taken: &Taken) {
    state.journal.update(exchange, |record| {
        record.received = taken.received.length;
        record.digest = (taken.received.end == BodyEnd::Whole).then_some(taken.received.digest);
        let start = &taken.received.start;
        record.excerpt = start[..start.len().min(EXCERPT_BYTES)].into();
        record.body.clone_from(&taken.body);
    });
}
