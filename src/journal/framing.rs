//! Finds the end of each request in the bytes of a connection.
//!
//! hyper does not keep the order and the case of headers, so a recording stream before hyper keeps
//! each head as received. To find the heads of pipelined requests, it must know where the bodies
//! end. The [`Framer`] tells it. It agrees with hyper on every request that hyper accepts. A
//! request that hyper rejects ends the connection, so from there on the framer passes all bytes.
//! This module does not judge requests; start with [`Framer::step`].

use std::fmt;

use super::Head;

/// The result of a look at the next bytes of a connection.
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    /// The number of bytes that may be passed on now: at least one, unless there are none.
    pub taken: usize,
    /// The head that ends with the last of these bytes, from request line to empty line.
    pub head: Option<Head>,
}

/// The way in which a head delimits its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// There is no body.
    None,
    /// `Content-Length`: this many bytes.
    Length(u64),
    /// `Transfer-Encoding` that ends in `chunked`.
    Chunked,
}

/// The rule of chunked framing that a body violates (RFC 9112 §7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChunkError {
    /// A chunk does not begin with a hexadecimal size.
    Size,
    /// The size of a chunk has too many digits.
    TooLarge,
    /// The line with the size of a chunk does not end with CR LF.
    SizeEnd,
    /// The data of a chunk is longer than its size: no CR LF follows.
    DataEnd,
    /// A line after the last chunk does not end with CR LF.
    TrailerEnd,
}

impl fmt::Display for ChunkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Size => "a chunk does not begin with a hexadecimal size",
            Self::TooLarge => "the size of a chunk has too many digits",
            Self::SizeEnd => "the size of a chunk does not end with CR LF",
            Self::DataEnd => "a chunk is longer than its size",
            Self::TrailerEnd => "a line after the last chunk does not end with CR LF",
        })
    }
}

/// A head with contradictory framing, so that the end of the message is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

/// Follows one connection from head to body to head, as long as the messages are well formed.
#[derive(Debug)]
pub(crate) struct Framer {
    /// The current body. After its end, a head follows.
    body: Body,
    /// The unfinished head. Its buffer is reused for the next one.
    head: Vec<u8>,
    /// The number of its complete lines, and of the bytes after them.
    lines: usize,
    line_bytes: usize,
    head_limit: usize,
}

impl Framer {
    /// Creates a framer at the start of a connection. It gives up on a head of more than
    /// `head_limit` bytes.
    pub(crate) const fn new(head_limit: usize) -> Self {
        let body = Body::new(Ok(Framing::None));
        Self { body, head: Vec::new(), lines: 0, line_bytes: 0, head_limit }
    }

    /// Looks at the next bytes of the connection and returns how many of them may be passed on now.
    ///
    /// A step never goes beyond the end of a head or of a message: the first bytes of a body, and
    /// the next head, are separate steps. Bytes that a step does not take must be passed again,
    /// before the bytes after them.
    pub(crate) fn step(&mut self, bytes: &[u8]) -> Step {
        if self.body.is_over() {
            return self.head_step(bytes);
        }
        let taken = self.body.step(bytes);
        Step { taken, head: None }
    }

    /// Returns whether a head has begun and not ended.
    pub(crate) fn mid_head(&self) -> bool {
        self.body.is_over() && !self.head.is_empty()
    }

    /// Returns whether a head has ended and its body has not.
    pub(crate) fn mid_body(&self) -> bool {
        !self.body.is_over() && !self.is_lost()
    }

    /// Returns whether the framer has given up and passes all bytes for the rest of the connection.
    pub(crate) fn is_lost(&self) -> bool {
        self.body.at == At::Lost
    }

    /// Returns the rule that made the framer give up inside a chunked body.
    pub(crate) fn chunk_error(&self) -> Option<ChunkError> {
        self.body.error
    }

    /// Returns the number of bytes of the latest body that were passed on, without chunk framing.
    pub(crate) fn payload(&self) -> u64 {
        self.body.seen
    }

    /// Returns the received part of a head that did not end, or not within the limit, for the
    /// record of its connection.
    pub(crate) fn partial_head(&self) -> &[u8] {
        &self.head
    }

    /// Looks for the empty line that ends a head. Scans no byte twice.
    fn head_step(&mut self, bytes: &[u8]) -> Step {
        // The starts of the head and of the line in `bytes`.
        let (mut start, mut line) = (0, 0);
        loop {
            let room = self.head_limit - self.head.len();
            let end = bytes.len().min(start + room);
            // An iterator is several times slower where a dependent is not optimised.
            let mut at = line;
            while at < end && bytes[at] != b'\n' {
                at += 1;
            }
            #[cfg(test)]
            tests::SCANNED.with(|scanned| scanned.set(scanned.get() + at - line));
            self.line_bytes += at - line;
            if at == end {
                self.head.extend_from_slice(&bytes[start..end]);
                if end < bytes.len() {
                    self.body.at = At::Lost;
                }
                return Step { taken: bytes.len(), head: None };
            }
            // Bare line feeds end lines, as they do in hyper.
            let is_blank = match std::mem::take(&mut self.line_bytes) {
                0 => true,
                1 if at == line => self.head.ends_with(b"\r"),
                1 => bytes[line] == b'\r',
                _ => false,
            };
            line = at + 1;
            match (is_blank, self.lines) {
                (false, _) => self.lines += 1,
                // RFC 9112 §2.2: empty lines before a request line are ignored.
                (true, 0) => {
                    self.head.clear();
                    start = line;
                }
                (true, _) => return self.end_head(&bytes[start..line], line),
            }
        }
    }

    fn end_head(&mut self, rest: &[u8], taken: usize) -> Step {
        let lines = std::mem::take(&mut self.lines) - 1;
        let head = if self.head.is_empty() {
            Head::with_lines(rest, lines)
        } else {
            self.head.extend_from_slice(rest);
            let head = Head::with_lines(&self.head, lines);
            self.head.clear();
            head
        };
        self.body = Body::new(head.valid_framing());
        Step { taken, head: Some(head) }
    }
}

impl Framing {
    /// Returns the declared number of bytes, or `None` if there is none or the body is chunked.
    pub fn declared(self) -> Option<u64> {
        match self {
            Self::Length(length) => Some(length),
            Self::None | Self::Chunked => None,
        }
    }

    /// Returns the length of the body: 0 if there is none, `None` if it is chunked.
    pub const fn length(self) -> Option<u64> {
        match self {
            Self::None => Some(0),
            Self::Length(length) => Some(length),
            Self::Chunked => None,
        }
    }

    /// Returns the framing of a raw head (RFC 9112 §6.3).
    #[doc(hidden)]
    pub fn parse(raw_head: &[u8]) -> Result<Self, Malformed> {
        Head::new(raw_head).valid_framing()
    }
}

/// The rest of a body.
#[derive(Debug)]
struct Body {
    at: At,
    /// The data bytes to come. While the size of a chunk is read: the size so far.
    left: u64,
    /// The data bytes received.
    seen: u64,
    error: Option<ChunkError>,
}

impl Body {
    const fn new(framing: Result<Framing, Malformed>) -> Self {
        let (at, left) = match framing {
            Ok(Framing::None) => (At::Whole, 0),
            Ok(Framing::Length(size)) => (At::Whole, size),
            Ok(Framing::Chunked) => (At::Start, 0),
            Err(Malformed) => (At::Lost, 0),
        };
        Self { at, left, seen: 0, error: None }
    }

    fn is_over(&self) -> bool {
        self.at == At::End || self.at == At::Whole && self.left == 0
    }

    /// Returns how many of the bytes belong to the body. Data is skipped without a scan.
    fn step(&mut self, bytes: &[u8]) -> usize {
        let mut taken = 0;
        while taken < bytes.len() && !self.is_over() {
            taken += match self.at {
                At::Lost => bytes.len() - taken,
                At::Whole | At::Data if self.left > 0 => self.skip(bytes.len() - taken),
                _ => self.read(bytes[taken]),
            };
        }
        taken
    }

    fn skip(&mut self, available: usize) -> usize {
        let taken = available.min(usize::try_from(self.left).unwrap_or(usize::MAX));
        self.left -= taken as u64;
        self.seen += taken as u64;
        taken
    }

    fn read(&mut self, byte: u8) -> usize {
        #[cfg(test)]
        tests::SCANNED.with(|scanned| scanned.set(scanned.get() + 1));
        let next = self.at.next(byte, self.left);
        if next == At::Lost {
            self.error = Some(self.at.error(byte));
        }
        self.at = next;
        if let (At::Size, Some(digit)) = (self.at, char::from(byte).to_digit(16)) {
            self.left = self.left << 4 | u64::from(digit);
        }
        1
    }
}

/// A position in a body, mostly in the grammar of a chunked one (RFC 9112 §7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// In a body without chunks.
    Whole,
    Start,
    Size,
    SizePad,
    Extension,
    SizeLf,
    /// In the data of a chunk, or directly after it.
    Data,
    DataLf,
    /// Before a trailer, or before the empty line that ends the body.
    Line,
    Trailer,
    TrailerLf,
    EndLf,
    End,
    Lost,
}

impl At {
    /// Returns the next position. The grammar is strict like that of hyper, because a bare line
    /// feed or an overflowing size may smuggle a request in.
    const fn next(self, byte: u8, size: u64) -> Self {
        match (self, byte) {
            (Self::Start | Self::Size, b) if b.is_ascii_hexdigit() && size >> 60 == 0 => Self::Size,
            (Self::Size | Self::SizePad, b' ' | b'\t') => Self::SizePad,
            (Self::Size | Self::SizePad | Self::Extension, b'\r') => Self::SizeLf,
            (Self::Extension, b'\n') => Self::Lost,
            (Self::Size | Self::SizePad, b';') | (Self::Extension, _) => Self::Extension,
            (Self::SizeLf, b'\n') if size == 0 => Self::Line,
            (Self::SizeLf, b'\n') => Self::Data,
            (Self::Data, b'\r') => Self::DataLf,
            (Self::DataLf, b'\n') => Self::Start,
            (Self::Line, b'\r') => Self::EndLf,
            (Self::Trailer, b'\r') => Self::TrailerLf,
            (Self::Line | Self::Trailer, _) => Self::Trailer,
            (Self::TrailerLf, b'\n') => Self::Line,
            (Self::EndLf, b'\n') => Self::End,
            _ => Self::Lost,
        }
    }

    /// Returns the rule that `byte` violates at this position.
    const fn error(self, byte: u8) -> ChunkError {
        match self {
            Self::Start | Self::Size if byte.is_ascii_hexdigit() => ChunkError::TooLarge,
            Self::Size | Self::SizePad if byte == b'\n' => ChunkError::SizeEnd,
            Self::Start | Self::Size | Self::SizePad => ChunkError::Size,
            Self::Extension | Self::SizeLf => ChunkError::SizeEnd,
            Self::Data | Self::DataLf => ChunkError::DataEnd,
            _ => ChunkError::TrailerEnd,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    thread_local! {
        /// The number of bytes of heads and chunk framing that were scanned on this thread.
        pub(super) static SCANNED: Cell<usize> = const { Cell::new(0) };
    }

    #[test]
    fn each_byte_is_scanned_once_in_any_split() {
        let header = format!("A: {}\r\n", "a".repeat(200)).repeat(200);
        let extension = "e".repeat(40_000);
        let head = format!("PUT / HTTP/1.1\r\n{header}Transfer-Encoding: chunked\r\n\r\n");
        let body = format!("1;{extension}\r\nx\r\n0\r\nT: {extension}\r\n\r\n");
        let stream = (head + &body).repeat(3);
        for size in [1, 7, usize::MAX] {
            let (mut framer, before, mut at) = (Framer::new(64 * 1024), SCANNED.get(), 0);
            while at < stream.len() {
                let end = at.saturating_add(size).min(stream.len());
                at += framer.step(&stream.as_bytes()[at..end]).taken;
            }
            assert!(!framer.is_lost());
            let scanned = SCANNED.get() - before;
            assert!(scanned <= stream.len(), "{scanned} of {} by {size}", stream.len());
        }
    }

    /// The bytes that are passed on, with a mark at each stop: `<head>` and `body|`.
    const STREAMS: [&str; 3] = [
        "\n<PUT / HTTP/1.1\r\nContent-Length: 11\r\n\r\n>hello\r\n\r\nyo|",
        "<PUT / HTTP/1.1\nTRANSFER-encoding:\tgzip, Chunked \n\n>5;a=\"b\"\r\nhello\r\n\
         00A \t\r\n\r\n\r\n\r\n\r\n\r\n\r\n0;x\r\nDigest: ab\nX:\r\n\r\n|",
        "<PUT /1 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n>6\r\nGET /\n\r\n0\r\n\r\n|\r\n\n\
         <GET /2 HTTP/1.0\nA: b\r\n\n><PUT /3 HTTP/1.1\ncontent-length:3,3\r\n\n>abc|",
    ];

    /// Passes a stream, without its marks, in pieces of the given sizes, and adds marks where the
    /// framer stops.
    fn mark(framer: &mut Framer, stream: &str, size: &mut dyn FnMut() -> usize) -> String {
        let (bare, mut at, mut marked) = (stream.replace(['<', '>', '|'], ""), 0, String::new());
        while at < bare.len() {
            let end = at.saturating_add(size()).min(bare.len());
            let in_body = framer.mid_body();
            let Step { taken, head } = framer.step(&bare.as_bytes()[at..end]);
            marked.push_str(&bare[at..at + taken]);
            at += taken;
            if let Some(head) = head {
                assert!(!framer.mid_head() && marked.as_bytes().ends_with(head.raw()));
                marked.insert(marked.len() - head.raw().len(), '<');
                marked.push('>');
            } else if in_body && !framer.mid_body() && !framer.is_lost() {
                marked.push('|');
            }
        }
        marked
    }

    #[test]
    fn framing_does_not_depend_on_how_the_bytes_arrive() {
        for stream in STREAMS {
            let marked = |size: &mut dyn FnMut() -> usize| mark(&mut Framer::new(60), stream, size);
            assert_eq!(marked(&mut || usize::MAX), stream, "whole");
            assert_eq!(marked(&mut || 1), stream, "byte by byte");
            for seed in 1..500 {
                let mut xorshift: usize = seed;
                let mut size = || {
                    xorshift ^= xorshift << 7;
                    xorshift ^= xorshift >> 9;
                    1 + xorshift % 20
                };
                assert_eq!(marked(&mut size), stream, "seed {seed}");
            }
        }
    }

    #[test]
    fn a_malformed_chunked_body_passes_all_bytes() {
        let big = format!("{:x}0", 1_u64 << 60);
        for (bad, error) in [
            ("", ChunkError::Size),
            (";", ChunkError::Size),
            ("1 1", ChunkError::Size),
            ("1\n", ChunkError::SizeEnd),
            ("0;\n", ChunkError::SizeEnd),
            ("1\r\nab", ChunkError::DataEnd),
            ("0\r\n\rX", ChunkError::TrailerEnd),
            (&big, ChunkError::TooLarge),
        ] {
            let stream = format!("<A\nTransfer-Encoding: chunked\n\n>{bad}\r\n0\r\n\r\nGET /\n\n");
            let mut framer = Framer::new(60);
            assert_eq!(mark(&mut framer, &stream, &mut || 9), stream);
            assert!(framer.is_lost(), "{bad:?}");
            assert_eq!(framer.chunk_error(), Some(error), "{bad:?}");
        }
    }

    #[test]
    fn an_unfinished_head_is_kept_up_to_the_limit() {
        let mut framer = Framer::new(8);
        mark(&mut framer, "\r\nGET / HT", &mut || 3);
        assert!(framer.mid_head() && framer.partial_head() == b"GET / HT");
        mark(&mut framer, "TP/1.1\r\n\r\n", &mut || 3);
        assert!(framer.is_lost() && framer.partial_head() == b"GET / HT");
    }

    #[test]
    fn the_framing_of_a_body_follows_rfc_9112() {
        let of = |rest: &str| Framing::parse(format!("PUT / HTTP/1.{rest}\n\n").as_bytes());
        let length = |size: &str| of(&format!("0\r\nContent-Length: {size}\r"));
        assert_eq!(of("1\nA: Content-Length: 5"), Ok(Framing::None));
        assert_eq!(length("5, 5\ncontent-LENGTH:05\t"), Ok(Framing::Length(5)));
        let (differs, overflows) = ("5\nContent-Length: 6", format!("{}0", u64::MAX));
        for size in ["", "+5", "-5", "5,", "5, 6", differs, &overflows] {
            assert_eq!(length(size), Err(Malformed), "{size}");
        }
        let codings = "\nContent-Length: x\nTransfer-Encoding: a\nTransfer-Encoding: b,CHUNKED";
        assert_eq!(of(&format!("1{codings}")), Ok(Framing::Chunked));
        assert_eq!(of(&format!("1{codings}, gzip")), Err(Malformed));
        assert_eq!(of(&format!("0{codings}")), Err(Malformed));
    }
}
