//! Writes numbers in as few bytes as they need, and bytes as far as they differ from earlier ones. What
//! they mean is unknown here. Start with [`Writer`] and [`Reader`].

/// Appends values to bytes.
pub(super) struct Writer<'a>(pub(super) &'a mut Vec<u8>);

impl Writer<'_> {
    /// Appends bytes as they are.
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// Appends a number, 7 bits per byte. The highest bit says that another byte follows.
    pub(super) fn number(&mut self, mut number: u64) {
        while number > 0x7F {
            self.0.push(number.to_le_bytes()[0] | 0x80);
            number >>= 7;
        }
        self.0.push(number.to_le_bytes()[0]);
    }

    /// Appends the distance between two numbers, which may be negative.
    pub(super) fn distance(&mut self, from: u64, to: u64) {
        let distance = to.wrapping_sub(from).cast_signed();
        self.number((distance << 1 ^ distance >> 63).cast_unsigned());
    }

    /// Appends bytes as far as they differ from the previous ones: the lengths of the same start and of
    /// the same end, and what is between them.
    pub(super) fn difference(&mut self, previous: &[u8], bytes: &[u8]) {
        let start = same_start(previous, bytes);
        let (before, rest) = (&previous[start..], &bytes[start..]);
        let end = same_end(before, rest);
        let middle = &rest[..rest.len() - end];
        for length in [start, end, middle.len()] {
            self.number(length as u64);
        }
        self.bytes(middle);
    }
}

/// This many bytes are compared at once, then this many, and then one by one: a loop over bytes is slow
/// where a dependent is not optimised.
const STRIDES: (usize, usize) = (32, 8);

/// Returns the length of the longest common start.
fn same_start(one: &[u8], other: &[u8]) -> usize {
    let most = one.len().min(other.len());
    let mut at = 0;
    while at + STRIDES.0 <= most && one[at..at + STRIDES.0] == other[at..at + STRIDES.0] {
        at += STRIDES.0;
    }
    while at + STRIDES.1 <= most && one[at..at + STRIDES.1] == other[at..at + STRIDES.1] {
        at += STRIDES.1;
    }
    while at < most && one[at] == other[at] {
        at += 1;
    }
    at
}

/// Returns the length of the longest common end.
fn same_end(one: &[u8], other: &[u8]) -> usize {
    let most = one.len().min(other.len());
    let (one, other) = (&one[one.len() - most..], &other[other.len() - most..]);
    let mut at = most;
    while at >= STRIDES.0 && one[at - STRIDES.0..at] == other[at - STRIDES.0..at] {
        at -= STRIDES.0;
    }
    while at >= STRIDES.1 && one[at - STRIDES.1..at] == other[at - STRIDES.1..at] {
        at -= STRIDES.1;
    }
    while at > 0 && one[at - 1] == other[at - 1] {
        at -= 1;
    }
    most - at
}

/// Reads what a [`Writer`] wrote.
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl Reader<'_> {
    pub(super) fn bytes(&mut self, count: usize) -> &[u8] {
        let (bytes, rest) = self.0.split_at(count);
        self.0 = rest;
        bytes
    }

    pub(super) fn number(&mut self) -> u64 {
        let (mut number, mut shift) = (0, 0);
        loop {
            let byte = self.bytes(1)[0];
            number |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return number;
            }
            shift += 7;
        }
    }

    pub(super) fn length(&mut self) -> usize {
        usize::try_from(self.number()).unwrap_or(usize::MAX)
    }

    pub(super) fn distance(&mut self, from: u64) -> u64 {
        let number = self.number();
        from.wrapping_add(number >> 1 ^ (number & 1).wrapping_neg())
    }

    pub(super) fn difference(&mut self, previous: &[u8]) -> Vec<u8> {
        let (start, end, middle) = (self.length(), self.length(), self.length());
        let mut bytes = Vec::with_capacity(start + middle + end);
        bytes.extend_from_slice(&previous[..start]);
        bytes.extend_from_slice(self.bytes(middle));
        bytes.extend_from_slice(&previous[previous.len() - end..]);
        bytes
    }
}
