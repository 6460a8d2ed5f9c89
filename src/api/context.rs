//! What an endpoint looks at: the head, the origin, the time.

use crate::journal::{Call, Head};
use crate::protocol::{ErrorKind, Limit};
use crate::storage::{Path, PathEncoding, Principal, Storage};

use super::router::Route;

/// A request that has found its endpoint.
pub(super) struct RequestContext<'a> {
    pub(super) storage: &'a Storage,
    pub(super) head: &'a Head,
    pub(super) route: &'a Route,
    /// Who asks; endpoints that need nobody do not look.
    pub(super) principal: &'a Result<Principal, ErrorKind>,
}

impl<'a> RequestContext<'a> {
    /// A header's value. Of a repeated one the first counts, and an empty one was not sent (§1.13).
    pub(super) fn header(&self, name: &str) -> Option<&'a [u8]> {
        self.head.header(name).filter(|value| !value.is_empty())
    }

    /// A header's value as text; bytes that are not UTF-8 make it text that nothing equals.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        // The lossy way alone would cost a piece as much as all else that is read of its head.
        let lossy = |value| String::from_utf8_lossy(value).into_owned();
        self.header(name)
            .map(|value| std::str::from_utf8(value).map_or_else(|_| lossy(value), str::to_owned))
    }

    /// Who asks, as far as the credentials hold.
    pub(super) fn principal(&self, call: &mut Call) -> Result<Principal, ErrorKind> {
        let principal = self.principal.clone()?;
        call.user = Some(self.storage.sessions().user(principal.user).name.clone());
        call.session = principal.session;
        Ok(principal)
    }

    /// How the names in this request are spelled: `X-Agile-Encoding` (§3.3).
    pub(super) fn path_encoding(&self) -> Result<PathEncoding, ErrorKind> {
        path_encoding(self.header("X-Agile-Encoding"))
    }

    /// A path as the caller means it.
    pub(super) fn path(
        &self,
        text: &[u8],
        path_encoding: PathEncoding,
        principal: &Principal,
    ) -> Result<Path, ErrorKind> {
        let max = self.storage.limits().of(Limit::PathBytes);
        Ok(Path::parse(text, path_encoding, max)?.under(&principal.root))
    }

    /// Notes which path a request is about.
    pub(super) fn record_path(&self, call: &mut Call, path: &Path) {
        call.path = Some(path.absolute(self.storage.account()));
    }
}

/// What an encoding header says.
pub(super) fn path_encoding(header: Option<&[u8]>) -> Result<PathEncoding, ErrorKind> {
    match header {
        None => Ok(PathEncoding::Raw),
        Some(name) if name.eq_ignore_ascii_case(b"UTF8") => Ok(PathEncoding::PercentEncoded),
        Some(_) => Err(ErrorKind::Encoding),
    }
}

/// A number written in ASCII digits alone: no sign, no space.
pub(super) fn digits(text: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(text).ok()?;
    (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())).then_some(text)
}
