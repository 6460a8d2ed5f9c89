//! Counting attempts: how often the same has been asked for.

use std::collections::HashMap;

use crate::journal::{Call, Journal};
use crate::protocol::{Interface, Operation};

use super::CallMatcher;

/// How often each thing has been asked for.
///
/// The same is asked for when endpoint or method, path, user and part number are the same; where
/// there is no path, the upload. So pieces that are sent in parallel do not count for each other.
///
/// It grows with the journal, one count for each call at most, and is forgotten with it.
#[derive(Clone, Debug, Default)]
pub(super) struct Attempts {
    by_path: HashMap<Key, u32>,
    by_upload: HashMap<Key, u32>,
}

/// Which attempt a call is, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Attempt {
    /// Of the same on the path, in whichever upload.
    pub(super) on_path: u32,
    /// Of the same in the upload.
    pub(super) in_upload: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    what: What,
    on: String,
    user: Option<String>,
    part: Option<u32>,
}

/// An operation that both interfaces have is the same on both; others go by their methods.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum What {
    Operation(Operation),
    Method(String),
}

impl Attempt {
    /// As a trigger counts: one that names an upload counts in it.
    pub(super) fn for_trigger(self, matcher: &CallMatcher) -> u32 {
        if matcher.upload.is_some() { self.in_upload } else { self.on_path }
    }
}

impl Attempts {
    /// What has been asked for so far, as it would have been counted.
    pub(super) fn of(journal: &Journal) -> Self {
        let mut attempts = Self::default();
        for call in journal.exchanges().iter().flat_map(|exchange| &exchange.calls) {
            attempts.count(&call.as_asked());
            // A form is counted at its head too, where its path is not known.
            if call.operation == Operation::PostFile && call.path.is_some() {
                attempts.count(&call.without_path());
            }
        }
        attempts
    }

    /// Counts a call.
    pub(super) fn count(&mut self, call: &Call) -> Attempt {
        let on = call.path.as_ref().or(call.upload.as_ref());
        let on_path = count(&mut self.by_path, call, on);
        let in_upload = count(&mut self.by_upload, call, call.upload.as_ref().or(on));
        Attempt { on_path, in_upload }
    }
}

fn count(counts: &mut HashMap<Key, u32>, call: &Call, on: Option<&String>) -> u32 {
    let count = counts.entry(key(call, on)).or_default();
    *count += 1;
    *count
}

fn key(call: &Call, on: Option<&String>) -> Key {
    let shared = matches!(call.operation, Operation::Create | Operation::Complete);
    let what = match call.interface {
        Interface::JsonRpc if !shared => What::Method(call.name.to_string()),
        _ => What::Operation(call.operation),
    };
    let (on, user) = (on.cloned().unwrap_or_default(), call.user.clone());
    Key { what, on, user, part: call.part }
}
