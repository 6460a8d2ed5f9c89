//! Conditional requests for stored files (RFC 9110 §13).
//!
//! The origin sends no `ETag`. A list of entity tags therefore never matches, in strong and in weak comparison; `*`
//! matches every file that exists. Dates are compared with the file's mtime, in whole seconds. Start with
//! [`Conditions::evaluate`].

use crate::journal::Head;
use crate::storage::Timestamp;

/// The preconditions of one request. A date that cannot be read is ignored.
#[derive(Clone, Debug, Default)]
pub(super) struct Conditions {
    matches: Option<EntityTags>,
    unmodified_since: Option<Timestamp>,
    none_matches: Option<EntityTags>,
    modified_since: Option<Timestamp>,
    range: Option<RangeValidator>,
}

/// What `If-Match` or `If-None-Match` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum EntityTags {
    /// `*`: any file.
    Any,
    /// Tags, none of which the origin has sent.
    Listed,
}

/// What `If-Range` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RangeValidator {
    Date(Timestamp),
    /// An entity tag, which the origin has not sent, or a value that is neither tag nor date.
    Other,
}

/// The result of the preconditions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Evaluation {
    /// The request is processed as if it had no preconditions.
    Met,
    /// 304.
    NotModified,
    /// 412.
    Failed,
}

impl Conditions {
    /// Reads the preconditions from a head.
    pub(super) fn read(head: &Head) -> Self {
        let tags = |name: &str| {
            let values = head.headers_named(name).filter(|value| !value.is_empty());
            let is_any = values.map(|value| value == b"*").reduce(|one, other| one || other)?;
            Some(if is_any { EntityTags::Any } else { EntityTags::Listed })
        };
        let parse_date = |name: &str| head.header(name).and_then(parse_date);
        Self {
            matches: tags("If-Match"),
            unmodified_since: parse_date("If-Unmodified-Since"),
            none_matches: tags("If-None-Match"),
            modified_since: parse_date("If-Modified-Since"),
            range: head.header("If-Range").filter(|value| !value.is_empty()).map(parse_validator),
        }
    }

    /// Evaluates the preconditions for a file that exists, in the order of RFC 9110 §13.2.2.
    pub(super) fn evaluate(&self, modified: Timestamp) -> Evaluation {
        let is_newer_than = |parse_date: Timestamp| modified.secs() > parse_date.secs();
        let fails = match self.matches {
            Some(tags) => tags == EntityTags::Listed,
            None => self.unmodified_since.is_some_and(is_newer_than),
        };
        if fails {
            return Evaluation::Failed;
        }
        let is_known_to_client = match self.none_matches {
            Some(tags) => tags == EntityTags::Any,
            None => self.modified_since.is_some_and(|parse_date| !is_newer_than(parse_date)),
        };
        if is_known_to_client { Evaluation::NotModified } else { Evaluation::Met }
    }

    /// Returns whether `Range` applies. It does not if `If-Range` has anything but the date of the
    /// file.
    pub(super) fn allow_range(&self, modified: Timestamp) -> bool {
        match self.range {
            None => true,
            Some(RangeValidator::Date(parse_date)) => parse_date.secs() == modified.secs(),
            Some(RangeValidator::Other) => false,
        }
    }
}

fn parse_date(value: &[u8]) -> Option<Timestamp> {
    let text = std::str::from_utf8(value).ok()?;
    httpdate::parse_http_date(text).ok().map(Timestamp::from)
}

fn parse_validator(value: &[u8]) -> RangeValidator {
    parse_date(value).map_or(RangeValidator::Other, RangeValidator::Date)
}
