//! Straight into the sans-I/O rooms: no socket, no thread, no wall clock.

use std::time::Duration;

use mock_origin::internals::api;
use mock_origin::internals::api::{
    Body, BodyData, BodyEnd, BodyPolicy, CommitResult, FilledForm, FormReader, RequestBody,
    START_BYTES,
};
use mock_origin::internals::blob::{Blob, BlobStore};
use mock_origin::internals::storage::{
    Change, Clock, ClockMode, MissingParents, Path, PathEncoding, Setup, Storage, Timestamp,
    TokenLifetime, TokenSource, UserRecord,
};
use mock_origin::journal::{Call, Digest, Instants};

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
    origin: Storage,
    clock: Clock,
    store: BlobStore,
    given: Given,
    pub(crate) facts: Facts,
}

impl Adapter for Direct {
    fn start(given: &Given) -> Self {
        let now = Timestamp::from_secs(START);
        let users = given.users.iter().map(user).collect();
        let setup =
            Setup { account: ACCOUNT.to_owned(), users, options: given.to_options(), seed: SEED };
        let mut origin = Storage::new(setup, now);
        let jane = origin.sessions().find_user("jane").unwrap();
        for at in &given.directories {
            origin
                .make_directory(Change::by_test(now), jane, &path(at), MissingParents::Create)
                .unwrap();
        }
        for (at, text) in &given.files {
            let content = Blob::from_bytes(text.clone());
            origin.plant(Change::by_test(now), jane, &path(at), content).unwrap();
        }
        if let Some(keys) = &given.keys {
            origin.set_keys(keys.clone());
        }
        let clock = Clock::new(now, ClockMode::Stopped);
        Self {
            origin,
            clock,
            store: BlobStore::default(),
            given: given.clone(),
            facts: Facts::new(),
        }
    }

    fn token(&mut self, user: &str) -> String {
        let user = self.origin.sessions().find_user(user).unwrap();
        let change = Change::by_test(self.now());
        let granted = self.origin.grant(
            change,
            user,
            Path::root(),
            TokenLifetime::default(),
            TokenSource::Http,
        );
        granted.unwrap().0
    }

    fn advance(&mut self, seconds: u64) {
        let before = self.origin.clone();
        self.clock.advance(Duration::from_secs(seconds));
        self.origin.run_due(self.now());
        self.origin.collect(self.now(), 0);
        self.facts.extend(observed::steps(&before, &self.origin));
    }

    fn exchange(
        &mut self,
        sent: &Sent,
        interfere_before: &mut dyn FnMut(&mut Self) -> Result<(), String>,
    ) -> Result<Answer, String> {
        let instants = Instants::new(self.now(), Duration::ZERO);
        self.origin.run_due(instants.protocol);
        let before = self.origin.clone();
        let mut plan = match api::open(&mut self.origin, instants, sent.head()) {
            Ok(plan) => plan,
            Err(refusal) => {
                self.observe(sent, &refusal, &before)?;
                return Ok(as_found(*refusal, false));
            }
        };
        if sent.waits() {
            interfere_before(self)?;
        }
        let before = self.origin.clone();
        let body = self.take_in(plan.body_policy(), sent);
        let answer = self.commit(&mut plan, &body);
        self.observe(sent, &answer, &before)?;
        Ok(as_found(answer, sent.waits()))
    }
}

impl Direct {
    fn now(&self) -> Timestamp {
        self.clock.at(Duration::ZERO)
    }

    fn commit(&mut self, plan: &mut api::PendingRequest, body: &RequestBody) -> api::Response {
        let change = Change::by_exchange(self.now(), 0);
        loop {
            match api::commit(&mut self.origin, change, plan, body) {
                CommitResult::Response(answer) => return *answer,
                CommitResult::NeedsDigest(content) => content.digest().map(drop).unwrap(),
            }
        }
    }

    /// Notes what an answer touched, and sees to it that a refusal touched nothing else.
    fn observe(
        &mut self,
        sent: &Sent,
        answer: &api::Response,
        before: &Storage,
    ) -> Result<(), String> {
        self.facts.extend(observed::facts(&self.given, sent, answer));
        self.facts.extend(observed::permissions(before, answer));
        self.facts.extend(observed::steps(before, &self.origin));
        // The clone shares its contents with the original, and so what is known of their digests.
        let is_refused = is_refused(answer) && !leaves_a_trace(sent, &self.given);
        if is_refused && format!("{:?}", self.origin) != format!("{before:?}") {
            return Err("a refused call leaves the state as it was".to_owned());
        }
        Ok(())
    }

    /// Reads the body as the plan says, and not beyond the byte that is one too many.
    fn take_in(&self, intake: &BodyPolicy, sent: &Sent) -> RequestBody {
        let max = match intake {
            BodyPolicy::Discard | BodyPolicy::Form(_) => u64::MAX,
            BodyPolicy::Store(max) | BodyPolicy::Whole(max) => *max,
        };
        let enough = usize::try_from(max).unwrap_or(usize::MAX).saturating_add(1);
        let read = &sent.body()[..sent.body().len().min(enough)];
        let (length, digest) = (read.len() as u64, Digest::compute(read));
        let kept = match intake {
            BodyPolicy::Discard => BodyData::Nothing,
            BodyPolicy::Store(_) => BodyData::Stored(self.stored(read, digest)),
            BodyPolicy::Whole(_) => BodyData::Whole(read.to_vec()),
            BodyPolicy::Form(boundary) => BodyData::Form(self.form(boundary, read)),
        };
        let end = match () {
            () if length > max => BodyEnd::TooLarge,
            () if sent.is_cut() => BodyEnd::Truncated,
            () => BodyEnd::Complete,
        };
        let start = read[..read.len().min(START_BYTES)].to_vec();
        RequestBody { end, length, digest, start, kept }
    }

    fn form(&self, boundary: &str, bytes: &[u8]) -> FilledForm {
        let mut form = FormReader::new(boundary, self.store.clone());
        bytes.chunks(FRAME).for_each(|frame| form.push(frame).unwrap());
        form.finish()
    }

    fn stored(&self, bytes: &[u8], digest: Digest) -> Blob {
        let mut writer = self.store.writer(None);
        bytes.chunks(FRAME).for_each(|frame| writer.write(frame).unwrap());
        writer.finish(digest)
    }
}

fn user(given: &GivenUser) -> UserRecord {
    let GivenUser { name, password, uid, gid, root } = given.clone();
    UserRecord { name, password, uid, gid, root: path(&root) }
}

fn path(text: &str) -> Path {
    Path::parse(text.as_bytes(), PathEncoding::Raw, u64::MAX).unwrap()
}

/// Whether nothing of what was asked for was done.
fn is_refused(answer: &api::Response) -> bool {
    let refused = |call: &Call| call.result_code.is_some_and(|row| !row.is_success());
    answer.head.status >= 400 || answer.calls.iter().all(refused)
}

/// Whether it counts that a call came, whatever came of it: signatures are used up (§9), and
/// requests are counted (§1.11).
fn leaves_a_trace(sent: &Sent, given: &Given) -> bool {
    let is_signed = sent.head().header("X-Agile-Signature").is_some();
    is_signed || given.options.iter().any(|(name, _)| name == "rate_limit")
}

fn as_found(answer: api::Response, continued: bool) -> Answer {
    let api::Response { head, body, .. } = answer;
    let headers =
        head.headers.iter().map(|(name, value)| (name.clone().into_owned(), value.to_vec()));
    let body = match body {
        Body::Bytes(bytes) => bytes,
        Body::Blob(content, range) => {
            content.chunks(range).map(|chunk| chunk.unwrap()).collect::<Vec<_>>().concat()
        }
        Body::HeadOnly(_) => Vec::new(),
    };
    Answer {
        continued,
        status: head.status,
        reason: head.reason.clone().into_owned(),
        headers: headers.collect(),
        body,
    }
}
