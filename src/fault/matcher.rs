//! Selects the calls that a fault applies to: [`CallMatcher`].

use std::ops::RangeInclusive;
use std::sync::Arc;

use crate::journal::{Call, Op};

use super::PathGlob;

/// The calls that a fault applies to.
#[derive(Clone, Debug, PartialEq)]
pub struct CallMatcher {
    /// The operation.
    pub op: Op,
    /// The path.
    pub path: Option<PathGlob>,
    /// The user.
    pub user: Option<String>,
    /// The multipart identifier.
    pub upload: Option<String>,
    /// The attempts of the same request, counted from 1. Requests with an invalid token are counted
    /// separately.
    pub attempts: Option<RangeInclusive<u32>>,
    /// Which of the selected calls. Default: the first; with `attempts`, all of them.
    pub count: Option<Repeat>,
}

/// Which of the selected calls or connections a fault applies to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Repeat {
    /// Only the n-th, counted from 1. If the fault cannot apply to it, it is never injected.
    Nth(u64),
    /// The first n to which the fault can apply.
    Times(u64),
    /// All.
    Always,
}

impl CallMatcher {
    /// Creates a matcher of all calls of `op`.
    pub fn new(op: Op) -> Self {
        Self { op, path: None, user: None, upload: None, attempts: None, count: None }
    }

    /// Returns which of the selected calls the fault applies to.
    pub fn count(&self) -> Repeat {
        self.count.unwrap_or(Self::default_repeat(self.attempts.is_some()))
    }

    /// Returns the default.
    pub(super) fn default_repeat(has_attempts: bool) -> Repeat {
        if has_attempts { Repeat::Always } else { Repeat::Times(1) }
    }

    /// Returns whether a call is selected, apart from its attempt number.
    pub fn selects(&self, call: &Call) -> bool {
        let is = |wanted: &Option<String>, given: &Option<Arc<str>>| {
            wanted.as_ref().is_none_or(|wanted| given.as_deref() == Some(wanted))
        };
        self.op.matches(call)
            && is(&self.user, &call.user)
            && is(&self.upload, &call.upload)
            && self.selects_path(call)
    }

    /// Returns whether the path of a call is selected.
    pub fn selects_path(&self, call: &Call) -> bool {
        let Some(pattern) = &self.path else { return true };
        call.path.as_deref().is_some_and(|path| pattern.matches(path))
    }
}
