//! A fault with its counters, and the place where the test added it. Start with [`FaultRecord`].

use std::fmt;
use std::sync::Arc;

use crate::journal::{Call, FaultRef};
use crate::storage::Storage;

use super::applicability::check_applicable;
use super::attempts::Attempt;
use super::call_context::CallContext;
use super::injection::Injection;
use super::{CallMatcher, Fault, FaultAction, Kind, Repeat};

/// A fault with its counters.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FaultRecord {
    /// The number of the fault on this origin.
    pub id: u64,
    /// The fault.
    pub fault: Arc<Fault>,
    /// The name in messages.
    pub name: Arc<str>,
    /// Where the test added it, or `None` if it was parsed from text.
    pub location: Option<SourceLocation>,
    /// The number of selected calls or connections.
    pub matched: u64,
    /// The number of injections.
    pub fired: u64,
    /// Why the latest selected call or connection was skipped.
    pub skip_reason: Option<Arc<str>>,
    /// Whether a held response was never released, or a deferred operation never carried out.
    pub unreleased: bool,
    /// Whether verification fails if the fault is never injected.
    pub(crate) is_judged: bool,
    /// The number of the first exchange that began after it was added.
    pub(super) before: u64,
    /// The number of pending injections.
    pub(super) reserved: u64,
    /// The state of the origin when it was added, for stale responses.
    pub(super) past: Option<Arc<Storage>>,
}

/// The source location at which a test added a fault.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SourceLocation {
    /// The source file.
    pub file: String,
    /// The line, counted from 1.
    pub line: u32,
}

impl fmt::Display for SourceLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

impl FaultRecord {
    /// Returns whether the fault holds responses until the test releases them.
    pub fn holds(&self) -> bool {
        matches!(self.fault.kind, Kind::Call(_, FaultAction::Hold))
    }

    /// Returns the reference to the fault that records contain.
    pub(crate) fn fault_ref(&self) -> FaultRef {
        FaultRef::new(Some(self.id), Arc::clone(&self.name))
    }

    /// Counts a matching call, and returns whether the fault applies to it.
    pub(super) fn count_match(&mut self, matcher: &CallMatcher, attempt: Attempt) -> bool {
        let number = attempt.for_matcher(matcher);
        if matcher.attempts.as_ref().is_some_and(|meant| !meant.contains(&number)) {
            return false;
        }
        self.matched += 1;
        self.is_selected(matcher.count())
    }

    /// Returns whether the fault applies to the call or connection that was counted last.
    pub(super) fn is_selected(&self, count: Repeat) -> bool {
        match count {
            Repeat::Nth(nth) => self.matched == nth,
            Repeat::Times(most) => self.fired + self.reserved < most,
            Repeat::Always => true,
        }
    }

    /// Reserves an injection into a call, or records why the fault cannot apply to it.
    pub(super) fn reserve(
        &mut self,
        action: &FaultAction,
        call: &Call,
        context: CallContext,
    ) -> Option<Injection> {
        if let Err(why) = check_applicable(action, call, context) {
            self.skip_reason = Some(why.into());
            return None;
        }
        self.reserved += 1;
        let (action, past) = (action.clone(), self.past.clone());
        Some(Injection { fault_ref: self.fault_ref(), action, past, by_chaos: None })
    }
}
