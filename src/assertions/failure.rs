//! The text of a failed assertion or verification.
//!
//! It only formats: the modules beside it find the cause and choose the exchanges. Start with
//! [`AssertionFailure`].

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::journal::{Dropped, Exchange, escape_line};
use crate::report::describe;

use super::reason::Reason;

/// A failed assertion, with its explanation.
///
/// Its `Display` is the text that an assertion panics with: what failed, the expected and the found
/// value, the cause with its section of the protocol, the exchanges that matter, and what to look
/// at next or how to fix the client. A `>` marks the exchange that caused the failure. Each entry is one line, and names
/// that a client chose are escaped.
#[derive(Clone, Debug)]
pub struct AssertionFailure {
    title: String,
    facts: Facts,
    cause: Option<String>,
    waited: Option<String>,
    /// The exchanges to show, in order, and how many others matter.
    exchanges: Vec<Shown>,
    omitted: usize,
    /// What the journal lacks.
    missing: Option<String>,
    hint: Option<String>,
    advice: Option<&'static str>,
}

#[derive(Clone, Debug)]
enum Facts {
    Values { expected: String, found: String },
    Text(String),
}

#[derive(Clone, Debug)]
struct Shown {
    exchange: Arc<Exchange>,
    is_culprit: bool,
}

/// The limit keeps the exchange that matters visible.
const MAX_SHOWN: usize = 8;

impl AssertionFailure {
    /// Creates the failure of an assertion; `claim` completes "assertion failed: …".
    pub(crate) fn new(
        claim: impl fmt::Display,
        expected: impl fmt::Display,
        found: impl fmt::Display,
    ) -> Box<Self> {
        Self::with_values(format!("assertion failed: {claim}"), expected, found)
    }

    /// Creates a failure with a title of its own.
    pub(crate) fn with_values(
        title: impl Into<String>,
        expected: impl fmt::Display,
        found: impl fmt::Display,
    ) -> Box<Self> {
        let (expected, found) = (expected.to_string(), found.to_string());
        Self::with_facts(title.into(), Facts::Values { expected, found })
    }

    /// Creates a failure whose title says what was expected, followed by what happened.
    pub(crate) fn with_text(title: impl Into<String>, text: impl Into<String>) -> Box<Self> {
        Self::with_facts(title.into(), Facts::Text(text.into()))
    }

    fn with_facts(title: String, facts: Facts) -> Box<Self> {
        Box::new(Self {
            title,
            facts,
            cause: None,
            waited: None,
            exchanges: Vec::new(),
            omitted: 0,
            missing: None,
            hint: None,
            advice: None,
        })
    }

    /// Sets the cause.
    #[must_use]
    pub(crate) fn because(mut self: Box<Self>, cause: Option<String>) -> Box<Self> {
        self.cause = cause;
        self
    }

    /// Sets how long the assertion waited, and how far the client got in that time.
    #[must_use]
    pub(crate) fn after_waiting(
        mut self: Box<Self>,
        timeout: Duration,
        progress: &str,
    ) -> Box<Self> {
        self.waited = Some(format!("{timeout:?}; progress: {progress}"));
        self
    }

    /// Sets the exchanges that matter, in order, and marks those for which `is_culprit` is true.
    #[must_use]
    pub(crate) fn showing(
        mut self: Box<Self>,
        exchanges: impl IntoIterator<Item = Arc<Exchange>>,
        is_culprit: impl Fn(&Exchange) -> bool,
    ) -> Box<Self> {
        self.show(&mut exchanges.into_iter(), &is_culprit);
        self
    }

    /// Does the work of [`showing`](Self::showing). It is compiled once, not once per caller.
    fn show(
        &mut self,
        exchanges: &mut dyn Iterator<Item = Arc<Exchange>>,
        is_culprit: &dyn Fn(&Exchange) -> bool,
    ) {
        let (mut culprits, mut others) = (Vec::new(), VecDeque::new());
        let mut count = 0;
        for exchange in exchanges {
            count += 1;
            if !is_culprit(&exchange) {
                others.push_back(Shown { exchange, is_culprit: false });
            } else if culprits.len() < MAX_SHOWN {
                culprits.push(Shown { exchange, is_culprit: true });
            }
            if others.len() > MAX_SHOWN {
                others.pop_front();
            }
        }
        // The culprits, and then the latest of the others.
        let surplus = (culprits.len() + others.len()).saturating_sub(MAX_SHOWN);
        culprits.extend(others.drain(..).skip(surplus));
        culprits.sort_by_key(|shown| shown.exchange.index);
        self.omitted = count - culprits.len();
        self.exchanges = culprits;
    }

    /// Sets the cause and the exchanges that matter. The exchanges that the cause names are marked;
    /// if it names none, the rejected exchanges are.
    #[must_use]
    pub(super) fn explained_by(
        self: Box<Self>,
        reason: Option<Reason>,
        exchanges: impl IntoIterator<Item = Arc<Exchange>>,
    ) -> Box<Self> {
        let (text, named) = reason.map(Reason::into_parts).unzip();
        let named = named.unwrap_or_default();
        let failure = self.showing(exchanges, |exchange| {
            if named.is_empty() { exchange.is_rejected() } else { named.contains(&exchange.index) }
        });
        failure.because(text)
    }

    /// Sets what to look at next.
    #[must_use]
    pub(crate) fn hint(mut self: Box<Self>, hint: impl Into<String>) -> Box<Self> {
        self.hint = Some(hint.into());
        self
    }

    /// Sets how to fix the client.
    #[must_use]
    pub(crate) fn advising(mut self: Box<Self>, advice: &'static str) -> Box<Self> {
        self.advice = Some(advice);
        self
    }

    /// Returns the found value, and the cause if it is known.
    #[cfg(feature = "check")]
    pub(crate) fn found_and_cause(&self) -> String {
        let found = match &self.facts {
            Facts::Values { found, .. } => found,
            Facts::Text(text) => text,
        };
        match &self.cause {
            Some(cause) => format!("{found}: {cause}"),
            None => found.clone(),
        }
    }

    /// Returns the exchanges that the text shows, each with its number and its line.
    #[cfg(feature = "check")]
    pub(crate) fn shown_exchanges(&self) -> Vec<(u64, String)> {
        let line = |exchange: &Exchange| format!("#{} {}", exchange.index, describe(exchange));
        self.exchanges.iter().map(|shown| (shown.exchange.index, line(&shown.exchange))).collect()
    }

    /// Names what the journal no longer has.
    #[must_use]
    pub(crate) fn lacking(mut self: Box<Self>, dropped: Dropped) -> Box<Self> {
        self.missing = dropped.describe();
        self
    }

    /// Panics with the text of the failure.
    #[track_caller]
    pub(crate) fn raise(&self) -> ! {
        panic!("{self}")
    }
}

impl fmt::Display for AssertionFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", escape_line(&self.title))?;
        match &self.facts {
            Facts::Values { expected, found } => {
                writeln!(f, "  expected: {}", escape_line(expected))?;
                write!(f, "     found: {}", escape_line(found))?;
            }
            Facts::Text(text) => write!(f, "  {}", escape_line(text))?,
        }
        if let Some(cause) = &self.cause {
            write!(f, "\n   because: {}", escape_line(cause))?;
        }
        if let Some(waited) = &self.waited {
            write!(f, "\n    waited: {}", escape_line(waited))?;
        }
        if !self.exchanges.is_empty() {
            write!(f, "\n  exchanges:")?;
        }
        for Shown { exchange, is_culprit } in &self.exchanges {
            let mark = if *is_culprit { ">" } else { " " };
            let text = describe(exchange);
            write!(f, "\n  {mark} #{:<3} conn {:<2} {text}", exchange.index, exchange.connection)?;
        }
        if self.omitted > 0 {
            write!(f, "\n    … and {} more", self.omitted)?;
        }
        if let Some(missing) = &self.missing {
            write!(f, "\n   missing: {missing}")?;
        }
        if let Some(hint) = &self.hint {
            write!(f, "\n   look at: {}", escape_line(hint))?;
        }
        if let Some(advice) = self.advice {
            write!(f, "\n    to fix: {advice}")?;
        }
        Ok(())
    }
}

impl std::error::Error for AssertionFailure {}
