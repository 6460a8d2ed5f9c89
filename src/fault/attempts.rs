//! Counts attempts: how often the same request was made. Start with [`Attempts`].

use std::collections::HashMap;
use std::sync::Arc;

use crate::journal::{Call, Journal};
use crate::protocol::{Interface, Operation};

use super::CallMatcher;

/// The number of attempts of each request.
///
/// Two requests are the same if endpoint or method, path (without a path, the upload), user and part
/// number are the same. So pieces that are sent in parallel do not count together.
///
/// The size is bounded by the journal, with at most one entry per call, and is cleared with it.
#[derive(Clone, Debug, Default)]
pub(super) struct Attempts {
    by_path: HashMap<AttemptKey, u32>,
    by_upload: HashMap<AttemptKey, u32>,
}

/// The attempt number of a call, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Attempt {
    /// Among the same requests on the path, in any upload.
    pub(super) on_path: u32,
    /// Among the same requests in the upload.
    pub(super) in_upload: u32,
}

/// The identity of a request: requests with the same key are attempts of one another.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct AttemptKey {
    what: What,
    on: Option<Arc<str>>,
    user: Option<Arc<str>>,
    part: Option<u32>,
}

/// What is called. An operation of both interfaces counts together; others count by method.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum What {
    Operation(Operation),
    Method(String),
}

impl AttemptKey {
    /// Returns the key of a call among the calls on its path, in any upload.
    pub(crate) fn new(call: &Call) -> Self {
        key(call, call.path.as_ref().or(call.upload.as_ref()))
    }
}

impl Attempt {
    /// Returns the number that `matcher` uses: within the upload, if it selects one.
    pub(super) fn for_matcher(self, matcher: &CallMatcher) -> u32 {
        if matcher.upload.is_some() { self.in_upload } else { self.on_path }
    }
}

impl Attempts {
    /// Counts the calls in the journal.
    pub(super) fn from_journal(journal: &Journal) -> Self {
        let mut attempts = Self::default();
        for exchange in journal.exchanges().cloned(0..u64::MAX) {
            for call in &exchange.calls {
                attempts.count(&call.as_asked());
                // A form is counted at its head too, without its path.
                if call.operation == Operation::PostFile && call.path.is_some() {
                    attempts.count(&call.without_path());
                }
            }
        }
        attempts
    }

    /// Counts a call, and returns its attempt number.
    pub(super) fn count(&mut self, call: &Call) -> Attempt {
        let on = call.path.as_ref().or(call.upload.as_ref());
        let on_path = increment(&mut self.by_path, call, on);
        let in_upload = increment(&mut self.by_upload, call, call.upload.as_ref().or(on));
        Attempt { on_path, in_upload }
    }
}

fn increment(counts: &mut HashMap<AttemptKey, u32>, call: &Call, on: Option<&Arc<str>>) -> u32 {
    let count = counts.entry(key(call, on)).or_default();
    *count += 1;
    *count
}

fn key(call: &Call, on: Option<&Arc<str>>) -> AttemptKey {
    let shared = matches!(call.operation, Operation::Create | Operation::Complete);
    let what = match call.interface {
        Interface::JsonRpc if !shared => What::Method(call.name.to_string()),
        _ => What::Operation(call.operation),
    };
    let (on, user) = (on.cloned(), call.user.clone());
    AttemptKey { what, on, user, part: call.part }
}
