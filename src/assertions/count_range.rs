//! An expected number of requests. Start with [`CountRange`].

use std::fmt;
use std::ops::{Bound, Range, RangeBounds, RangeFrom, RangeInclusive, RangeToInclusive};

/// An expected number of requests: a number, or a range such as `1..=2` or `1..`.
///
/// ```
/// let origin = mock_origin::MockOrigin::start();
/// origin.requests().assert_count(0).assert_count(..=2);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CountRange {
    least: usize,
    end: Bound<usize>,
}

impl CountRange {
    /// Returns whether `number` is in the range.
    pub fn contains(self, number: usize) -> bool {
        (Bound::Included(self.least), self.end).contains(&number)
    }

    /// Returns the largest number, if there is one.
    pub(super) fn max(self) -> Option<usize> {
        match self.end {
            Bound::Included(most) => Some(most),
            Bound::Excluded(above) => above.checked_sub(1),
            Bound::Unbounded => None,
        }
    }

    fn is_empty(self) -> bool {
        match self.end {
            Bound::Included(most) => most < self.least,
            Bound::Excluded(above) => above <= self.least,
            Bound::Unbounded => false,
        }
    }

    /// Panics if the range is empty, because no number of requests could satisfy it.
    #[track_caller]
    pub(super) fn or_reject(self, call: &str) -> Self {
        let range = match self.end {
            Bound::Excluded(above) => format!("{}..{above}", self.least),
            Bound::Included(most) => format!("{}..={most}", self.least),
            Bound::Unbounded => format!("{}..", self.least),
        };
        assert!(!self.is_empty(), "empty range {range}; use for example {call}(1..=2)");
        self
    }

    fn from_bounds(range: &impl RangeBounds<usize>) -> Self {
        let least = match range.start_bound() {
            Bound::Included(least) => *least,
            Bound::Excluded(below) => below + 1,
            Bound::Unbounded => 0,
        };
        Self { least, end: range.end_bound().cloned() }
    }
}

impl From<usize> for CountRange {
    fn from(number: usize) -> Self {
        Self { least: number, end: Bound::Included(number) }
    }
}

impl From<Range<usize>> for CountRange {
    fn from(range: Range<usize>) -> Self {
        Self::from_bounds(&range)
    }
}

impl From<RangeInclusive<usize>> for CountRange {
    fn from(range: RangeInclusive<usize>) -> Self {
        Self::from_bounds(&range)
    }
}

impl From<RangeFrom<usize>> for CountRange {
    fn from(range: RangeFrom<usize>) -> Self {
        Self::from_bounds(&range)
    }
}

impl From<RangeToInclusive<usize>> for CountRange {
    fn from(range: RangeToInclusive<usize>) -> Self {
        Self::from_bounds(&range)
    }
}

impl fmt::Display for CountRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.least, self.max()) {
            (least, Some(most)) if least == most => write!(f, "{least}"),
            (0, Some(most)) => write!(f, "at most {most}"),
            (least, Some(most)) => write!(f, "{least} to {most}"),
            (least, None) => write!(f, "at least {least}"),
        }
    }
}
