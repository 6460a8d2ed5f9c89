//! The random numbers of chaos, version 1.
//!
//! A decision depends only on the seed and on the request. Both are encoded as below. The encoding has
//! a version and contains no name from the code, so that renaming an item changes no decision. Order
//! and timing of requests do not matter either.
//!
//! The n-th number of a decision, from 0, is the first 8 bytes of
//! `SHA-256(encoding ‖ n as u32)`, read as a big-endian integer. The encoding is, in this order:
//!
//! | Field | Bytes |
//! |---|---|
//! | domain and version | `mock-origin/chaos/1` and a zero byte |
//! | seed | `u64` |
//! | operation | `1` and its [number](operation_number) as `u16`; or `2` and the name of a JSON-RPC method as text |
//! | path | `0`; or `1` and text: absolute, with the account in front |
//! | user | `0`; or `1` and text |
//! | part number | `0`; or `1` and `u32` |
//! | attempt, from 1 | `u32` |
//!
//! Integers are big-endian. A text is its length in bytes as `u32`, and its bytes in UTF-8.
//!
//! A change to this encoding, to a number of an operation, or to the effects that chaos chooses from
//! changes what every seed does: it needs a new version.

use crate::blob::Digest;
use crate::protocol::Operation;

const DOMAIN: &[u8] = b"mock-origin/chaos/1\0";

/// The request that a decision is about.
#[derive(Clone, Copy, Debug)]
pub(super) struct DecisionKey<'a> {
    pub(super) operation: OperationKey<'a>,
    /// The absolute path; none for an operation that has none.
    pub(super) path: Option<&'a str>,
    pub(super) user: Option<&'a str>,
    pub(super) part: Option<u32>,
    /// Counted from 1.
    pub(super) attempt: u32,
}

/// An operation, or one JSON-RPC method of the several that an operation may have.
#[derive(Clone, Copy, Debug)]
pub(super) enum OperationKey<'a> {
    Operation(Operation),
    Method(&'a str),
}

/// The random numbers of one decision, in order.
#[derive(Debug)]
pub(super) struct DecisionRng {
    encoding: Vec<u8>,
    drawn: u32,
}

impl DecisionRng {
    pub(super) fn new(seed: u64, key: &DecisionKey<'_>) -> Self {
        Self { encoding: encode(seed, key), drawn: 0 }
    }

    /// Returns the next number below `bound`; 0 if `bound` is 0.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        let digest = Digest::compute(&[&self.encoding[..], &self.drawn.to_be_bytes()].concat());
        self.drawn += 1;
        let number = digest.as_bytes()[..8].iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
        number.checked_rem(bound).unwrap_or_default()
    }
}

fn encode(seed: u64, key: &DecisionKey<'_>) -> Vec<u8> {
    let mut bytes = [DOMAIN, &seed.to_be_bytes()].concat();
    match key.operation {
        OperationKey::Operation(operation) => {
            bytes.push(1);
            bytes.extend(operation_number(operation).to_be_bytes());
        }
        OperationKey::Method(name) => {
            bytes.push(2);
            push_text(&mut bytes, name);
        }
    }
    for text in [key.path, key.user] {
        bytes.push(u8::from(text.is_some()));
        if let Some(text) = text {
            push_text(&mut bytes, text);
        }
    }
    bytes.push(u8::from(key.part.is_some()));
    if let Some(part) = key.part {
        bytes.extend(part.to_be_bytes());
    }
    bytes.extend(key.attempt.to_be_bytes());
    bytes
}

fn push_text(bytes: &mut Vec<u8>, text: &str) {
    // Heads and bodies are limited far below `u32::MAX`.
    let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
    bytes.extend(length.to_be_bytes());
    bytes.extend(text.as_bytes());
}

/// Returns the number of an operation in the encoding. A number is never given to another operation.
const fn operation_number(operation: Operation) -> u16 {
    match operation {
        Operation::Login => 1,
        Operation::CheckToken => 2,
        Operation::UpdateSession => 3,
        Operation::InitKeyPair => 4,
        Operation::Logout => 5,
        Operation::Echo => 6,
        Operation::PostRaw => 7,
        Operation::PostFile => 8,
        Operation::MakeDirectory => 9,
        Operation::Stat => 10,
        Operation::List => 11,
        Operation::Rename => 12,
        Operation::SetMTime => 13,
        Operation::SetContentType => 14,
        Operation::Fetch => 15,
        Operation::MediaVault => 16,
        Operation::Copy => 17,
        Operation::DeleteObject => 18,
        Operation::DeleteFile => 19,
        Operation::DeleteDirectory => 20,
        Operation::Create => 21,
        Operation::Piece => 22,
        Operation::Complete => 23,
        Operation::Abort => 24,
        Operation::Restart => 25,
        Operation::StatusMap => 26,
        Operation::ListUploads => 27,
        Operation::Status => 28,
        Operation::ListPieces => 29,
        Operation::Read => 30,
        Operation::Preflight => 31,
        Operation::UnknownMethod => 32,
        Operation::Unmatched => 33,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece() -> DecisionKey<'static> {
        DecisionKey {
            operation: OperationKey::Operation(Operation::Piece),
            path: Some("/acme/a"),
            user: Some("jane"),
            part: Some(2),
            attempt: 1,
        }
    }

    #[test]
    fn encoding_is_as_documented() {
        let mut expected = b"mock-origin/chaos/1\0".to_vec();
        expected.extend([0, 0, 0, 0, 0, 0, 0, 41]);
        expected.extend([1, 0, 22]);
        expected.extend([1, 0, 0, 0, 7]);
        expected.extend(b"/acme/a");
        expected.extend([1, 0, 0, 0, 4]);
        expected.extend(b"jane");
        expected.extend([1, 0, 0, 0, 2]);
        expected.extend([0, 0, 0, 1]);
        assert_eq!(encode(41, &piece()), expected);
    }

    #[test]
    fn every_field_of_the_key_changes_the_encoding() {
        let method = OperationKey::Method("stat");
        let other = OperationKey::Operation(Operation::Create);
        let encodings: std::collections::BTreeSet<_> = [
            encode(40, &piece()),
            encode(41, &piece()),
            encode(41, &DecisionKey { operation: method, ..piece() }),
            encode(41, &DecisionKey { operation: other, ..piece() }),
            encode(41, &DecisionKey { path: None, ..piece() }),
            encode(41, &DecisionKey { path: Some(""), ..piece() }),
            encode(41, &DecisionKey { user: None, ..piece() }),
            // The same letters, divided otherwise.
            encode(41, &DecisionKey { path: Some("/acme/aj"), user: Some("ane"), ..piece() }),
            encode(41, &DecisionKey { part: None, ..piece() }),
            encode(41, &DecisionKey { attempt: 2, ..piece() }),
        ]
        .into();
        assert_eq!(encodings.len(), 10);
    }
}
