//! Sentences about connections.

use crate::fault::{ConnectionAction, Fault, Repeat};
use crate::mock::mock_origin::MockOrigin;

use crate::mock::fault_builder::{FaultHandle, set_once};

/// The beginning of a sentence about connections: [`MockOrigin::on_connection`].
#[derive(Debug)]
#[must_use = "this is no fault before it says what happens: origin.on_connection().nth(2).reset()"]
pub struct ConnectionFaultBuilder<'o> {
    origin: &'o MockOrigin,
    count: Option<Repeat>,
    name: Option<String>,
}

impl<'o> ConnectionFaultBuilder<'o> {
    pub(crate) fn new(origin: &'o MockOrigin) -> Self {
        Self { origin, count: None, name: None }
    }

    /// Only the n-th connection, from 1, counted from here on: that one, or none.
    ///
    /// # Panics
    ///
    /// If it has been said already which of them.
    #[track_caller]
    pub fn nth(self, number: u64) -> Self {
        self.count(Repeat::Nth(number))
    }

    /// Only the next connection, which is the default. Where another fault strikes that one, it is
    /// the first that is left.
    ///
    /// # Panics
    ///
    /// If it has been said already which of them.
    #[track_caller]
    pub fn first(self) -> Self {
        self.count(Repeat::Times(1))
    }

    /// The next so many connections. Default: one.
    ///
    /// # Panics
    ///
    /// If it has been said already which of them.
    #[track_caller]
    pub fn times(self, times: u64) -> Self {
        self.count(Repeat::Times(times))
    }

    /// All connections from here on.
    ///
    /// # Panics
    ///
    /// If it has been said already which of them.
    #[track_caller]
    pub fn always(self) -> Self {
        self.count(Repeat::Always)
    }

    #[track_caller]
    fn count(mut self, count: Repeat) -> Self {
        set_once(&mut self.count, count, Repeat::to_string);
        self
    }

    /// Gives the fault a name for messages. Default: the sentence.
    ///
    /// # Panics
    ///
    /// If a name has been given already.
    #[track_caller]
    pub fn named(mut self, name: &str) -> Self {
        set_once(&mut self.name, name.to_owned(), |name| format!(".named({name:?})"));
        self
    }

    /// Accepts the connection and resets it at once.
    ///
    /// # Panics
    ///
    /// If what has been selected contradicts itself.
    #[track_caller]
    pub fn reset(self) -> FaultHandle {
        self.install(ConnectionAction::Reset)
    }

    /// Accepts the connection, and neither reads nor writes anything; it is closed when the client
    /// leaves, or after [`Builder::hold_limit`](crate::Builder::hold_limit).
    ///
    /// # Panics
    ///
    /// If what has been selected contradicts itself.
    #[track_caller]
    pub fn silence(self) -> FaultHandle {
        self.install(ConnectionAction::Silence)
    }

    /// Closes the connection after so many answers, which say nothing about it. It does not act on a
    /// connection that ends before: by the client, or behind an answer that says so itself.
    ///
    /// # Panics
    ///
    /// If that is after none.
    #[track_caller]
    pub fn close_after(self, answers: u64) -> FaultHandle {
        self.install(ConnectionAction::CloseAfter(answers))
    }

    #[track_caller]
    fn install(self, action: ConnectionAction) -> FaultHandle {
        let Self { origin, count, name } = self;
        let count = count.unwrap_or(Repeat::Times(1));
        origin.add_fault(name.into_iter().fold(Fault::on_connection(count, action), Fault::named))
    }
}
