//! How many requests come in a second (§1.11).

use std::collections::VecDeque;
use std::time::Duration;

use crate::protocol::ErrorKind;

use super::Storage;

/// The requests of the last second, by real time: a client that waits, waits for real.
#[derive(Clone, Debug, Default)]
pub(super) struct Rate {
    recent: VecDeque<Duration>,
}

impl Storage {
    /// Counts a request that comes when the origin has run for `elapsed`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::RateLimited`] if there have been as many in the last second as the switch allows;
    /// this one does not count then.
    pub fn count_request(&mut self, elapsed: Duration) -> Result<(), ErrorKind> {
        const WINDOW: Duration = Duration::from_secs(1);
        let Some(limit) = self.options.rate_limit else { return Ok(()) };
        let recent = &mut self.rate.recent;
        while recent.front().is_some_and(|then| elapsed.saturating_sub(*then) >= WINDOW) {
            recent.pop_front();
        }
        if recent.len() as u64 >= limit {
            return Err(ErrorKind::RateLimited);
        }
        recent.push_back(elapsed);
        Ok(())
    }
}
