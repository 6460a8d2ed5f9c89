//! Bytes to send: reproducible noise, and the ways to frame it.

/// Pseudo-random numbers; the same seed gives the same ones.
pub struct Random(u64);

impl Random {
    /// A generator at its start.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number (splitmix64).
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    /// A number below `limit`.
    pub fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit as u64).unwrap()
    }

    /// One of several.
    pub fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len())]
    }

    /// So many bytes.
    pub fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(count + 8);
        while bytes.len() < count {
            bytes.extend(self.next().to_le_bytes());
        }
        bytes.truncate(count);
        bytes
    }
}

/// So many bytes that no other seed gives.
pub fn noise(seed: u64, count: usize) -> Vec<u8> {
    Random::new(seed).bytes(count)
}

/// A body in chunks of `size` bytes, the end included.
pub fn chunked(body: &[u8], size: usize) -> Vec<u8> {
    let mut framed: Vec<u8> = body.chunks(size).flat_map(chunk).collect();
    framed.extend(b"0\r\n\r\n");
    framed
}

/// One chunk.
pub fn chunk(data: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", data.len()).as_bytes(), data, b"\r\n"].concat()
}

/// The SHA-256 of some bytes, as the protocol writes it.
pub fn sha256(bytes: &[u8]) -> String {
    mock_origin::journal::Digest::compute(bytes).to_string()
}
