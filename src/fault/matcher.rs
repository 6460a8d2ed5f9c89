//! When a fault acts on a call.

use std::ops::RangeInclusive;

use crate::journal::{Call, Op};

use super::PathGlob;

/// Which calls a fault acts on: what they ask for, and which of those.
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
    /// Which attempts, from 1: the first time that the same is asked for, the second, … What is
    /// refused for its token counts apart.
    pub attempts: Option<RangeInclusive<u32>>,
    /// Which of all those. Default: the first, and with attempts all of them.
    pub count: Option<Repeat>,
}

/// Which of the calls or connections that a fault could act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Repeat {
    /// That one alone, from 1: if the fault cannot act on it, it never does.
    Nth(u64),
    /// The first ones that the fault can act on, that many.
    Times(u64),
    /// All.
    Always,
}

impl CallMatcher {
    /// Calls of `op`.
    pub fn new(op: Op) -> Self {
        Self { op, path: None, user: None, upload: None, attempts: None, count: None }
    }

    /// Which of them.
    pub fn count(&self) -> Repeat {
        self.count.unwrap_or(Self::usual(self.attempts.is_some()))
    }

    /// What counts where nothing is said.
    pub(super) fn usual(has_attempts: bool) -> Repeat {
        if has_attempts { Repeat::Always } else { Repeat::Times(1) }
    }

    /// Whether a call is one of those, whichever attempt it is.
    pub fn selects(&self, call: &Call) -> bool {
        let is = |wanted: &Option<String>, given: &Option<String>| {
            wanted.as_ref().is_none_or(|wanted| given.as_ref() == Some(wanted))
        };
        self.op.matches(call)
            && is(&self.user, &call.user)
            && is(&self.upload, &call.upload)
            && self.selects_path(call)
    }

    /// Whether the path of a call is one of those.
    pub fn selects_path(&self, call: &Call) -> bool {
        let Some(pattern) = &self.path else { return true };
        call.path.as_deref().is_some_and(|path| pattern.matches(path))
    }
}
