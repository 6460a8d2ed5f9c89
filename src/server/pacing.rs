//! How bytes are spread over time. Start with [`pacing_quantum`].

use std::time::Duration;

/// Returns how many bytes a stream of `rate` bytes per second sends at once, and the pause after
/// them.
pub(crate) fn pacing_quantum(rate: u64) -> (u64, Duration) {
    const TURNS: u64 = 50;
    let bytes = rate.div_ceil(TURNS);
    let nanos = u128::from(bytes) * 1_000_000_000 / u128::from(rate.max(1));
    (bytes.max(1), Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX)))
}
