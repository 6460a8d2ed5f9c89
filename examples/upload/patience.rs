//! Trying again, and when to stop.

use std::iter::successors;
use std::thread;
use std::time::Duration;

use super::error::Error;

const ATTEMPTS: usize = 5;
const SHORTEST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(2);

/// Asks until there is an answer that asking again would not change, at most five times.
pub(crate) fn retry<T>(attempt: impl Fn() -> Result<T, Error>) -> Result<T, Error> {
    for pause in pauses().take(ATTEMPTS - 1) {
        match attempt() {
            Err(error) if error.may_pass() => thread::sleep(pause),
            settled => return settled,
        }
    }
    attempt()
}

/// Pauses of 0.1 s, 0.2 s, 0.4 s and so on, and 2 s from there.
pub(crate) fn pauses() -> impl Iterator<Item = Duration> {
    successors(Some(SHORTEST), |pause| Some((*pause * 2).min(LONGEST)))
}
