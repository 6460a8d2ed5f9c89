//! Tokens and identifiers that a seed decides.

use std::collections::HashMap;
use std::sync::Arc;

use uuid::Uuid;

use crate::blob::Digest;

/// What an identifier is for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// A session token (§2.2).
    Token,
    /// A multipart identifier (§4.1).
    Multipart,
    /// The name of an upload that was given none (§4.1).
    Basename,
    /// One half of a key pair (§9).
    Key,
}

/// Gives identifiers that look random and are not.
///
/// An identifier is a hash of the seed, its kind, the user, the path and how many of that sort
/// there were before, so that requests running in parallel do not change each other's.
#[derive(Clone, Debug)]
pub(super) struct Ids {
    seed: u64,
    /// How many were given of each sort, by a hash of what makes the sort. It grows with the paths
    /// of uploads, and forgets none: no identifier must be given twice. A clone shares it until it
    /// changes, and copying it allocates nothing for the single entry.
    given: Arc<HashMap<[u8; 16], u64>>,
}

impl Ids {
    /// A source of identifiers; the same seed gives the same ones.
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, given: Arc::default() }
    }

    /// The seed it was made with.
    pub(super) fn seed(&self) -> u64 {
        self.seed
    }

    /// The next identifier of `kind` for `user` and `path`, shaped as a version-4 UUID.
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
    fn a_seed_decides_whatever_the_order() {
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
