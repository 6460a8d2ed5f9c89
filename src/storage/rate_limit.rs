//! The limit of requests per second (§1.11).

use std::collections::VecDeque;
use std::time::Duration;

use crate::protocol::ErrorKind;

use super::Storage;

/// The times of the requests of the last second. It uses real time, because clients wait in real
/// time.
#[derive(Clone, Debug, Default)]
pub(super) struct Rate {
    recent: VecDeque<Duration>,
}

impl Storage {
    /// Counts a request that arrives `elapsed` after the start of the origin.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::RateLimited`] if the last second already has the number of requests that the
    /// option `rate_limit` allows. The rejected request does not count.
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
