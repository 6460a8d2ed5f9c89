//! Faults: what goes wrong, and when.
//!
//! A [`Fault`] is a matcher and an action. [`Faults`] is the registry of one origin: it selects the
//! fault for a call and returns it as an [`Injection`], and it counts injections, so that a fault that
//! was never injected is reported. This module does no I/O: the server carries out an injection.
//! Start with [`Fault`] and [`Faults`].

mod action;
mod applicability;
mod attempts;
mod call_context;
mod candidates;
mod chaos;
mod chaos_state;
#[cfg(feature = "control")]
pub(crate) mod config;
mod decision;
mod diagnose;
mod display;
mod error_response;
mod injection;
mod interim;
mod matcher;
mod path_glob;
mod record;
mod registry;
mod snippet;
mod validate;

pub(crate) use action::FRAMING_HEADERS;
pub use action::{
    DeferredCommit, Disconnect, FaultAction, HeaderMutation, ListingFault, MalformedResponse,
    ResponseLoss, Stage,
};
pub(crate) use applicability::rejected_by_origin;
pub(crate) use attempts::AttemptKey;
pub use call_context::CallContext;
pub use chaos::{Chaos, Profile};
pub(crate) use diagnose::near_misses;
pub(crate) use display::attempts_call;
#[cfg(feature = "check")]
pub(crate) use display::{bytes_code, duration_code};
pub(crate) use error_response::Choice;
pub use error_response::ErrorResponse;
pub(crate) use injection::Injection;
pub use interim::{InterimResponse, InterimSupport};
pub use matcher::{CallMatcher, Repeat};
pub(crate) use path_glob::PathGlob;
pub use record::{FaultRecord, SourceLocation};
pub use registry::Faults;
pub(crate) use snippet::snippet;

use std::sync::Arc;
use std::time::Duration;

use crate::error::Error;
use crate::journal::shorten;

/// A fault: a matcher and an action.
///
/// Tests usually add one with a builder, `origin.on(Op::piece(2)).attempt(1).reject(503)`. `Display`
/// writes this expression. A fault that is parsed from text is validated in the same way.
#[derive(Clone, Debug)]
pub struct Fault {
    /// The name in messages. Default: the Rust expression.
    pub(crate) name: Option<String>,
    /// The target, the matcher and the action.
    pub(crate) kind: Kind,
    definition: Option<Arc<str>>,
}

/// Two faults are equal if name, target, matcher and action are equal. The text does not count.
impl PartialEq for Fault {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.kind == other.kind
    }
}

/// The target of a fault, with its matcher and action.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub(crate) enum Kind {
    /// Calls.
    Call(CallMatcher, FaultAction),
    /// Connections, when they are accepted.
    Connection(Repeat, ConnectionAction),
    /// Tokens of one user, or of all users.
    Token(Option<String>, TokenExpiry),
}

/// The action of a fault on connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConnectionAction {
    /// Accepts the connection and resets it at once. The kernel completes the handshake first, so the
    /// connection cannot be refused; [`go_offline`](crate::MockOrigin::go_offline) does that.
    Reset,
    /// Accepts the connection, then neither reads nor responds. The connection is closed after
    /// [`Builder::hold_limit`](crate::Builder::hold_limit).
    Silence,
    /// Closes the connection after this many responses, without `Connection: close` in the last one.
    CloseAfter(u64),
    /// Presents an invalid certificate in the TLS handshake.
    PresentCertificate(InvalidCertificate),
}

/// A certificate that a client must reject. Only for origins with TLS.
///
/// ```
/// # #[cfg(feature = "tls")] {
/// use mock_origin::{InvalidCertificate, MockOrigin};
///
/// let origin = MockOrigin::builder().tls().start();
/// origin.on_connection().always().present_certificate(InvalidCertificate::Expired);
/// # origin.clear_faults();
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[cfg_attr(feature = "control", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "control", serde(rename_all = "snake_case"))]
#[cfg_attr(all(test, feature = "control"), derive(schemars::JsonSchema))]
pub enum InvalidCertificate {
    /// Its validity ended a day ago.
    Expired,
    /// It is valid only for `other.invalid`.
    OtherName,
    /// It is signed by an authority that nothing trusts.
    UnknownAuthority,
}

/// The lifetime of tokens, in place of the lifetime that the login requested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub(crate) enum TokenExpiry {
    /// This many calls after the fault was added. The next call is rejected.
    Requests(u64),
    /// Until this many body bytes have been read after the fault was added. The call that reaches the
    /// limit is served, because a token is checked only at the head of a request.
    Bytes(u64),
    /// This protocol time after the login.
    Time(Duration),
}

impl Fault {
    /// Creates a fault on calls.
    #[doc(hidden)]
    pub fn on_call(matcher: CallMatcher, action: FaultAction) -> Self {
        Self::new(Kind::Call(matcher, action))
    }

    /// Creates a fault on connections.
    #[doc(hidden)]
    pub fn on_connection(count: Repeat, action: ConnectionAction) -> Self {
        Self::new(Kind::Connection(count, action))
    }

    /// Creates a fault on tokens.
    pub(crate) fn on_token(user: Option<String>, life: TokenExpiry) -> Self {
        Self::new(Kind::Token(user, life))
    }

    const fn new(kind: Kind) -> Self {
        Self { name: None, kind, definition: None }
    }

    /// Sets the name.
    #[must_use]
    pub fn named(self, name: impl Into<String>) -> Self {
        Self { name: Some(name.into()), ..self }
    }

    /// Sets the text that the fault was parsed from. Messages show this text in place of the Rust
    /// expression.
    #[cfg(feature = "control")]
    pub(crate) fn defined_as(self, definition: &str) -> Self {
        Self { definition: Some(definition.into()), ..self }
    }

    /// Returns the text that the fault was parsed from, if any.
    pub fn definition(&self) -> Option<&str> {
        self.definition.as_deref()
    }

    /// Checks that the fault can ever be injected.
    ///
    /// # Errors
    ///
    /// If it cannot ([`Error::is_invalid_fault`]). The message names the invalid part and the
    /// allowed values.
    pub fn check(&self) -> Result<(), Error> {
        self.validate().map_err(Error::invalid_fault)
    }

    /// Does the same as [`Fault::check`], but returns only the message.
    pub(crate) fn validate(&self) -> Result<(), String> {
        validate::check(self)
    }

    /// Returns whether the fault has a meaning only on TLS connections.
    pub(crate) fn needs_tls(&self) -> bool {
        match &self.kind {
            Kind::Call(_, action) => action.needs_tls(),
            Kind::Connection(_, action) => {
                matches!(action, ConnectionAction::PresentCertificate(_))
            }
            Kind::Token(..) => false,
        }
    }

    /// Returns the name in messages: the name, the definition or the Rust expression, cut to 500
    /// characters because every affected exchange records it.
    pub fn display_name(&self) -> String {
        const LONGEST: usize = 500;
        let defined = || self.definition().map(on_one_line);
        let name = self.name.clone().or_else(defined).unwrap_or_else(|| self.to_string());
        shorten(&name, LONGEST).into_owned()
    }
}

/// Joins the lines of a definition. Its strings contain no line breaks.
fn on_one_line(definition: &str) -> String {
    definition.lines().map(str::trim).collect::<Vec<_>>().join(" ")
}
