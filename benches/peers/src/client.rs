//! A client with little overhead: a blocking socket, prepared requests, and responses parsed only as
//! far as needed to find their end.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// The size of the block that a large body repeats.
const BLOCK_BYTES: usize = 256 << 10;

/// A server that is silent for this long has failed.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A request without a body. Every server answers it.
pub(crate) const OPTIONS: &[u8] = b"OPTIONS / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";

/// A connection that is kept alive. If the server closes it after a response, as mockito does, the
/// next request opens a new one.
pub(crate) struct Client {
    address: SocketAddr,
    socket: TcpStream,
    is_closing: bool,
    response: Box<[u8; 4096]>,
}

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> io::Result<Self> {
        let (socket, response) = (open(address)?, Box::new([0; 4096]));
        Ok(Self { address, socket, is_closing: false, response })
    }

    /// Sends a request and reads the response to its end.
    pub(crate) fn ask(&mut self, request: &[u8]) -> io::Result<()> {
        self.send(request)?;
        self.receive()
    }

    pub(crate) fn send(&mut self, request: &[u8]) -> io::Result<()> {
        if self.is_closing {
            (self.socket, self.is_closing) = (open(self.address)?, false);
        }
        self.socket.write_all(request)
    }

    /// Reads a response with status 200 to its end.
    pub(crate) fn receive(&mut self) -> io::Result<()> {
        let (mut filled, mut needed) = (0, usize::MAX);
        while filled < needed {
            let count = self.socket.read(&mut self.response[filled..])?;
            let read = &self.response[..filled + count];
            if count == 0 || (read.len() >= 13 && !read.starts_with(b"HTTP/1.1 200 ")) {
                let read = String::from_utf8_lossy(read);
                return Err(io::Error::other(format!("unexpected response: {read}")));
            }
            if let Some(end) = read.windows(4).position(|window| window == b"\r\n\r\n") {
                let head = &read[..end];
                let length =
                    header(head, b"content-length:").and_then(|length| length.parse().ok());
                needed = end + 4 + length.unwrap_or(0);
                self.is_closing = header(head, b"connection:") == Some("close");
            }
            filled += count;
        }
        Ok(())
    }

    /// Sends a head and a body of `size` bytes, and reads the response to its end.
    pub(crate) fn stream(&mut self, head: &[u8], mut size: usize, block: &Block) -> io::Result<()> {
        self.send(head)?;
        while size > 0 {
            let count = size.min(BLOCK_BYTES);
            self.socket.write_all(&block.0[..count])?;
            size -= count;
        }
        self.receive()
    }
}

fn open(address: SocketAddr) -> io::Result<TcpStream> {
    let socket = TcpStream::connect(address)?;
    socket.set_nodelay(true)?;
    socket.set_read_timeout(Some(TIMEOUT))?;
    socket.set_write_timeout(Some(TIMEOUT))?;
    Ok(socket)
}

/// Returns the value of a header. `name` is in small letters and ends with its colon.
fn header<'a>(head: &'a [u8], name: &[u8]) -> Option<&'a str> {
    head.split(|byte| *byte == b'\n').find_map(|line| {
        let value = line.get(name.len()..)?;
        let value = line[..name.len()].eq_ignore_ascii_case(name).then_some(value)?;
        Some(str::from_utf8(value).ok()?.trim())
    })
}

/// The bytes that a large body repeats, allocated before the measurement starts.
pub(crate) struct Block(Vec<u8>);

impl Block {
    pub(crate) fn new() -> Self {
        Self(vec![b'x'; BLOCK_BYTES])
    }
}

/// Returns the head of a request that sends a piece.
pub(crate) fn piece_head((token, id): &(String, String), number: usize, size: usize) -> Vec<u8> {
    crate::piece_head::piece_head("peers/1.0", (token, id), number, size).into_bytes()
}

/// Returns the head of a request whose body is read and not kept.
pub(crate) fn discarded_head(size: usize) -> Vec<u8> {
    format!("OPTIONS / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {size}\r\n\r\n").into_bytes()
}

/// Returns a whole request that sends a piece of 256 bytes.
pub(crate) fn small_piece(upload: &(String, String), number: usize) -> Vec<u8> {
    let mut request = piece_head(upload, number, 256);
    request.resize(request.len() + 256, b'x');
    request
}
