//! Times in exports. Start with [`iso_8601`].

use std::time::{Duration, UNIX_EPOCH};

use crate::journal::Journal;
use crate::storage::Timestamp;

/// The start of a record on both clocks.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Start {
    protocol: Timestamp,
    elapsed: Duration,
}

impl Start {
    pub(super) fn of(journal: &Journal) -> Self {
        let connection = journal.connections().first().map(|first| first.opened);
        let exchange = journal.exchanges().first().map(|first| first.opened);
        let first = [connection, exchange].into_iter().flatten().min_by_key(|it| it.elapsed);
        let first = first.unwrap_or_default();
        Self { protocol: first.protocol, elapsed: first.elapsed }
    }

    /// Returns the date at which the record shows `elapsed`, as if protocol time ran from its start
    /// like real time: with steps of the test, durations would be wrong.
    pub(super) fn date(self, elapsed: Duration) -> String {
        let after = elapsed.saturating_sub(self.elapsed);
        iso_8601(self.protocol.after(after).unwrap_or(self.protocol))
    }
}

/// Returns a time as a date of ISO 8601 with milliseconds.
pub(super) fn iso_8601(time: Timestamp) -> String {
    let since = time.to_system_time().duration_since(UNIX_EPOCH).unwrap_or_default();
    let (days, second) = (since.as_secs() / 86_400, since.as_secs() % 86_400);
    // Years begin in March, so that the leap day is the last one: eras of 400 years have 146,097 days.
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = era * 400 + year + u64::from(month <= 2);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    let millis = since.subsec_millis();
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_as_in_the_calendar() {
        for (secs, date) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_399, "2000-02-28T23:59:59.000Z"),
            (951_782_400, "2000-02-29T00:00:00.000Z"),
            (951_868_800, "2000-03-01T00:00:00.000Z"),
            (1_800_000_000, "2027-01-15T08:00:00.000Z"),
            (4_107_542_400, "2100-03-01T00:00:00.000Z"),
            (253_402_300_799, "9999-12-31T23:59:59.000Z"),
            (u64::MAX, "9999-12-31T23:59:59.000Z"),
        ] {
            assert_eq!(iso_8601(Timestamp::from_secs(secs)), date);
        }
        let later = Timestamp::from_secs(1).after(Duration::from_micros(2_500));
        assert_eq!(later.map(iso_8601).as_deref(), Some("1970-01-01T00:00:01.002Z"));
    }
}
