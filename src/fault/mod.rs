//! What should go wrong, and when.
//!
//! A [`Fault`] is a trigger and an effect. [`Faults`] holds those of one origin: it is asked about
//! every call, says which fault [strikes](Injection) it, and keeps account, so that a fault which never
//! did anything is named. Nothing here does anything by itself: the server walks what a strike says.

mod action;
mod applicability;
mod attempts;
mod candidates;
mod chaos;
mod chaos_state;
pub(crate) mod config;
mod decision;
mod diagnose;
mod display;
mod error_response;
mod interim;
mod matcher;
mod path_glob;
mod registry;
mod snippet;
mod tokens;
mod validate;

pub use action::{
    DeferredCommit, Disconnect, FRAMING_HEADERS, FaultAction, HeaderMutation, ListingFault,
    MalformedResponse, ResponseLoss, Stage,
};
pub use applicability::refused_by_origin;
pub use chaos::{Chaos, Profile};
pub use config::{
    ACTIONS, ActionSpec, SELECTORS, SelectorSpec, Subject, interface_word, operation_word,
};
pub use diagnose::near_misses;
#[cfg(feature = "server")]
pub(crate) use display::attempts_call;
pub use error_response::{Choice, ErrorResponse, RejectBody};
pub use interim::{InterimResponse, InterimSupport};
pub use matcher::{CallMatcher, Repeat};
pub use path_glob::PathGlob;
pub use registry::{CallContext, FaultRecord, Faults, Injection, SourceLocation};
pub use snippet::snippet;

use std::sync::Arc;
use std::time::Duration;

use crate::journal::shorten;

/// Something that is to go wrong: when, and what.
///
/// Usually written as a sentence on an origin, `origin.on(Op::piece(2)).attempt(1).reject(503)`; its
/// `Display` is that sentence. Read from text, it is checked in the same way.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Fault {
    /// What it is called in messages. Default: the sentence itself.
    pub name: Option<String>,
    /// What it acts on, when and how.
    pub kind: Kind,
    definition: Option<Arc<str>>,
}

/// Two faults are equal if they do the same under the same name, however they were written.
impl PartialEq for Fault {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.kind == other.kind
    }
}

/// What a fault acts on.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Kind {
    /// Calls, one by one.
    Call(CallMatcher, FaultAction),
    /// Connections, when they are accepted.
    Connection(Repeat, ConnectionAction),
    /// Tokens: of that user, or of everyone.
    Token(Option<String>, TokenExpiry),
}

/// What happens to a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConnectionAction {
    /// It is accepted and reset at once: the kernel shakes hands before anybody is asked, so that it
    /// cannot be refused ([`go_offline`](crate::MockOrigin::go_offline) does that).
    Reset,
    /// It is accepted, and nothing on it is ever read or answered; after
    /// [`Builder::hold_limit`](crate::Builder::hold_limit) it is closed.
    Silence,
    /// It is closed after that many answers, without a word about it in the last.
    CloseAfter(u64),
}

/// How long tokens work, whatever their logins have asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenExpiry {
    /// For that many calls, from when the fault was added: the next one is refused.
    Requests(u64),
    /// Until that many bytes of bodies have been read from then on; the call that reads them is still served, as
    /// a token is judged at the head alone.
    Bytes(u64),
    /// For that long in protocol time, from the login on.
    Time(Duration),
}

impl Fault {
    /// A fault on calls.
    pub fn on_call(matcher: CallMatcher, action: FaultAction) -> Self {
        Self::new(Kind::Call(matcher, action))
    }

    /// A fault on connections.
    pub fn on_connection(count: Repeat, action: ConnectionAction) -> Self {
        Self::new(Kind::Connection(count, action))
    }

    /// A fault on tokens.
    pub fn on_token(user: Option<String>, life: TokenExpiry) -> Self {
        Self::new(Kind::Token(user, life))
    }

    const fn new(kind: Kind) -> Self {
        Self { name: None, kind, definition: None }
    }

    /// The same fault under a name.
    #[must_use]
    pub fn named(self, name: impl Into<String>) -> Self {
        Self { name: Some(name.into()), ..self }
    }

    /// Sets the text that the fault was read from. Messages show it to those who wrote it, in place of
    /// the Rust sentence.
    ///
    /// ```
    /// use mock_origin::Fault;
    ///
    /// let fault = Fault::from_json(r#"{"op": "raw", "reject": 503}"#)?;
    /// assert_eq!(fault.definition(), Some(r#"{"op": "raw", "reject": 503}"#));
    /// let fault = fault.defined_as(r#"{ op = "raw", reject = 503 }"#);
    /// assert_eq!(fault.shown_name(), r#"{ op = "raw", reject = 503 }"#);
    /// # Ok::<(), String>(())
    /// ```
    #[must_use]
    pub fn defined_as(self, definition: &str) -> Self {
        Self { definition: Some(definition.into()), ..self }
    }

    /// The text that the fault was read from, if it was read from text.
    pub fn definition(&self) -> Option<&str> {
        self.definition.as_deref()
    }

    /// What it is called in messages: its name, its definition or its sentence, cut to 500 characters. The name goes
    /// into the record of every exchange that it strikes.
    pub fn shown_name(&self) -> String {
        const LONGEST: usize = 500;
        let defined = || self.definition().map(on_one_line);
        let name = self.name.clone().or_else(defined).unwrap_or_else(|| self.to_string());
        shorten(&name, LONGEST).into_owned()
    }
}

/// A definition without its line breaks: no string in one has any.
fn on_one_line(definition: &str) -> String {
    definition.lines().map(str::trim).collect::<Vec<_>>().join(" ")
}
