//! Segments in order. This module does not know how a segment came to its place. Start with
//! [`Rope`].

use std::{io, ops::Range, sync::Arc};

use bytes::Bytes;

use super::{index, spool::Extent};

/// Bytes in one place. A clone shares them.
#[derive(Clone)]
pub(super) enum Segment {
    /// In memory, counted by a budget or supplied by a test.
    Memory(Bytes),
    /// In the spool file of a store.
    Spooled(Arc<Extent>),
}

impl Segment {
    fn len(&self) -> u64 {
        match self {
            Self::Memory(bytes) => bytes.len() as u64,
            Self::Spooled(extent) => extent.len(),
        }
    }

    /// Returns the bytes in `range`, which must be within the segment: a slice of memory, or a copy
    /// from the file.
    fn read(&self, range: Range<u64>) -> io::Result<Bytes> {
        match self {
            Self::Memory(bytes) => Ok(bytes.slice(index(range.start)..index(range.end))),
            Self::Spooled(extent) => extent.read(range),
        }
    }
}

/// A list of segments with the offset of each.
///
/// The list is flat, also for a rope made of ropes: an offset is found by binary search, and
/// dropping a rope never recurses.
pub(super) struct Rope(Box<[RopeEntry]>);

/// A segment and its offset. It is never empty.
struct RopeEntry {
    span: Range<u64>,
    segment: Segment,
}

impl Rope {
    /// Creates a rope of one segment, as most bodies are.
    pub(super) fn from_segment(segment: Segment) -> Self {
        match segment.len() {
            0 => Self(Box::default()),
            length => Self(Box::new([RopeEntry { span: 0..length, segment }])),
        }
    }

    pub(super) fn len(&self) -> u64 {
        self.0.last().map_or(0, |strand| strand.span.end)
    }

    pub(super) fn segments(&self) -> impl Iterator<Item = &Segment> {
        self.0.iter().map(|strand| &strand.segment)
    }

    /// Reads from the start of `range` to its end or to the end of the segment, whichever comes
    /// first. The result is empty only at the end of the rope.
    pub(super) fn read(&self, range: Range<u64>) -> io::Result<Bytes> {
        let before = |strand: &RopeEntry| strand.span.end <= range.start;
        let Some(RopeEntry { span, segment }) = self.0.get(self.0.partition_point(before)) else {
            return Ok(Bytes::new());
        };
        segment.read(range.start - span.start..range.end.min(span.end) - span.start)
    }
}

impl FromIterator<Segment> for Rope {
    fn from_iter<I: IntoIterator<Item = Segment>>(segments: I) -> Self {
        let mut end = 0;
        let place = |segment: Segment| {
            let start = end;
            end += segment.len();
            RopeEntry { span: start..end, segment }
        };
        let filled = segments.into_iter().filter(|segment| segment.len() > 0);
        Self(filled.map(place).collect())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn rope(texts: &[&'static str]) -> Rope {
        let memory = |text: &&'static str| Segment::Memory(Bytes::from_static(text.as_bytes()));
        texts.iter().map(memory).collect()
    }

    #[test]
    fn a_rope_holds_no_empty_segment() {
        let rope = rope(&["", "ab", "", "c", ""]);
        assert_eq!(rope.len(), 3);
        assert_eq!(rope.segments().count(), 2);
    }

    #[test]
    fn a_read_stops_at_the_end_of_its_segment() {
        let rope = rope(&["abc", "de", "f"]);
        let cases: [(Range<u64>, &[u8]); 6] =
            [(0..6, b"abc"), (1..2, b"b"), (2..3, b"c"), (3..6, b"de"), (5..6, b"f"), (6..6, b"")];
        for (range, expected) in cases {
            assert_eq!(rope.read(range.clone()).unwrap(), expected, "{range:?}");
        }
    }
}
