//! What a journal no longer has. Start with [`Dropped`].

use crate::wording::counted;

/// How many records a journal has no more. The counts are exact, and begin anew with a reset of the
/// origin.
///
/// ```
/// let origin = mock_origin::MockOrigin::start();
/// assert_eq!(origin.journal().dropped().exchanges, 0);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Dropped {
    /// The exchanges that were dropped because of the
    /// [journal limit](crate::Builder::journal_limit).
    pub exchanges: u64,
    /// Those of them whose response was an error.
    pub rejected: u64,
    /// The connections that were dropped because of the limit.
    pub connections: u64,
    /// The exchanges that [`MockOrigin::clear_journal`](crate::MockOrigin::clear_journal) removed, and
    /// those that were dropped before it was called.
    pub cleared: u64,
    /// Every exchange from this number on is in the journal, and every mark since.
    pub(crate) complete_from: u64,
}

impl Dropped {
    /// Returns whether any exchange or mark is gone.
    pub(crate) fn is_any(self) -> bool {
        self.complete_from > 0
    }

    /// Returns what is gone, for messages; `None` if no exchange is.
    pub(crate) fn describe(self) -> Option<String> {
        let exchanges =
            |count: u64| counted(usize::try_from(count).unwrap_or(usize::MAX), "older exchange");
        let limit = "dropped because of the journal limit";
        match (self.exchanges, self.cleared) {
            (0, 0) => None,
            (dropped, 0) => Some(format!("{}, {limit}", exchanges(dropped))),
            (0, cleared) => Some(format!("{}, cleared by the test", exchanges(cleared))),
            (dropped, cleared) => {
                let (dropped, cleared) = (exchanges(dropped), exchanges(cleared));
                Some(format!("{dropped}, {limit}; {cleared}, cleared by the test"))
            }
        }
    }
}
