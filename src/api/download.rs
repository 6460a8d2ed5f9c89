//! Downloads of stored files (§8). Start with [`Download`].

use std::ops::Range;

use crate::blob::Blob;
use crate::journal::Call;
use crate::protocol::{HttpMethod, OCTET_STREAM};
use crate::storage::{File, Path, Storage, Timestamp};

use super::conditions::{Conditions, Evaluation};
use super::context::RequestContext;
use super::response::{Body, ResponseBuilder};
use super::signed_url::{self, SignedUrl};
use super::url;

/// A download request.
#[derive(Clone, Debug)]
pub(super) struct Download {
    /// `None` for an invalid path.
    path: Option<Path>,
    method: HttpMethod,
    range: Option<Vec<u8>>,
    conditions: Conditions,
    signed_url: SignedUrl,
}

pub(super) fn open(context: &RequestContext<'_>, call: &mut Call) -> Download {
    let path = path(&context.route.path, context.storage.account());
    if let Some(path) = &path {
        context.record_path(call, path);
    }
    let method = context.route.method;
    let wants_range = method == HttpMethod::Get;
    Download {
        path,
        method,
        range: context.header("Range").filter(|_| wants_range).map(<[u8]>::to_vec),
        conditions: Conditions::read(context.head),
        signed_url: signed_url::parse(context.head.target()),
    }
}

impl Download {
    /// Returns the response, or the blob whose digest the response needs. A deferred
    /// response is discarded and needs no digest.
    pub(super) fn commit(
        &self,
        storage: &Storage,
        now: Timestamp,
        is_response_unread: bool,
    ) -> Result<ResponseBuilder, Blob> {
        let Some(path) = &self.path else { return Ok(ResponseBuilder::from_status(404)) };
        if !signed_url::allows(storage, now, path, &self.signed_url) {
            return Ok(ResponseBuilder::from_status(403));
        }
        let is_visible = |file: &&File| file.visible.is_some_and(|from| from <= now);
        let Some(file) = storage.tree().file(path).ok().filter(is_visible) else {
            return Ok(ResponseBuilder::from_status(404));
        };
        let digest = file.content.known_digest();
        if digest.is_none() && !is_response_unread {
            return Err(file.content.clone());
        }
        let checksum = digest.map(|digest| digest.to_string()).unwrap_or_default();
        let length = file.content.len();
        let response = match self.evaluate_range(file) {
            RangeOutcome::NotModified => ResponseBuilder::from_status(304),
            RangeOutcome::PreconditionFailed => return Ok(ResponseBuilder::from_status(412)),
            RangeOutcome::Beyond => {
                return Ok(ResponseBuilder::from_status(416)
                    .with("Content-Range", bytes_unit(&format!("*/{length}"))));
            }
            RangeOutcome::All => {
                self.with_content(ResponseBuilder::from_status(200), file, 0..length)
            }
            RangeOutcome::Of(range) => {
                let span = format!("{}-{}/{length}", range.start, range.end - 1);
                self.with_content(ResponseBuilder::from_status(206), file, range)
                    .with("Content-Range", bytes_unit(&span))
            }
        };
        let modified = httpdate::fmt_http_date(file.stat.mtime.to_system_time());
        Ok(response
            .with("Last-Modified", modified)
            .with("Accept-Ranges", "bytes")
            .with("X-Agile-Checksum", checksum))
    }

    fn evaluate_range(&self, file: &File) -> RangeOutcome {
        let modified = file.stat.mtime;
        match self.conditions.evaluate(modified) {
            Evaluation::NotModified => return RangeOutcome::NotModified,
            Evaluation::Failed => return RangeOutcome::PreconditionFailed,
            Evaluation::Met => {}
        }
        let range = self.range.as_deref().filter(|_| self.conditions.allow_range(modified));
        range.map_or(RangeOutcome::All, |range| parse_range(range, file.content.len()))
    }

    fn with_content(
        &self,
        response: ResponseBuilder,
        file: &File,
        range: Range<u64>,
    ) -> ResponseBuilder {
        let content_type = file.content_type.as_deref().unwrap_or(OCTET_STREAM);
        let body = match self.method {
            HttpMethod::Head => Body::HeadOnly(range.end - range.start),
            _ => Body::Blob(file.content.clone(), range),
        };
        response.with_body(content_type, body)
    }
}

/// The part of a file that the response contains.
#[derive(Debug, PartialEq, Eq)]
enum RangeOutcome {
    All,
    Of(Range<u64>),
    Beyond,
    NotModified,
    PreconditionFailed,
}

/// Parses a single range. Several or malformed ranges are ignored.
fn parse_range(header: &[u8], length: u64) -> RangeOutcome {
    let text = std::str::from_utf8(header).ok();
    let span = text.and_then(|text| text.strip_prefix("bytes=")?.split_once('-'));
    let Some((first, last)) = span else { return RangeOutcome::All };
    match (parse_bound(first), parse_bound(last)) {
        (Bound::At(first), Bound::At(last)) if first > last => RangeOutcome::All,
        (Bound::At(first), Bound::At(_) | Bound::Open) if first >= length => RangeOutcome::Beyond,
        (Bound::At(first), Bound::At(last)) => {
            RangeOutcome::Of(first..length.min(last.saturating_add(1)))
        }
        (Bound::At(first), Bound::Open) => RangeOutcome::Of(first..length),
        (Bound::Open, Bound::At(suffix)) if suffix == 0 || length == 0 => RangeOutcome::Beyond,
        (Bound::Open, Bound::At(suffix)) => RangeOutcome::Of(length.saturating_sub(suffix)..length),
        (Bound::Open, Bound::Open) | (Bound::Malformed, _) | (_, Bound::Malformed) => {
            RangeOutcome::All
        }
    }
}

/// One end of a range.
enum Bound {
    At(u64),
    Open,
    Malformed,
}

fn parse_bound(text: &str) -> Bound {
    match text.trim() {
        "" => Bound::Open,
        digits if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            // A number that overflows is beyond every file.
            Bound::At(digits.parse().unwrap_or(u64::MAX))
        }
        _ => Bound::Malformed,
    }
}

fn bytes_unit(span: &str) -> Vec<u8> {
    format!("bytes {span}").into_bytes()
}

/// Returns the path in a URL: percent-decoded, with `+` literal, and without a leading account
/// name.
fn path(url: &str, account: &str) -> Option<Path> {
    Some(url::parse_path(url)?.without_account(account))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_range_applies_and_others_are_ignored() {
        for (header, evaluate_range) in [
            ("bytes=0-0", RangeOutcome::Of(0..1)),
            ("bytes=2-", RangeOutcome::Of(2..10)),
            ("bytes=2-99", RangeOutcome::Of(2..10)),
            ("bytes=-3", RangeOutcome::Of(7..10)),
            ("bytes=-99", RangeOutcome::Of(0..10)),
            ("bytes=10-", RangeOutcome::Beyond),
            ("bytes=-0", RangeOutcome::Beyond),
            ("bytes=0-1,3-4", RangeOutcome::All),
            ("bytes=5-2", RangeOutcome::All),
            ("bytes=-", RangeOutcome::All),
            ("bytes=a-b", RangeOutcome::All),
            ("bytes=99999999999999999999-", RangeOutcome::Beyond),
            ("lines=0-1", RangeOutcome::All),
        ] {
            assert_eq!(parse_range(header.as_bytes(), 10), evaluate_range, "{header}");
        }
        assert_eq!(parse_range(b"bytes=0-", 0), RangeOutcome::Beyond);
    }

    #[test]
    fn a_leading_account_name_is_removed_once() {
        for (url, found) in
            [("/acme/a", "/a"), ("/a", "/a"), ("/acme/acme/a", "/acme/a"), ("/a+b%20c", "/a+b c")]
        {
            assert_eq!(path(url, "acme").map(|path| path.to_string()).as_deref(), Some(found));
        }
        for url in ["/a/../b", "/a%2Fb", "/acme%2fa", "/%2F"] {
            assert_eq!(path(url, "acme"), None, "{url}");
        }
    }

    #[test]
    fn reading_a_path_copies_each_name_once() {
        // Copying all names before each one would be 20,000,000,000 copies.
        let deep = path(&"/d".repeat(200_000), "acme");
        assert_eq!(deep.map(|path| path.segments().len()), Some(200_000));
    }
}
