//! The input of an endpoint: the head, the storage, the time. Start with [`RequestContext`].

use std::borrow::Cow;

use crate::journal::{Call, Head};
use crate::protocol::{ErrorKind, Limit};
use crate::storage::{Path, PathEncoding, Principal, Storage};

use super::router::Route;
use super::url::lossy;

/// A request with its endpoint.
pub(super) struct RequestContext<'a> {
    pub(super) storage: &'a Storage,
    pub(super) head: &'a Head,
    pub(super) route: &'a Route<'a>,
    /// The result of authentication. Endpoints without authentication do not read it.
    pub(super) principal: &'a Result<Principal, ErrorKind>,
}

impl<'a> RequestContext<'a> {
    /// Returns the value of a header. The first of several counts, and an empty one counts as not
    /// sent (§1.13).
    pub(super) fn header(&self, name: &str) -> Option<&'a [u8]> {
        self.head.header(name).filter(|value| !value.is_empty())
    }

    /// Returns the value of a header as text. Bytes that are not UTF-8 become text that equals
    /// nothing.
    pub(super) fn text(&self, name: &str) -> Option<Cow<'a, str>> {
        self.header(name).map(lossy)
    }

    /// Returns the principal, if the credentials are valid, and records the user in `call`.
    pub(super) fn principal(&self, call: &mut Call) -> Result<&'a Principal, ErrorKind> {
        let principal = self.principal.as_ref().map_err(|cause| *cause)?;
        call.user = Some(self.storage.sessions().user(principal.user).name.clone());
        call.session = principal.session;
        Ok(principal)
    }

    /// Returns the encoding of the names in this request: `X-Agile-Encoding` (§3.3).
    pub(super) fn path_encoding(&self) -> Result<PathEncoding, ErrorKind> {
        path_encoding(self.header("X-Agile-Encoding"))
    }

    /// Returns the path that the caller means, resolved from the root of the caller.
    pub(super) fn path(
        &self,
        text: &[u8],
        path_encoding: PathEncoding,
        principal: &Principal,
    ) -> Result<Path, ErrorKind> {
        let max = self.storage.limits().get(Limit::PathBytes);
        Ok(Path::parse(text, path_encoding, max)?.under(&principal.root))
    }

    /// Records the path of a request.
    pub(super) fn record_path(&self, call: &mut Call, path: &Path) {
        call.path = Some(path.absolute(self.storage.account()).into());
    }
}

/// Parses the value of an encoding header.
pub(super) fn path_encoding(header: Option<&[u8]>) -> Result<PathEncoding, ErrorKind> {
    match header {
        None => Ok(PathEncoding::Raw),
        Some(name) if name.eq_ignore_ascii_case(b"UTF8") => Ok(PathEncoding::PercentEncoded),
        Some(_) => Err(ErrorKind::Encoding),
    }
}

/// Returns a number of ASCII digits only, without sign or space.
pub(super) fn parse_digits(text: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(text).ok()?;
    (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())).then_some(text)
}
