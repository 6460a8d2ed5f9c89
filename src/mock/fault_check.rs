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

/// Checks whether the faults are valid for an origin with these users, with or without TLS.
pub(crate) fn check(
    faults: &[Fault],
    users: &[UserRecord],
    uses_tls: bool,
) -> Result<(), WrongFault> {
    let mut numbered = (1..).zip(faults);
    numbered.try_for_each(|(number, fault)| {
        check_one(fault, users, uses_tls).map_err(|why| WrongFault { number, why })
    })
}

/// Checks whether a fault is valid for an origin with these users, with or without TLS.
pub(crate) fn check_one(fault: &Fault, users: &[UserRecord], uses_tls: bool) -> Result<(), String> {
    fault.validate()?;
    if fault.needs_tls() && !uses_tls {
        return Err(
            "the fault needs TLS, which the origin does not use: add .tls() to its builder, or \
                    --tls to `mock-origin serve`"
                .to_owned(),
        );
    }
    let user = match &fault.kind {
        Kind::Call(matcher, _) => matcher.user.as_ref(),
        Kind::Token(user, _) => user.as_ref(),
        Kind::Connection(..) => None,
    };
    match user.filter(|user| users.iter().all(|other| *other.name != **user)) {
        Some(user) => {
            let known: Vec<_> = users.iter().map(|user| &user.name).collect();
            Err(format!("unknown user {user:?}; known users: {known:?}"))
        }
        None => Ok(()),
    }
}
