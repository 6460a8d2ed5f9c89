//! The text of a cause: who made a change.
//!
//! A message names a cause only from the [`Actor`] that was recorded with the change. This module
//! formats actors and removals, and keeps the numbers of the exchanges that the text names. Start
//! with [`Reason`].

use std::sync::Arc;

use crate::journal::{Call, Escaped, Exchange, Records};
use crate::protocol::Interface;
use crate::storage::{Actor, CallId, Path, Removal, RemovalKind};

/// The text of a cause, and the exchanges that it names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Reason {
    text: String,
    exchanges: Vec<u64>,
}

impl Reason {
    /// Creates a reason that names those exchanges.
    pub(super) fn new(text: impl Into<String>, exchanges: impl IntoIterator<Item = u64>) -> Self {
        Self { text: text.into(), exchanges: exchanges.into_iter().collect() }
    }

    /// Creates a reason that names no exchange.
    pub(super) fn plain(text: impl Into<String>) -> Self {
        Self::new(text, [])
    }

    /// Adds another reason.
    #[must_use]
    pub(super) fn and(self, other: Self) -> Self {
        let text = self.text + "; " + &other.text;
        Self { text, exchanges: [self.exchanges, other.exchanges].concat() }
    }

    /// Returns the same reason with text before and after.
    #[must_use]
    pub(super) fn within(self, before: &str, after: &str) -> Self {
        Self { text: format!("{before}{}{after}", self.text), ..self }
    }

    /// Joins reasons; `None` if there are none.
    pub(super) fn join(reasons: impl IntoIterator<Item = Self>) -> Option<Self> {
        reasons.into_iter().reduce(Self::and)
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Returns its text and the numbers of the exchanges that it names.
    pub(super) fn into_parts(self) -> (String, Vec<u64>) {
        (self.text, self.exchanges)
    }

    /// Returns the numbers of the exchanges that it names.
    pub(super) fn exchanges(&self) -> &[u64] {
        &self.exchanges
    }
}

/// Formats records as text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Words<'a> {
    /// The exchanges that can be described.
    pub(super) exchanges: &'a Records<Arc<Exchange>>,
    pub(super) account: &'a str,
}

impl<'a> Words<'a> {
    /// Returns who it was and what they did: "exchange #3 (deleteFile by jane) removed it".
    pub(super) fn did(self, by: Actor, what: &str) -> Reason {
        Reason::new(format!("{} {what}", self.actor(by)), by.exchange())
    }

    /// Returns what removed the entry at `path`.
    pub(super) fn removal(self, removal: &Removal, path: &Path) -> Reason {
        let by = removal.change.by;
        match &removal.kind {
            RemovalKind::RenamedTo(to) => {
                self.did(by, &format!("renamed it to {}", self.absolute(to)))
            }
            RemovalKind::DeletedWithContents if removal.path != *path => {
                let directory = self.absolute(&removal.path);
                self.did(by, &format!("removed directory {directory} and its contents"))
            }
            RemovalKind::Deleted | RemovalKind::DeletedWithContents => self.did(by, "removed it"),
        }
    }

    /// Returns who had ended the token of a call, if that is why it was rejected.
    pub(super) fn ended_token(self, call: &Call) -> Option<Reason> {
        Some(match call.ended_token.as_ref()?.change.by {
            Actor::Expiry { .. } => Reason::plain("its token had expired"),
            by => self.did(by, "had ended its token"),
        })
    }

    /// Returns a path as responses show it, with its account.
    pub(super) fn absolute(self, path: &Path) -> String {
        Escaped::new(&path.absolute(self.account)).to_string()
    }

    pub(super) fn actor(self, by: Actor) -> String {
        match by {
            Actor::Test => "the test".to_owned(),
            Actor::Call(call) => self.call(call),
            Actor::Job(call) => format!("the job that {} scheduled", self.call(call)),
            Actor::DeferredCall { call, fault } => {
                format!("{}, deferred by {},", self.call(call), self.fault(fault, Some(call)))
            }
            Actor::Fault { fault, during: Some(call) } => {
                format!("{} during {}", self.fault(fault, Some(call)), self.call(call))
            }
            Actor::Fault { fault, during: None } => self.fault(fault, None),
            Actor::Collector { .. } => "the expiry of old uploads".to_owned(),
            Actor::Expiry { .. } => "its expiry".to_owned(),
        }
    }

    fn exchange(self, number: u64) -> Option<&'a Exchange> {
        self.exchanges.by_number(number).map(AsRef::as_ref)
    }

    fn call(self, id: CallId) -> String {
        let exchange = self.exchange(id.exchange);
        let call =
            exchange.and_then(|exchange| Some((exchange, exchange.calls.get(call_index(id))?)));
        let words = call.map(|(exchange, call)| format!(" ({})", describe_call(exchange, call)));
        format!("exchange #{}{}", id.exchange, words.unwrap_or_default())
    }

    /// Returns a fault with the name that the exchange recorded, if it was injected there.
    fn fault(self, number: Option<u64>, during: Option<CallId>) -> String {
        let exchange = during.and_then(|call| self.exchange(call.exchange));
        let mut injected = exchange.iter().flat_map(|exchange| &exchange.faults);
        let name = injected.find(|fault| fault.fault == number).map(|fault| &fault.name);
        let kind = number.map_or_else(|| "chaos".to_owned(), |number| format!("fault {number}"));
        name.map_or_else(|| kind.clone(), |name| format!("{kind} ({name})"))
    }
}

fn call_index(id: CallId) -> usize {
    usize::try_from(id.call).unwrap_or(usize::MAX)
}

/// Returns the name of a call, and its user.
fn describe_call(exchange: &Exchange, call: &Call) -> String {
    let method = Escaped::new(exchange.head.method());
    let name = match call.interface {
        Interface::JsonRpc => call.display_name(),
        _ => format!("{method} {}", call.display_name()),
    };
    match &call.user {
        Some(user) => format!("{name} by {}", Escaped::new(&**user)),
        None => name,
    }
}
