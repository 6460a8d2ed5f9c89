//! MediaVault addresses: a path, an end, and a hash that only this origin could have made (§7.2, §8).

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::blob::Digest;
use crate::storage::{Path, Storage, Timestamp};

/// What a MediaVault address says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum SignedUrl {
    /// The address is none.
    None,
    /// It holds, as far as it is read from the address alone.
    Claim { expires: u64, hash: String },
    /// It is one, and makes no sense.
    Malformed,
}

/// The address of `path` on the origin that was called as `host`, good until `expires`.
pub(super) fn address(storage: &Storage, host: &str, path: &Path, expires: u64) -> String {
    const SEGMENT: &AsciiSet =
        &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');
    let absolute = path.absolute(storage.account());
    let quoted = utf8_percent_encode(&absolute, SEGMENT);
    format!("http://{host}{quoted}?e={expires}&h={}", hash(storage, path, expires))
}

/// Reads the query of an address: `e` and `h` make it a MediaVault one.
pub(super) fn ticket(target: &[u8]) -> SignedUrl {
    let target = String::from_utf8_lossy(target);
    let query = target.split_once('?').map_or("", |(_, query)| query);
    let value = |name: &str| {
        query
            .split('&')
            .find_map(|term| term.strip_prefix(name)?.strip_prefix('='))
            .map(str::to_owned)
    };
    match (value("e"), value("h")) {
        (_, None) => SignedUrl::None,
        (expires, Some(hash)) => expires
            .and_then(|expires| expires.parse().ok())
            .map_or(SignedUrl::Malformed, |expires| SignedUrl::Claim { expires, hash }),
    }
}

/// Whether a ticket opens `path` now.
pub(super) fn opens(storage: &Storage, now: Timestamp, path: &Path, ticket: &SignedUrl) -> bool {
    match ticket {
        SignedUrl::None => true,
        SignedUrl::Malformed => false,
        SignedUrl::Claim { expires, hash: claimed } => {
            now.secs() < *expires && *claimed == hash(storage, path, *expires)
        }
    }
}

fn hash(storage: &Storage, path: &Path, expires: u64) -> String {
    let facts = format!("{} {expires} {path}", storage.seed());
    Digest::compute(facts.as_bytes()).to_string()[..32].to_owned()
}
