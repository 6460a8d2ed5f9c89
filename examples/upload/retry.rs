//! Repeats requests with growing pauses.

use std::iter::successors;
use std::thread;
use std::time::Duration;

use super::error::Error;

const ATTEMPTS: usize = 5;
const SHORTEST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(2);

/// Repeats `attempt` while its error is transient, up to five attempts in total.
pub(crate) fn retry<T>(attempt: impl Fn() -> Result<T, Error>) -> Result<T, Error> {
    for pause in pauses().take(ATTEMPTS - 1) {
        match attempt() {
            Err(error) if error.is_transient() => thread::sleep(pause),
            result => return result,
        }
    }
    attempt()
}

/// Returns the pauses: 0.1 s, 0.2 s, 0.4 s and so on, up to 2 s.
pub(crate) fn pauses() -> impl Iterator<Item = Duration> {
    successors(Some(SHORTEST), |pause| Some((*pause * 2).min(LONGEST)))
}
