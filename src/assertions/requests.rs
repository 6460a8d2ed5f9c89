//! Assertions on requests.

use std::collections::HashSet;
use std::fmt;
use std::ops::{Bound, Range, RangeBounds, RangeFrom, RangeInclusive, RangeToInclusive};
use std::sync::Arc;

use crate::journal::{Escaped, Exchange, RecordedRequest, RecordedRequests, redacted};

use super::AssertionFailure;
use super::assertion_macro::assertions_with_try;

/// An expected number of requests: a number, or a range such as `1..=2` or `1..`.
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
    fn max(self) -> Option<usize> {
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
    pub(super) fn or_refuse(self, call: &str) -> Self {
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

impl RecordedRequests {
    assertions_with_try! {
        /// Asserts the number of requests: `3`, `1..=2`, `1..`.
        assert_count, try_count(self, expected: impl Into<CountRange>) {
            let expected = expected.into().or_refuse(".assert_count");
            if expected.contains(self.len()) { Ok(()) } else { Err(self.wrong_count(expected)) }
        }

        /// Asserts that there is at least one request, and that each has the header `name` with exactly
        /// this value.
        assert_header, try_header(self, name: &str, value: &str) {
            self.try_count(1..)?;
            self.iter().try_for_each(|request| request.try_header(name, value).map(|_| ()))
        }
    }

    /// Returns the only call.
    ///
    /// ```
    /// use std::io::{Read, Write};
    ///
    /// let origin = mock_origin::MockOrigin::start();
    /// let mut client = std::net::TcpStream::connect(origin.addr())?;
    /// client.write_all(b"OPTIONS / HTTP/1.1\r\nHost: origin\r\nConnection: close\r\n\r\n")?;
    /// client.read_to_end(&mut Vec::new())?;
    ///
    /// assert_eq!(origin.requests().single().method(), "OPTIONS");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Panics
    ///
    /// If there is none or more than one, with the text of [`assert_count`](Self::assert_count).
    #[track_caller]
    pub fn single(&self) -> &RecordedRequest {
        match self.try_single() {
            Ok(request) => request,
            Err(failure) => failure.raise(),
        }
    }

    /// Returns the only call, as [`single`](Self::single) does, but does not panic.
    ///
    /// # Errors
    ///
    /// If there is none or more than one.
    pub fn try_single(&self) -> Result<&RecordedRequest, Box<AssertionFailure>> {
        match (self.first(), self.len()) {
            (Some(request), 1) => Ok(request),
            _ => Err(self.wrong_count(CountRange::from(1))),
        }
    }

    fn wrong_count(&self, expected: CountRange) -> Box<AssertionFailure> {
        let found: HashSet<_> = self.iter().map(|request| request.exchange().index).collect();
        let claim = self
            .query_text()
            .map_or("of all requests".to_owned(), |it| format!("of requests with {it}"));
        let failure = AssertionFailure::new(format!("number {claim}"), expected, self.len())
            .showing(self.all().iter().cloned(), |exchange| found.contains(&exchange.index));
        if found.is_empty() {
            return failure;
        }
        failure.hint("the marked exchanges, which were counted")
    }
}

impl RecordedRequest {
    assertions_with_try! {
        /// Asserts that the request has the header `name` with exactly this value. If the header is
        /// repeated, the first value counts (§1.13).
        assert_header, try_header(self, name: &str, value: &str) {
            let found = self.head().header(name);
            if found == Some(value.as_bytes()) { Ok(()) } else { Err(self.wrong_header(name, value, found)) }
        }

        /// Asserts the result code of the response; 0 is success.
        assert_code, try_code(self, expected: i32) {
            let found = self.code().map_or("none".to_owned(), |code| code.to_string());
            let failure = || self.failure(format!("request was answered with result code {expected}"), expected, &found);
            if self.code() == Some(expected) { Ok(()) } else { Err(failure()) }
        }
    }

    fn wrong_header(&self, name: &str, value: &str, found: Option<&[u8]>) -> Box<AssertionFailure> {
        let shown = |value: &[u8]| Escaped::new(&redacted(name, value)).to_string();
        let expected = shown(value.as_bytes());
        let found = found.map_or("no such header".to_owned(), shown);
        // Two secrets are redacted to the same text.
        let found =
            if found == expected { format!("{found}, but a different value") } else { found };
        self.failure(format!("request has the header {name}"), expected, found)
    }

    fn failure(
        &self,
        claim: impl fmt::Display,
        expected: impl fmt::Display,
        found: impl fmt::Display,
    ) -> Box<AssertionFailure> {
        let exchange: Arc<Exchange> = self.shared();
        AssertionFailure::new(claim, expected, found).showing([exchange], |_| true)
    }
}
