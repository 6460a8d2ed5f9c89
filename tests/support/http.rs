//! One HTTP/1 connection of a test client: it writes bytes as given and reads responses. It serves the
//! tests, the conformance cases and the benchmarks. It does not panic and judges no response. Start
//! with [`Connection`].

#![allow(dead_code, unreachable_pub)] // each binary uses a part of it

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream, ToSocketAddrs};
use std::ops::Range;
use std::time::Duration;

/// The longest wait for bytes. A test that waits longer has found a bug.
pub const TIMEOUT: Duration = Duration::from_secs(10);

/// The end of a head.
const END: &[u8] = b"\r\n\r\n";

/// The number of bytes that one read asks for.
const READ_BYTES: usize = 4 * 1024;

/// A connection, and the bytes that were read beyond the last response.
pub struct Connection<S = TcpStream> {
    socket: S,
    unread: Vec<u8>,
}

/// The head of a response.
#[derive(Debug)]
pub struct Head {
    pub status: u16,
    pub reason: String,
    /// In their order and spelling on the wire.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The length of the body: its `Content-Length`, or 0 if the response has no body.
    pub length: usize,
}

impl Connection {
    /// Connects to an address such as `127.0.0.1:80`. Reads and writes fail after [`TIMEOUT`].
    pub fn open(address: impl ToSocketAddrs) -> io::Result<Self> {
        let socket = TcpStream::connect(address)?;
        socket.set_nodelay(true)?;
        socket.set_read_timeout(Some(TIMEOUT))?;
        socket.set_write_timeout(Some(TIMEOUT))?;
        Ok(Self::new(socket))
    }

    /// Connects to a base URL.
    pub fn to_url(url: &str) -> io::Result<Self> {
        Self::open(url.strip_prefix("http://").ok_or(ErrorKind::InvalidInput)?)
    }

    /// Closes the sending direction. A socket that the server has reset has none to close; the next
    /// read reports the reset.
    pub fn finish_writing(&self) -> io::Result<()> {
        match self.socket.shutdown(Shutdown::Write) {
            Err(error) if error.kind() == ErrorKind::NotConnected => Ok(()),
            done => done,
        }
    }
}

impl<S: Read + Write> Connection<S> {
    /// Uses a stream that is connected.
    pub fn new(socket: S) -> Self {
        Self { socket, unread: Vec::new() }
    }

    /// Writes bytes as they are.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.socket.write_all(bytes)
    }

    /// Reads the head of a response to a request with this method.
    pub fn read_head(&mut self, method: &str) -> io::Result<Head> {
        let end = self.fill_head()?;
        let head = parse(&self.unread[..end], method)?;
        self.unread.drain(..end);
        Ok(head)
    }

    /// Reads a body of this length.
    pub fn read_body(&mut self, length: usize) -> io::Result<Vec<u8>> {
        self.fill(length)?;
        Ok(self.unread.drain(..length).collect())
    }

    /// Reads a response with status 200 without looking at the rest of it. It allocates nothing.
    pub fn skip_response(&mut self) -> io::Result<()> {
        let end = self.fill_head()?;
        let head = &self.unread[..end];
        let length = content_length(head)?.unwrap_or(0);
        if !head.starts_with(b"HTTP/1.1 200 ") {
            return Err(invalid("unexpected response", head));
        }
        self.fill(end + length)?;
        self.unread.drain(..end + length);
        Ok(())
    }

    /// Reads up to the end of the connection. The read fails if the connection is reset before.
    pub fn read_to_end(&mut self) -> io::Result<Vec<u8>> {
        let mut rest = self.take_unread();
        self.socket.read_to_end(&mut rest).map(|_| rest)
    }

    /// Removes and returns the bytes that were read beyond the last response.
    pub fn take_unread(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.unread)
    }

    /// Returns the bytes that were read beyond the last response.
    pub fn unread(&self) -> &[u8] {
        &self.unread
    }

    /// Returns the socket.
    pub fn socket(&self) -> &S {
        &self.socket
    }

    /// Returns the socket, to read from it.
    pub fn socket_mut(&mut self) -> &mut S {
        &mut self.socket
    }

    /// Reads until a head is complete, and returns its length.
    fn fill_head(&mut self) -> io::Result<usize> {
        loop {
            if let Some(at) = find(&self.unread, END) {
                return Ok(at + END.len());
            }
            self.read_more()?;
        }
    }

    fn fill(&mut self, length: usize) -> io::Result<()> {
        while self.unread.len() < length {
            self.read_more()?;
        }
        Ok(())
    }

    fn read_more(&mut self) -> io::Result<()> {
        let old = self.unread.len();
        self.unread.resize(old + READ_BYTES, 0);
        let read = loop {
            match self.socket.read(&mut self.unread[old..]) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                read => break read,
            }
        };
        self.unread.truncate(old + *read.as_ref().unwrap_or(&0));
        match read {
            Ok(0) => Err(ErrorKind::UnexpectedEof.into()),
            read => read.map(|_| ()),
        }
    }
}

/// Returns the position of the first occurrence.
pub fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

fn parse(head: &[u8], method: &str) -> io::Result<Head> {
    let mut lines = lines(head);
    let line = String::from_utf8_lossy(lines.next().unwrap_or_default()).into_owned();
    let (version, rest) = line.split_once(' ').unwrap_or((&line, ""));
    let (status, reason) = rest.split_once(' ').unwrap_or((rest, ""));
    let status = status.parse().ok().filter(|_| version.starts_with("HTTP/1."));
    let status = status.ok_or_else(|| invalid("invalid status line", line.as_bytes()))?;
    let headers =
        lines.take_while(|line| !line.is_empty()).map(header).collect::<Result<_, _>>()?;
    let has_body = method != "HEAD" && status >= 200 && status != 304;
    let length = if has_body { content_length(head)? } else { None };
    Ok(Head { status, reason: reason.to_owned(), headers, length: length.unwrap_or(0) })
}

fn lines(head: &[u8]) -> impl Iterator<Item = &[u8]> {
    head.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line))
}

fn header(line: &[u8]) -> io::Result<(String, Vec<u8>)> {
    let colon = line.iter().position(|byte| *byte == b':');
    let colon = colon.ok_or_else(|| invalid("header without a colon", line))?;
    let name = String::from_utf8_lossy(&line[..colon]).into_owned();
    Ok((name, line[colon + 1..].trim_ascii().to_vec()))
}

/// Returns the value of the first `Content-Length`, spelled in any way.
fn content_length(head: &[u8]) -> io::Result<Option<usize>> {
    const NAME: Range<usize> = 0.."content-length:".len();
    let is_length = |line: &&[u8]| {
        line.get(NAME).is_some_and(|name| name.eq_ignore_ascii_case(b"content-length:"))
    };
    let Some(line) = lines(head).find(is_length) else { return Ok(None) };
    let length = std::str::from_utf8(line[NAME.end..].trim_ascii()).ok();
    let length = length.and_then(|length| length.parse().ok());
    length.map(Some).ok_or_else(|| invalid("invalid length", line))
}

fn invalid(what: &str, bytes: &[u8]) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, format!("{what}: {}", bytes.escape_ascii()))
}
