//! Tokens and identifiers, derived from the seed. Start with [`Ids`].

use std::collections::HashMap;
use std::sync::Arc;

use uuid::Uuid;

use crate::blob::Digest;

/// The purpose of an identifier.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// A session token (§2.2).
    Token,
    /// A multipart identifier (§4.1).
    Multipart,
    /// A generated name for an upload (§4.1).
    Basename,
    /// One half of a key pair (§9).
    Key,
}

/// A generator of identifiers that look random and are deterministic.
///
/// An identifier is a hash of the seed, its kind, the user, the path, and the number of earlier
/// identifiers of the same kind, user and path. Requests that run in parallel therefore do not
/// change the identifiers of each other.
#[derive(Clone, Debug)]
pub(super) struct Ids {
    seed: u64,
    /// The number of identifiers of each kind, user and path, by a hash of these. It grows with the
    /// paths of uploads and is never cleared, because no identifier may be given twice. A clone
    /// shares it until it changes.
    given: Arc<HashMap<[u8; 16], u64>>,
}

impl Ids {
    /// Creates a generator. The same seed gives the same identifiers.
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, given: Arc::default() }
    }

    /// Returns the seed.
    pub(super) fn seed(&self) -> u64 {
        self.seed
    }

    /// Returns the next identifier of `kind` for `user` and `path`, formatted as a version-4 UUID.
    pub(super) fn next(&mut self, kind: Kind, user: &str, path: &str) -> Uuid {
        let facts = [
            &self.seed.to_be_bytes()[..],
            &[kind as u8],
            &(user.len() as u64).to_be_bytes(),
            user.as_bytes(),
            path.as_bytes(),
        ];
        let mut facts = facts.concat();
        let ordinal = Arc::make_mut(&mut self.given).entry(hash(&facts)).or_default();
        facts.extend(ordinal.to_be_bytes());
        *ordinal += 1;
        uuid::Builder::from_random_bytes(hash(&facts)).into_uuid()
    }
}

fn hash(facts: &[u8]) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&Digest::compute(facts).as_bytes()[..16]);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_do_not_depend_on_the_order_of_requests() {
        let mut one = Ids::new(7);
        let mut two = Ids::new(7);
        let (a, b) =
            (one.next(Kind::Multipart, "jane", "/a"), one.next(Kind::Multipart, "jane", "/b"));
        let (d, c) =
            (two.next(Kind::Multipart, "jane", "/b"), two.next(Kind::Multipart, "jane", "/a"));
        assert_eq!((a, b), (c, d));
        assert_ne!(a, one.next(Kind::Multipart, "jane", "/a"));
        assert_ne!(a, Ids::new(8).next(Kind::Multipart, "jane", "/a"));
        assert_ne!(a, Ids::new(7).next(Kind::Token, "jane", "/a"));
    }

    #[test]
    fn an_identifier_is_a_version_4_uuid() {
        let id = Ids::new(1).next(Kind::Token, "jane", "/");
        assert_eq!(id.get_version_num(), 4);
        assert_eq!(id.hyphenated().to_string().len(), 36);
    }
}
