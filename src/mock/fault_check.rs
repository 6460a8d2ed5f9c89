//! Checks whether faults are valid for an origin with certain users. Start with [`check`].

use std::fmt;

use crate::fault::{Fault, Kind};
use crate::storage::UserRecord;

/// The first invalid fault of several.
pub(crate) struct WrongFault {
    /// Its number among them, from 1.
    number: usize,
    pub(crate) why: String,
}

impl fmt::Display for WrongFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "fault {}: {}", self.number, self.why)
    }
}

/// Checks whether the faults are valid for an origin with these users.
pub(crate) fn check(faults: &[Fault], users: &[UserRecord]) -> Result<(), WrongFault> {
    let mut numbered = (1..).zip(faults);
    numbered.try_for_each(|(number, fault)| {
        check_one(fault, users).map_err(|why| WrongFault { number, why })
    })
}

/// Checks whether a fault is valid for an origin with these users.
pub(crate) fn check_one(fault: &Fault, users: &[UserRecord]) -> Result<(), String> {
    fault.validate()?;
    let user = match &fault.kind {
        Kind::Call(matcher, _) => matcher.user.as_ref(),
        Kind::Token(user, _) => user.as_ref(),
        Kind::Connection(..) => None,
    };
    match user.filter(|user| users.iter().all(|other| other.name != **user)) {
        Some(user) => {
            let known: Vec<_> = users.iter().map(|user| &user.name).collect();
            Err(format!("unknown user {user:?}; known users: {known:?}"))
        }
        None => Ok(()),
    }
}
