//! SHA-256, the checksum of the protocol. The types hide the library that computes it. Start with
//! [`Digest`] and [`Hasher`].

use std::fmt;

use ring::digest::{Context, SHA256, digest};

/// A SHA-256 digest. It is displayed as 64 lower-case hexadecimal digits, as the protocol writes
/// it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// Computes the digest of bytes in memory.
    pub fn compute(bytes: &[u8]) -> Self {
        Self::from_ring(digest(&SHA256, bytes))
    }

    fn from_ring(digest: ring::digest::Digest) -> Self {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest.as_ref());
        Self(bytes)
    }

    /// Creates a digest from its 32 bytes.
    pub(crate) const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Parses exactly 64 hexadecimal digits of either case, because clients send both.
    pub fn parse_hex(text: &str) -> Option<Self> {
        if text.len() != 64 {
            return None;
        }
        let mut digest = [0; 32];
        for (byte, pair) in digest.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            *byte = nibble(pair[0])? << 4 | nibble(pair[1])?;
        }
        Some(Self(digest))
    }

    /// Returns the 64 digits.
    pub(crate) fn to_hex(self) -> [u8; 64] {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = [0; 64];
        let mut at = 0;
        // An iterator is several times slower where a dependent is not optimised.
        while at < 32 {
            text[2 * at] = DIGITS[(self.0[at] >> 4) as usize];
            text[2 * at + 1] = DIGITS[(self.0[at] & 15) as usize];
            at += 1;
        }
        text
    }

    /// Returns the 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Returns the value of one digit. The integer parsers of `std` would accept a sign.
fn nibble(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16)?.try_into().ok()
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(str::from_utf8(&self.to_hex()).unwrap_or_default())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// An incremental digest, updated frame by frame.
///
/// A clone continues from the same state, so one hasher can compute the digest of a prefix and of
/// the whole.
#[derive(Clone)]
pub(crate) struct Hasher(Context);

impl Hasher {
    /// Creates a hasher of no bytes.
    pub(crate) fn new() -> Self {
        Self(Context::new(&SHA256))
    }

    /// Adds the next bytes.
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Returns the digest of all bytes that were added.
    pub(crate) fn finish(self) -> Digest {
        Digest::from_ring(self.0.finish())
    }
}

impl Default for Hasher {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hasher").finish_non_exhaustive()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// Examples of FIPS 180-4.
    const VECTORS: &[(&str, &str)] = &[
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
        ),
    ];

    #[test]
    fn digests_agree_with_the_standard() {
        for (text, hex) in VECTORS {
            assert_eq!(Digest::compute(text.as_bytes()).to_string(), *hex);
        }
    }

    #[test]
    fn frames_do_not_change_the_digest() {
        for (text, hex) in VECTORS {
            let mut hasher = Hasher::new();
            text.as_bytes().chunks(5).for_each(|frame| hasher.update(frame));
            assert_eq!(hasher.finish(), Digest::parse_hex(hex).unwrap());
        }
    }

    /// Lengths up to a few blocks reach every case of the padding.
    #[test]
    fn digests_agree_with_a_second_implementation() {
        let bytes: Vec<u8> = (0..300).map(|at: u32| (at * 7 % 256).to_le_bytes()[0]).collect();
        for length in 0..=bytes.len() {
            let body = &bytes[..length];
            let expected: [u8; 32] = <sha2::Sha256 as sha2::Digest>::digest(body).into();
            assert_eq!(Digest::compute(body).as_bytes(), &expected, "{length} bytes");
            let mut hasher = Hasher::new();
            body.chunks(1 + length % 70).for_each(|frame| hasher.update(frame));
            assert_eq!(hasher.finish().as_bytes(), &expected, "{length} bytes in frames");
        }
    }

    #[test]
    fn a_cloned_hasher_continues_from_the_same_state() {
        let mut whole = Hasher::new();
        whole.update(b"ab");
        let mut longer = whole.clone();
        longer.update(b"c");
        assert_eq!(whole.finish(), Digest::compute(b"ab"));
        assert_eq!(longer.finish(), Digest::compute(b"abc"));
    }

    #[test]
    fn hex_is_parsed_in_either_case_and_shown_in_lower_case() {
        let digest = Digest::compute(b"abc");
        let upper = digest.to_string().to_uppercase();
        assert_eq!(Digest::parse_hex(&upper), Some(digest));
        assert_eq!(format!("{digest:?}"), upper.to_lowercase());
    }

    #[test]
    fn only_64_hex_digits_are_a_digest() {
        let good = Digest::compute(b"").to_string();
        let signed = format!("+{}", &good[1..]);
        let wide = format!("é{}", &good[2..]);
        for bad in ["", &good[1..], &format!("{good}0"), &signed, &wide] {
            assert_eq!(Digest::parse_hex(bad), None, "{bad:?}");
        }
    }
}
