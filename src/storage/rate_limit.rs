//! The limit of requests per second (§1.11).

use std::collections::VecDeque;
use std::time::Duration;

use crate::protocol::ErrorKind;

/// The times of the requests of the last second. It uses real time, because clients wait in real
/// time.
#[derive(Clone, Debug, Default)]
pub(super) struct Rate {
    recent: VecDeque<Duration>,
}

impl Rate {
    /// Counts a request that arrives `elapsed` after the start of the origin, unless the last second
    /// already has `limit` requests.
    pub(super) fn count(&mut self, limit: u64, elapsed: Duration) -> Result<(), ErrorKind> {
        const WINDOW: Duration = Duration::from_secs(1);
        let recent = &mut self.recent;
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
