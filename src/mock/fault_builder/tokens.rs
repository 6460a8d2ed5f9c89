//! Builds faults on tokens. Start with [`TokenFaultBuilder`].

use std::time::Duration;

use crate::fault::{Fault, TokenExpiry};
use crate::mock::mock_origin::MockOrigin;

use crate::mock::fault_builder::{FaultHandle, set_once};

/// Builds a fault on tokens; see [`MockOrigin::on_token`].
///
/// ```
/// use mock_origin::MockOrigin;
///
/// let origin = MockOrigin::builder().user("jane", "secret").start();
/// origin.on_token().user("jane").expire_after_requests(3);
/// # origin.clear_faults();
/// ```
#[derive(Debug)]
#[must_use = "the last method adds the fault: origin.on_token().expire_after_requests(3)"]
pub struct TokenFaultBuilder<'o> {
    origin: &'o MockOrigin,
    user: Option<String>,
    name: Option<String>,
}

impl<'o> TokenFaultBuilder<'o> {
    pub(crate) fn new(origin: &'o MockOrigin) -> Self {
        Self { origin, user: None, name: None }
    }

    /// Matches only tokens of that user.
    ///
    /// # Panics
    ///
    /// If the user is set already.
    #[track_caller]
    pub fn user(mut self, user: &str) -> Self {
        set_once(&mut self.user, user.to_owned(), |user| format!(".user({user:?})"));
        self
    }

    /// Names the fault for messages. Default: its Rust code.
    ///
    /// # Panics
    ///
    /// If the name is set already.
    #[track_caller]
    pub fn named(mut self, name: &str) -> Self {
        set_once(&mut self.name, name.to_owned(), |name| format!(".named({name:?})"));
        self
    }

    /// Expires each token after `requests` calls, counted from now on: the next call gets 403 /
    /// −10001 (§2.3).
    ///
    /// # Panics
    ///
    /// If the number is 0, or there is no such user.
    #[track_caller]
    pub fn expire_after_requests(self, requests: u64) -> FaultHandle {
        self.install(TokenExpiry::Requests(requests))
    }

    /// Expires each token after `bytes` bytes of request bodies, counted from now on. The call
    /// that reaches the number still succeeds, because a token is checked at the head.
    ///
    /// # Panics
    ///
    /// If the number is 0, or there is no such user.
    #[track_caller]
    pub fn expire_after_bytes(self, bytes: u64) -> FaultHandle {
        self.install(TokenExpiry::Bytes(bytes))
    }

    /// Expires each token `time` after its login, in protocol time, whatever lifetime the login
    /// requested. Unlike calls and bytes, the time counts from the login: an older token expires
    /// when the fault is added. A token that expires earlier by itself does not count as an
    /// injection.
    ///
    /// # Panics
    ///
    /// If the time is zero, or there is no such user.
    #[track_caller]
    pub fn expire_after(self, time: Duration) -> FaultHandle {
        self.install(TokenExpiry::Time(time))
    }

    #[track_caller]
    fn install(self, life: TokenExpiry) -> FaultHandle {
        let Self { origin, user, name } = self;
        origin.add_fault(name.into_iter().fold(Fault::on_token(user, life), Fault::named))
    }
}
