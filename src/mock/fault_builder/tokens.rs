//! Sentences about tokens.

use std::time::Duration;

use crate::fault::{Fault, TokenExpiry};
use crate::mock::mock_origin::MockOrigin;

use crate::mock::fault_builder::{FaultHandle, set_once};

/// The beginning of a sentence about tokens: [`MockOrigin::on_token`].
#[derive(Debug)]
#[must_use = "this is no fault before it says what happens: origin.on_token().expire_after_requests(3)"]
pub struct TokenFaultBuilder<'o> {
    origin: &'o MockOrigin,
    user: Option<String>,
    name: Option<String>,
}

impl<'o> TokenFaultBuilder<'o> {
    pub(crate) fn new(origin: &'o MockOrigin) -> Self {
        Self { origin, user: None, name: None }
    }

    /// Only tokens of that user.
    ///
    /// # Panics
    ///
    /// If a user has been said already.
    #[track_caller]
    pub fn user(mut self, user: &str) -> Self {
        set_once(&mut self.user, user.to_owned(), |user| format!(".user({user:?})"));
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

    /// Each token works for so many calls, counted from here on; the next one gets 403 / −10001
    /// (§2.3).
    ///
    /// # Panics
    ///
    /// If that is none, or there is no such user.
    #[track_caller]
    pub fn expire_after_requests(self, requests: u64) -> FaultHandle {
        self.install(TokenExpiry::RecordedRequests(requests))
    }

    /// Each token works until so many bytes of bodies have been read with it, from here on. The
    /// call that reads them is still served: a token is judged at the head alone.
    ///
    /// # Panics
    ///
    /// If that is none, or there is no such user.
    #[track_caller]
    pub fn expire_after_bytes(self, bytes: u64) -> FaultHandle {
        self.install(TokenExpiry::Bytes(bytes))
    }

    /// Each token works for so long, in protocol time, whatever its login has asked for. Unlike calls
    /// and bytes that counts from the login: a token which is that old when the fault is added dies
    /// at once. One that expires by itself before it is that old is not the fault's doing, and does
    /// not count as fired.
    ///
    /// # Panics
    ///
    /// If that is no time at all, or there is no such user.
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
