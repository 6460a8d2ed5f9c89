//! Reproducible random bytes, chunked framing and digests.

/// A pseudo-random generator. The same seed gives the same numbers.
pub struct Random(u64);

impl Random {
    /// Creates a generator.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Returns the next number (splitmix64).
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    /// Returns a number below `limit`.
    pub fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit as u64).unwrap()
    }

    /// Returns one of the choices.
    pub fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len())]
    }

    /// Returns `count` bytes.
    pub fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(count + 8);
        while bytes.len() < count {
            bytes.extend(self.next().to_le_bytes());
        }
        bytes.truncate(count);
        bytes
    }
}

/// Returns `count` bytes that depend on the seed.
pub fn random_bytes(seed: u64, count: usize) -> Vec<u8> {
    Random::new(seed).bytes(count)
}

/// Returns a body in chunks of `size` bytes, including the last chunk.
pub fn chunked(body: &[u8], size: usize) -> Vec<u8> {
    let mut framed: Vec<u8> = body.chunks(size).flat_map(chunk).collect();
    framed.extend(b"0\r\n\r\n");
    framed
}

/// Returns one chunk.
pub fn chunk(data: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", data.len()).as_bytes(), data, b"\r\n"].concat()
}

/// Returns the SHA-256 in the protocol's format.
pub fn sha256(bytes: &[u8]) -> String {
    mock_origin::journal::Digest::compute(bytes).to_string()
}
