//! What is said when something is not as a test claims.

use std::fmt;
use std::sync::Arc;

use crate::journal::{Exchange, escape_line};
use crate::report::describe;

use super::reason::Reason;

/// A claim that does not hold, and what explains it.
///
/// Its `Display` is the text that an assertion panics with: the claim, what was expected and found,
/// the cause with its section of the protocol, the exchanges that matter with the culprit marked,
/// and where to look next. Each of these stands on one line, with the names that a client chose
/// escaped.
#[derive(Clone, Debug)]
pub struct AssertionFailure {
    claim: String,
    expected: String,
    found: String,
    cause: Option<String>,
    exchanges: Vec<Shown>,
    hint: Option<String>,
}

#[derive(Clone, Debug)]
struct Shown {
    exchange: Arc<Exchange>,
    is_culprit: bool,
}

/// More exchanges than this would hide the one that matters.
const MOST_SHOWN: usize = 8;

impl AssertionFailure {
    /// A failure of `claim`.
    pub(crate) fn new(
        claim: impl Into<String>,
        expected: impl fmt::Display,
        found: impl fmt::Display,
    ) -> Box<Self> {
        Box::new(Self {
            claim: claim.into(),
            expected: expected.to_string(),
            found: found.to_string(),
            cause: None,
            exchanges: Vec::new(),
            hint: None,
        })
    }

    /// Says why.
    #[must_use]
    pub(crate) fn because(mut self: Box<Self>, cause: Option<String>) -> Box<Self> {
        self.cause = cause;
        self
    }

    /// Shows the exchanges that matter; those that `is_culprit` names are marked.
    #[must_use]
    pub(crate) fn showing(
        mut self: Box<Self>,
        exchanges: impl IntoIterator<Item = Arc<Exchange>>,
        is_culprit: impl Fn(&Exchange) -> bool,
    ) -> Box<Self> {
        let shown = |exchange: Arc<Exchange>| Shown { is_culprit: is_culprit(&exchange), exchange };
        self.exchanges = exchanges.into_iter().map(shown).collect();
        self
    }

    /// Says why, and shows the exchanges that matter: those that the reason names are marked, or if
    /// it names none, those that were refused.
    #[must_use]
    pub(super) fn explained_by(
        self: Box<Self>,
        reason: Option<Reason>,
        exchanges: impl IntoIterator<Item = Arc<Exchange>>,
    ) -> Box<Self> {
        let (text, named) = reason.map(Reason::into_parts).unzip();
        let named = named.unwrap_or_default();
        let failure = self.showing(exchanges, |exchange| {
            if named.is_empty() { exchange.is_refused() } else { named.contains(&exchange.index) }
        });
        failure.because(text)
    }

    /// Says where to look next.
    #[must_use]
    pub(crate) fn hint(mut self: Box<Self>, hint: impl Into<String>) -> Box<Self> {
        self.hint = Some(hint.into());
        self
    }

    /// Fails the test.
    #[track_caller]
    pub(crate) fn raise(&self) -> ! {
        panic!("{self}")
    }

    /// The exchanges to show: all culprits first in line, then the latest of the others.
    fn chosen(&self) -> Vec<&Shown> {
        let (culprits, others): (Vec<_>, Vec<_>) =
            self.exchanges.iter().partition(|shown| shown.is_culprit);
        let culprits = &culprits[..culprits.len().min(MOST_SHOWN)];
        let room = MOST_SHOWN - culprits.len();
        let others = &others[others.len().saturating_sub(room)..];
        let mut chosen = [culprits, others].concat();
        chosen.sort_by_key(|shown| shown.exchange.index);
        chosen
    }
}

impl fmt::Display for AssertionFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "this does not hold: {}", escape_line(&self.claim))?;
        writeln!(f, "  expected: {}", escape_line(&self.expected))?;
        write!(f, "     found: {}", escape_line(&self.found))?;
        if let Some(cause) = &self.cause {
            write!(f, "\n   because: {}", escape_line(cause))?;
        }
        let chosen = self.chosen();
        if !chosen.is_empty() {
            write!(f, "\n  exchanges:")?;
        }
        for Shown { exchange, is_culprit } in &chosen {
            let mark = if *is_culprit { ">" } else { " " };
            let text = describe(exchange);
            write!(f, "\n  {mark} #{:<3} conn {:<2} {text}", exchange.index, exchange.connection)?;
        }
        let left = self.exchanges.len() - chosen.len();
        if left > 0 {
            write!(f, "\n    … and {left} more")?;
        }
        if let Some(hint) = &self.hint {
            write!(f, "\n   look at: {}", escape_line(hint))?;
        }
        Ok(())
    }
}

impl std::error::Error for AssertionFailure {}
