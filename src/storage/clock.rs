//! Protocol time, which decides token lifetimes, ages and dates. A test can advance it. This module
//! reads no clock of the system. Start with [`Timestamp`] and [`Clock`].

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A point in protocol time, counted from the Unix epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(Duration);

/// The last time that an HTTP date can express, in seconds since the epoch.
pub(crate) const END_OF_YEAR_9999: Duration = Duration::from_secs(253_402_300_799);

impl Timestamp {
    /// Returns the time `secs` seconds after the epoch.
    pub const fn from_secs(secs: u64) -> Self {
        Self(Duration::from_secs(secs))
    }

    /// Returns the whole seconds since the epoch, as they are sent.
    pub const fn secs(self) -> u64 {
        self.0.as_secs()
    }

    /// Returns the time `by` later, or `None` on overflow.
    pub fn after(self, by: Duration) -> Option<Self> {
        self.0.checked_add(by).map(Self)
    }

    /// Returns the time `by` earlier, or `None` if it is before the epoch.
    pub fn before(self, by: Duration) -> Option<Self> {
        self.0.checked_sub(by).map(Self)
    }

    /// Returns the duration since `earlier`, or zero if `earlier` is later.
    pub fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }

    /// Converts to the type of the standard library, clamped to the last time that an HTTP date can
    /// express.
    pub fn to_system_time(self) -> SystemTime {
        UNIX_EPOCH + self.0.min(END_OF_YEAR_9999)
    }
}

impl From<SystemTime> for Timestamp {
    /// Converts a time of the standard library. Times before the epoch become the epoch.
    fn from(time: SystemTime) -> Self {
        Self(time.duration_since(UNIX_EPOCH).unwrap_or_default())
    }
}

/// Whether protocol time runs by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockMode {
    /// It runs as fast as the wall clock.
    Running,
    /// It stands still until a test advances it.
    Stopped,
}

/// The clock of one origin. It reads no system clock: the caller passes the elapsed real time.
#[derive(Clone, Debug)]
pub struct Clock {
    start: Timestamp,
    mode: ClockMode,
    advanced: Duration,
}

impl Clock {
    /// Creates a clock that shows `start` at an elapsed time of zero.
    pub fn new(start: Timestamp, mode: ClockMode) -> Self {
        Self { start, mode, advanced: Duration::ZERO }
    }

    /// Returns the time that it shows `elapsed` after its creation.
    pub fn at(&self, elapsed: Duration) -> Timestamp {
        let ran = match self.mode {
            ClockMode::Running => elapsed,
            ClockMode::Stopped => Duration::ZERO,
        };
        Timestamp(self.start.0.saturating_add(ran).saturating_add(self.advanced))
    }

    /// Returns the real time until it shows `instants`, `elapsed` after its creation. Returns
    /// `None` if it stands still before that.
    pub fn time_until(&self, instants: Timestamp, elapsed: Duration) -> Option<Duration> {
        let left = instants.since(self.at(elapsed));
        (left.is_zero() || self.mode == ClockMode::Running).then_some(left)
    }

    /// Advances the clock by a jump.
    pub fn advance(&mut self, by: Duration) {
        self.advanced = self.advanced.saturating_add(by);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_secs(1_000);

    #[test]
    fn a_stopped_clock_moves_only_when_advanced() {
        let mut clock = Clock::new(START, ClockMode::Stopped);
        assert_eq!(clock.at(Duration::from_secs(5)), START);
        clock.advance(Duration::from_secs(60));
        assert_eq!(clock.at(Duration::from_secs(9)).secs(), 1_060);
    }

    #[test]
    fn a_running_clock_adds_real_time_and_jumps() {
        let mut clock = Clock::new(START, ClockMode::Running);
        clock.advance(Duration::from_secs(60));
        assert_eq!(clock.at(Duration::from_secs(5)).secs(), 1_065);
    }

    #[test]
    fn only_a_running_clock_reaches_a_later_time() {
        let later = Timestamp::from_secs(1_060);
        let left =
            |mode, elapsed| Clock::new(START, mode).time_until(later, Duration::from_secs(elapsed));
        assert_eq!(left(ClockMode::Running, 20), Some(Duration::from_secs(40)));
        assert_eq!(left(ClockMode::Running, 80), Some(Duration::ZERO));
        assert_eq!(left(ClockMode::Stopped, 80), None);
    }

    #[test]
    fn every_jump_is_accepted() {
        let mut clock = Clock::new(START, ClockMode::Running);
        clock.advance(Duration::MAX);
        assert!(clock.at(Duration::MAX) > START);
        assert!(clock.at(Duration::ZERO).to_system_time() > UNIX_EPOCH);
    }
}
