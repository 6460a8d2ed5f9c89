//! A client that costs next to nothing: a blocking socket, requests made beforehand, answers read
//! as far as it takes to find their end.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::thread::ScopedJoinHandle;

/// A small request without a body.
pub(crate) const OPTIONS: &[u8] = b"OPTIONS / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";

/// A small request as clients of this protocol send it.
pub(crate) const PING: &[u8] = b"POST /jsonrpc HTTP/1.1\r\n\
    Host: 127.0.0.1\r\n\
    User-Agent: figures/1.0\r\n\
    Content-Type: application/json\r\n\
    Content-Length: 49\r\n\r\n\
    {\"jsonrpc\": \"2.0\", \"method\": \"ping\", \"id\": 12345}";

/// What a large body is sent from, again and again.
const BLOCK_BYTES: usize = 256 << 10;

/// A connection that is kept alive.
pub(crate) struct Client {
    socket: TcpStream,
    answer: Vec<u8>,
    block: Vec<u8>,
}

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> io::Result<Self> {
        let socket = TcpStream::connect(address)?;
        socket.set_nodelay(true)?;
        Ok(Self { socket, answer: vec![0; 4096], block: Vec::new() })
    }

    /// Makes ready what a large body is sent from, so that it is not made while that is measured.
    pub(crate) fn with_block(mut self) -> Self {
        self.block.resize(BLOCK_BYTES, b'x');
        self
    }

    /// Sends a request and reads the answer to its end.
    pub(crate) fn ask(&mut self, request: &[u8]) -> io::Result<()> {
        self.socket.write_all(request)?;
        self.read_answer()
    }

    /// Sends a head and as many bytes of a body, and reads the answer to its end.
    pub(crate) fn stream(&mut self, head: &[u8], mut size: u64) -> io::Result<()> {
        self.socket.write_all(head)?;
        while size > 0 {
            let count = usize::try_from(size).map_or(BLOCK_BYTES, |left| left.min(BLOCK_BYTES));
            self.socket.write_all(&self.block[..count])?;
            size -= count as u64;
        }
        self.read_answer()
    }

    fn read_answer(&mut self) -> io::Result<()> {
        let mut filled = 0;
        loop {
            let count = self.socket.read(&mut self.answer[filled..])?;
            filled += count;
            match length_of(&self.answer[..filled])? {
                Some(length) if filled >= length => return Ok(()),
                _ if count == 0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                _ => {}
            }
        }
    }
}

/// Waits for clients that were started at once.
pub(crate) fn join_all<'scope>(
    clients: impl IntoIterator<Item = ScopedJoinHandle<'scope, io::Result<()>>>,
) -> io::Result<()> {
    let panicked = |_| Err(io::Error::other("a client panicked"));
    clients.into_iter().try_for_each(|client| client.join().unwrap_or_else(panicked))
}

/// How long an answer is, once its head is there. Only success counts: what is refused is cheap.
fn length_of(answer: &[u8]) -> io::Result<Option<usize>> {
    let Some(end) = answer.windows(4).position(|window| window == b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = String::from_utf8_lossy(&answer[..end]).to_ascii_lowercase();
    let body = head
        .split_once("content-length: ")
        .map_or("0", |(_, rest)| rest.split_once('\r').map_or(rest, |(length, _)| length));
    let refused = || io::Error::other(format!("refused: {head}"));
    let length: usize = body.parse().map_err(|_| refused())?;
    head.starts_with("http/1.1 200 ").then_some(Some(end + 4 + length)).ok_or_else(refused)
}
