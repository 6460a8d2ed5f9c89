//! MediaVault addresses: a path, an expiry, and a hash that only this origin can compute (§7.2,
//! §8). Start with [`SignedUrl`].

use crate::blob::Digest;
use crate::storage::{Path, Storage, Timestamp};

use super::url::{encode_path, query_value};

/// The MediaVault part of an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum SignedUrl {
    /// The address has none.
    None,
    /// It is well formed. Expiry and hash are checked later.
    Claim { expires: u64, hash: String },
    /// It is malformed.
    Malformed,
}

/// Returns the address of `path` on the origin with the host name `host`, valid until `expires`.
pub(super) fn build_address(storage: &Storage, host: &str, path: &Path, expires: u64) -> String {
    let absolute = path.absolute(storage.account());
    let quoted = encode_path(&absolute);
    format!("{}://{host}{quoted}?e={expires}&h={}", storage.scheme(), hash(storage, path, expires))
}

/// Parses the query of an address: `e` and `h` make it a MediaVault address.
pub(super) fn parse(target: &[u8]) -> SignedUrl {
    match (query_value(target, "e"), query_value(target, "h")) {
        (_, None) => SignedUrl::None,
        (expires, Some(hash)) => expires
            .and_then(|expires| expires.parse().ok())
            .map_or(SignedUrl::Malformed, |expires| SignedUrl::Claim { expires, hash }),
    }
}

/// Returns whether the address gives access to `path` now.
pub(super) fn allows(
    storage: &Storage,
    now: Timestamp,
    path: &Path,
    signed_url: &SignedUrl,
) -> bool {
    match signed_url {
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
