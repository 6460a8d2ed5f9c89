//! Straight into the sans-I/O rooms: no socket, no thread, no wall clock.

use std::time::Duration;

use mock_origin::content::{Content, Digest, Store};
use mock_origin::journal::Call;
use mock_origin::origin::{
    Clock, Life, Origin, Pace, Parents, Path, Setup, Spelling, Timestamp, User,
};
use mock_origin::spec::Limits;
use mock_origin::wire::{self, Body, BodyEnd, Committed, Intake, Kept, Received};

use crate::answer::Answer;
use crate::coverage::Facts;
use crate::engine::Adapter;
use crate::given::{ACCOUNT, Given, GivenUser, SEED, START};
use crate::observed;
use crate::request::Sent;

/// How much of a body goes into one frame: little, so that small bodies have several.
const FRAME: usize = 5;

/// An origin at arm's length. It notes which rows of the protocol's tables it was led through.
pub(crate) struct Direct {
    origin: Origin,
    clock: Clock,
    store: Store,
    given: Given,
    pub(crate) facts: Facts,
}

impl Adapter for Direct {
    fn start(given: &Given) -> Self {
        let now = Timestamp::from_secs(START);
        let mut limits = Limits::default();
        given.limits.iter().for_each(|(limit, figure)| limits.set(*limit, *figure));
        let users = given.users.iter().map(user).collect();
        let setup = Setup { account: ACCOUNT.to_owned(), users, limits, seed: SEED };
        let mut origin = Origin::new(setup, now);
        let jane = origin.sessions().user_named("jane").unwrap();
        for at in &given.directories {
            origin.make_directory(now, jane, &path(at), Parents::Made).unwrap();
        }
        for (at, text) in &given.files {
            origin.plant(now, jane, &path(at), Content::from_bytes(text.clone())).unwrap();
        }
        let clock = Clock::new(now, Pace::Stopped);
        Self { origin, clock, store: Store::default(), given: given.clone(), facts: Facts::new() }
    }

    fn token(&mut self, user: &str) -> String {
        let user = self.origin.sessions().user_named(user).unwrap();
        self.origin.grant(self.now(), user, Path::root(), Life::default()).unwrap().0
    }

    fn advance(&mut self, seconds: u64) {
        let before = self.origin.clone();
        self.clock.advance(Duration::from_secs(seconds));
        self.origin.collect(self.now());
        self.facts.extend(observed::steps(&before, &self.origin));
    }

    fn exchange(
        &mut self,
        sent: &Sent,
        meanwhile: &mut dyn FnMut(&mut Self) -> Result<(), String>,
    ) -> Result<Answer, String> {
        let mut plan = match wire::open(&self.origin, self.now(), sent.head()) {
            Ok(plan) => plan,
            Err(refusal) => {
                self.observe(sent, &refusal, &self.origin.clone())?;
                return Ok(as_found(*refusal, false));
            }
        };
        if sent.waits() {
            meanwhile(self)?;
        }
        let before = self.origin.clone();
        let body = self.take_in(plan.intake(), sent);
        let answer = self.commit(&mut plan, &body);
        self.observe(sent, &answer, &before)?;
        Ok(as_found(answer, sent.waits()))
    }
}

impl Direct {
    fn now(&self) -> Timestamp {
        self.clock.at(Duration::ZERO)
    }

    fn commit(&mut self, plan: &mut wire::Plan, body: &Received) -> wire::Answer {
        let now = self.now();
        loop {
            match wire::commit(&mut self.origin, now, plan, body) {
                Committed::Answer(answer) => return *answer,
                Committed::NeedsDigest(content) => content.digest().map(drop).unwrap(),
            }
        }
    }

    /// Notes what an answer touched, and sees to it that a refusal touched nothing else.
    fn observe(
        &mut self,
        sent: &Sent,
        answer: &wire::Answer,
        before: &Origin,
    ) -> Result<(), String> {
        self.facts.extend(observed::facts(&self.given, sent, answer));
        self.facts.extend(observed::permissions(before, answer));
        self.facts.extend(observed::steps(before, &self.origin));
        // The clone shares its contents with the original, and so what is known of their digests.
        if is_refused(answer) && format!("{:?}", self.origin) != format!("{before:?}") {
            return Err("a refused call leaves the state as it was".to_owned());
        }
        Ok(())
    }

    /// Reads the body as the plan says, and not beyond the byte that is one too many.
    fn take_in(&self, intake: Intake, sent: &Sent) -> Received {
        let max = match intake {
            Intake::Discard => u64::MAX,
            Intake::Store(max) | Intake::Whole(max) => max,
        };
        let enough = usize::try_from(max).unwrap_or(usize::MAX).saturating_add(1);
        let read = &sent.body()[..sent.body().len().min(enough)];
        let (length, digest) = (read.len() as u64, Digest::of(read));
        let kept = match intake {
            Intake::Discard => Kept::Nothing,
            Intake::Store(_) => Kept::Stored(self.stored(read, digest)),
            Intake::Whole(_) => Kept::Whole(read.to_vec()),
        };
        let end = match () {
            () if length > max => BodyEnd::TooLong,
            () if sent.is_cut() => BodyEnd::Short,
            () => BodyEnd::Whole,
        };
        Received { end, length, digest, kept }
    }

    fn stored(&self, bytes: &[u8], digest: Digest) -> Content {
        let mut writer = self.store.writer(None);
        bytes.chunks(FRAME).for_each(|frame| writer.write(frame).unwrap());
        writer.finish(digest)
    }
}

fn user(given: &GivenUser) -> User {
    let GivenUser { name, password, uid, gid, root } = given.clone();
    User { name, password, uid, gid, root: path(&root) }
}

fn path(text: &str) -> Path {
    Path::parse(text.as_bytes(), Spelling::Plain, u64::MAX).unwrap()
}

/// Whether nothing of what was asked for was done.
fn is_refused(answer: &wire::Answer) -> bool {
    let refused = |call: &Call| call.row.is_some_and(|row| !row.is_success());
    answer.head.status >= 400 || answer.calls.iter().all(refused)
}

fn as_found(answer: wire::Answer, continued: bool) -> Answer {
    let wire::Answer { head, body, .. } = answer;
    let headers = head.headers.iter().map(|(name, value)| ((*name).to_owned(), value.to_vec()));
    let body = match body {
        Body::Bytes(bytes) => bytes,
        Body::Content(content, range) => {
            content.chunks(range).map(|chunk| chunk.unwrap()).collect::<Vec<_>>().concat()
        }
        Body::HeadOnly(_) => Vec::new(),
    };
    Answer {
        continued,
        status: head.status,
        reason: head.reason.to_owned(),
        headers: headers.collect(),
        body,
    }
}
