//! Protocol time: it decides over token lives, ages and dates, and a test can move it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A moment of protocol time, counted from the Unix epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(Duration);

/// The last moment that an HTTP date can write, since the epoch.
pub const END_OF_YEAR_9999: Duration = Duration::from_secs(253_402_300_799);

impl Timestamp {
    /// The moment `secs` seconds after the epoch.
    pub const fn from_secs(secs: u64) -> Self {
        Self(Duration::from_secs(secs))
    }

    /// Whole seconds since the epoch: what goes over the wire.
    pub const fn secs(self) -> u64 {
        self.0.as_secs()
    }

    /// This moment and `by` more; `None` where that is beyond all time.
    pub fn after(self, by: Duration) -> Option<Self> {
        self.0.checked_add(by).map(Self)
    }

    /// This moment and `by` less; `None` where that is before the epoch.
    pub fn before(self, by: Duration) -> Option<Self> {
        self.0.checked_sub(by).map(Self)
    }

    /// How long ago `earlier` was; zero if it was not.
    pub fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }

    /// The same moment for the standard library, clamped to the last one that an HTTP date can
    /// write.
    pub fn to_system_time(self) -> SystemTime {
        UNIX_EPOCH + self.0.min(END_OF_YEAR_9999)
    }
}

impl From<SystemTime> for Timestamp {
    /// Moments before the epoch become the epoch.
    fn from(time: SystemTime) -> Self {
        Self(time.duration_since(UNIX_EPOCH).unwrap_or_default())
    }
}

/// Whether protocol time goes on by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockMode {
    /// It goes as fast as the wall clock.
    Running,
    /// It stands still until it is advanced.
    Stopped,
}

/// The clock of one origin. It reads no clock itself: it is told how much real time has gone by.
#[derive(Clone, Debug)]
pub struct Clock {
    start: Timestamp,
    pace: ClockMode,
    advanced: Duration,
}

impl Clock {
    /// A clock that shows `start` when no time has gone by.
    pub fn new(start: Timestamp, pace: ClockMode) -> Self {
        Self { start, pace, advanced: Duration::ZERO }
    }

    /// What it shows when `elapsed` has gone by since it was made.
    pub fn at(&self, elapsed: Duration) -> Timestamp {
        let ran = match self.pace {
            ClockMode::Running => elapsed,
            ClockMode::Stopped => Duration::ZERO,
        };
        Timestamp(self.start.0.saturating_add(ran).saturating_add(self.advanced))
    }

    /// How much real time is left until it shows `instants`, when `elapsed` has gone by; nothing if it
    /// stands still before that.
    pub fn time_until(&self, instants: Timestamp, elapsed: Duration) -> Option<Duration> {
        let left = instants.since(self.at(elapsed));
        (left.is_zero() || self.pace == ClockMode::Running).then_some(left)
    }

    /// Jumps ahead.
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
    fn only_a_running_clock_comes_to_a_later_moment() {
        let later = Timestamp::from_secs(1_060);
        let left =
            |pace, elapsed| Clock::new(START, pace).time_until(later, Duration::from_secs(elapsed));
        assert_eq!(left(ClockMode::Running, 20), Some(Duration::from_secs(40)));
        assert_eq!(left(ClockMode::Running, 80), Some(Duration::ZERO));
        assert_eq!(left(ClockMode::Stopped, 80), None);
    }

    #[test]
    fn no_jump_is_too_far() {
        let mut clock = Clock::new(START, ClockMode::Running);
        clock.advance(Duration::MAX);
        assert!(clock.at(Duration::MAX) > START);
        assert!(clock.at(Duration::ZERO).to_system_time() > UNIX_EPOCH);
    }
}
