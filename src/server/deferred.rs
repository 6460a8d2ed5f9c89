//! Commits that run after their response was sent. Start with [`DeferredCommits`].

use std::collections::VecDeque;

use crate::api::{self, PendingRequest, RequestBody};
use crate::journal::Calls;
use crate::storage::{Actor, CallId, Change, Storage, Timestamp};

/// Commits that are due at a later protocol time.
#[derive(Debug, Default)]
pub(crate) struct DeferredCommits(VecDeque<DeferredCommit>);

#[derive(Debug)]
pub(crate) struct DeferredCommit {
    pub(crate) at: Timestamp,
    pub(crate) exchange: u64,
    /// The fault that deferred it; `None` for chaos.
    pub(crate) fault: Option<u64>,
    pub(crate) request: Box<PendingRequest>,
    pub(crate) received: RequestBody,
}

impl DeferredCommits {
    /// Adds a commit.
    pub(crate) fn set(&mut self, commit: DeferredCommit) {
        // After those that are due at the same time.
        let position = self.0.partition_point(|other| other.at <= commit.at);
        self.0.insert(position, commit);
    }

    /// Returns the faults whose commits have not run yet.
    pub(crate) fn faults(&self) -> impl Iterator<Item = u64> {
        self.0.iter().filter_map(|commit| commit.fault)
    }

    /// Returns whether there is no commit.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns when the first commit is due.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        self.0.front().map(|commit| commit.at)
    }

    /// Removes all commits.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Removes and returns the first commit, if it is due.
    pub(crate) fn take_due(&mut self, now: Timestamp) -> Option<DeferredCommit> {
        self.0.front().filter(|first| first.at <= now)?;
        self.0.pop_front()
    }
}

impl DeferredCommit {
    /// Carries out the commit at its own time. Returns its calls, or `None` if the origin rejects
    /// it by now.
    pub(crate) fn run(&mut self, storage: &mut Storage) -> Option<Calls> {
        let call = CallId { exchange: self.exchange, call: 0 };
        let by = Actor::DeferredCall { call, fault: self.fault };
        let change = Change { at: self.at, by };
        let response =
            api::commit_without_response(storage, change, &mut self.request, &self.received);
        response.is_done().then_some(response.calls)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::api::BodyData;
    use crate::blob::Blob;
    use crate::journal::{Head, Instants};
    use crate::protocol::Options;
    use crate::storage::{
        Path, PathEncoding, Setup, TokenLifetime, TokenSource, UserId, UserRecord,
    };

    fn path(text: &str) -> Path {
        Path::parse(text.as_bytes(), PathEncoding::Raw, 100).unwrap()
    }

    #[test]
    fn a_deferred_commit_reads_no_content() {
        let now = Timestamp::from_secs(1_000);
        let (name, password, root) = ("jane".into(), "secret".to_owned(), Path::root());
        let users = vec![UserRecord { name, password, uid: 1, gid: 1, root }];
        let (account, options) = ("acme".to_owned(), Options::default());
        let change = Change::by_test(now);
        let mut storage = Storage::new(Setup { account, users, options, seed: 1 }, now);
        let joined = Blob::join(["one", "two"].map(Blob::from_bytes));
        storage.plant(change, UserId::FIRST, &path("/joined"), joined.clone()).unwrap();
        let (life, by) = (TokenLifetime::default(), TokenSource::Http);
        let (token, _) = storage.grant(change, UserId::FIRST, Path::root(), life, by).unwrap();

        let head = Head::new(*b"POST /jsonrpc2 HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n");
        let instants = Instants { protocol: now, elapsed: Duration::ZERO };
        let request = api::open(&mut storage, instants, &head).unwrap();
        let batch = format!(
            r#"[{{"jsonrpc": "2.0", "id": 1, "method": "stat", "params": ["{token}", "/joined", true]}},
                {{"jsonrpc": "2.0", "id": 2, "method": "listFile", "params": {{"token": "{token}", "path": "/", "stat": true}}}},
                {{"jsonrpc": "2.0", "id": 3, "method": "makeDir", "params": ["{token}", "/made"]}}]"#
        );
        let received =
            RequestBody { kept: BodyData::Whole(batch.into_bytes()), ..RequestBody::nothing() };
        assert!(request.dry_run(&storage, now, &received).has_done(2));
        assert!(storage.tree().get(&path("/made")).is_err(), "a dry run changes nothing");
        let mut commits = DeferredCommits::default();
        commits.set(DeferredCommit { at: now, exchange: 0, fault: None, request, received });
        assert_eq!(commits.take_due(now).unwrap().run(&mut storage).unwrap().len(), 3);
        assert!(storage.tree().directory(&path("/made")).is_ok());
        assert_eq!(joined.known_digest(), None);
    }
}
