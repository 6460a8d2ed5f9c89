//! The adapter that calls `storage` and `api` directly, without socket, thread or real clock. It also
//! records which rows of the protocol's tables a case covers.

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

use crate::coverage::Items;
use crate::engine::Adapter;
use crate::given::{ACCOUNT, Given, GivenUser, SEED, START};
use crate::observed;
use crate::request::RenderedRequest;
use crate::response::Response;

/// The bytes of one frame of a body. The size is small, so that short bodies have several frames.
const FRAME_BYTES: usize = 5;

/// An origin without a server, and the rows of the tables that its requests covered.
pub(crate) struct Direct {
    storage: Storage,
    clock: Clock,
    store: BlobStore,
    given: Given,
    pub(crate) covered: Items,
}

impl Adapter for Direct {
    fn start(given: &Given) -> Self {
        let now = Timestamp::from_secs(START);
        let users = given.users.iter().map(user).collect();
        let setup =
            Setup { account: ACCOUNT.to_owned(), users, options: given.to_options(), seed: SEED };
        let mut storage = Storage::new(setup, now);
        let jane = storage.sessions().find_user("jane").unwrap();
        for at in &given.directories {
            storage
                .make_directory(Change::by_test(now), jane, &path(at), MissingParents::Create)
                .unwrap();
        }
        for (at, text) in &given.files {
            let content = Blob::from_bytes(text.clone());
            storage.plant(Change::by_test(now), jane, &path(at), content).unwrap();
        }
        if let Some(keys) = &given.keys {
            storage.set_keys(keys.clone());
        }
        let clock = Clock::new(now, ClockMode::Stopped);
        Self {
            storage,
            clock,
            store: BlobStore::default(),
            given: given.clone(),
            covered: Items::new(),
        }
    }

    fn issue_token(&mut self, user: &str) -> String {
        let user = self.storage.sessions().find_user(user).unwrap();
        let change = Change::by_test(self.now());
        let granted = self.storage.grant(
            change,
            user,
            Path::root(),
            TokenLifetime::default(),
            TokenSource::Http,
        );
        granted.unwrap().0
    }

    fn advance(&mut self, seconds: u64) {
        let before = self.storage.clone();
        self.clock.advance(Duration::from_secs(seconds));
        self.storage.run_due(self.now());
        self.storage.collect(self.now(), 0);
        self.covered.extend(observed::transitions(&before, &self.storage));
    }

    fn exchange(
        &mut self,
        request: &RenderedRequest,
        interfere_before: &mut dyn FnMut(&mut Self) -> Result<(), String>,
    ) -> Result<Response, String> {
        let instants = Instants::new(self.now(), Duration::ZERO);
        self.storage.run_due(instants.protocol);
        let before = self.storage.clone();
        let mut pending = match api::open(&mut self.storage, instants, request.head()) {
            Ok(pending) => pending,
            Err(error) => {
                self.observe(request, &error, &before)?;
                return Ok(received(*error, false));
            }
        };
        if request.expects_continue() {
            interfere_before(self)?;
        }
        let before = self.storage.clone();
        let body = self.read_body(pending.body_policy(), request);
        let response = self.commit(&mut pending, &body);
        self.observe(request, &response, &before)?;
        Ok(received(response, request.expects_continue()))
    }
}

impl Direct {
    fn now(&self) -> Timestamp {
        self.clock.at(Duration::ZERO)
    }

    fn commit(&mut self, pending: &mut api::PendingRequest, body: &RequestBody) -> api::Response {
        let change = Change::by_exchange(self.now(), 0);
        loop {
            match api::commit(&mut self.storage, change, pending, body) {
                CommitResult::Response(response) => return *response,
                CommitResult::NeedsDigests(blobs) => {
                    for blob in blobs {
                        blob.digest().unwrap();
                    }
                }
            }
        }
    }

    /// Records what a response covers, and fails if a rejected request changed the state.
    fn observe(
        &mut self,
        request: &RenderedRequest,
        response: &api::Response,
        before: &Storage,
    ) -> Result<(), String> {
        self.covered.extend(observed::covered(&self.given, request, response));
        self.covered.extend(observed::permissions(before, response));
        self.covered.extend(observed::transitions(before, &self.storage));
        // The clone shares its blobs with the original, so a digest that was computed since is in both.
        let is_rejected = is_rejected(response) && !is_always_recorded(request, &self.given);
        if is_rejected && format!("{:?}", self.storage) != format!("{before:?}") {
            return Err("a rejected request changed the state".to_owned());
        }
        Ok(())
    }

    /// Reads the body by its policy, up to one byte over the maximum.
    fn read_body(&self, policy: &BodyPolicy, request: &RenderedRequest) -> RequestBody {
        let max = match policy {
            BodyPolicy::Discard | BodyPolicy::Form(_) => u64::MAX,
            BodyPolicy::Store(max) | BodyPolicy::Whole(max) => *max,
        };
        let enough = usize::try_from(max).unwrap_or(usize::MAX).saturating_add(1);
        let read = &request.body()[..request.body().len().min(enough)];
        let (length, digest) = (read.len() as u64, Digest::compute(read));
        let kept = match policy {
            BodyPolicy::Discard => BodyData::Nothing,
            BodyPolicy::Store(_) => BodyData::Stored(self.stored(read, digest)),
            BodyPolicy::Whole(_) => BodyData::Whole(read.to_vec()),
            BodyPolicy::Form(boundary) => BodyData::Form(self.form(boundary, read)),
        };
        let end = match () {
            () if length > max => BodyEnd::TooLarge,
            () if request.is_truncated() => BodyEnd::Truncated,
            () => BodyEnd::Complete,
        };
        let start = read[..read.len().min(START_BYTES)].to_vec();
        RequestBody { end, length, digest, start, kept }
    }

    fn form(&self, boundary: &str, bytes: &[u8]) -> FilledForm {
        let mut form = FormReader::new(boundary, self.store.clone());
        bytes.chunks(FRAME_BYTES).for_each(|frame| form.push(frame).unwrap());
        form.finish()
    }

    fn stored(&self, bytes: &[u8], digest: Digest) -> Blob {
        let mut writer = self.store.writer(None);
        bytes.chunks(FRAME_BYTES).for_each(|frame| writer.write(frame).unwrap());
        writer.finish(digest)
    }
}

fn user(given: &GivenUser) -> UserRecord {
    let GivenUser { name, password, uid, gid, root } = given.clone();
    UserRecord { name: name.into(), password, uid, gid, root: path(&root) }
}

fn path(text: &str) -> Path {
    Path::parse(text.as_bytes(), PathEncoding::Raw, u64::MAX).unwrap()
}

/// Returns whether every call of the request was rejected.
fn is_rejected(response: &api::Response) -> bool {
    let rejected = |call: &Call| call.result_code.is_some_and(|row| !row.is_success());
    response.head.status >= 400 || response.calls.iter().all(rejected)
}

/// Returns whether even a rejected request changes the state: it uses up a signature (§9), or the rate
/// limit counts it (§1.11).
fn is_always_recorded(request: &RenderedRequest, given: &Given) -> bool {
    let is_signed = request.head().header("X-Agile-Signature").is_some();
    is_signed || given.options.iter().any(|(name, _)| name == "rate_limit")
}

fn received(response: api::Response, continued: bool) -> Response {
    let api::Response { head, body, .. } = response;
    let headers = head.headers().map(|(name, value)| (name.to_owned(), value.to_vec()));
    let body = match body {
        Body::Bytes(bytes) => bytes,
        Body::Blob(content, range) => {
            content.chunks(range).map(|chunk| chunk.unwrap()).collect::<Vec<_>>().concat()
        }
        Body::HeadOnly(_) => Vec::new(),
    };
    Response {
        continued,
        status: head.status,
        reason: head.reason.clone().into_owned(),
        headers: headers.collect(),
        body,
    }
}
