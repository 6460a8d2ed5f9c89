//! A client with little overhead: a blocking socket, prepared requests, and responses parsed only as
//! far as needed to find their end.

use std::io;
use std::net::SocketAddr;
use std::thread::ScopedJoinHandle;

use crate::http::Connection;

/// A small request without a body.
pub(crate) const OPTIONS: &[u8] = b"OPTIONS / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";

/// A small request as clients of this protocol send it.
pub(crate) const PING: &[u8] = b"POST /jsonrpc HTTP/1.1\r\n\
    Host: 127.0.0.1\r\n\
    User-Agent: figures/1.0\r\n\
    Content-Type: application/json\r\n\
    Content-Length: 49\r\n\r\n\
    {\"jsonrpc\": \"2.0\", \"method\": \"ping\", \"id\": 12345}";

/// The size of the block that a large body repeats.
const BLOCK_BYTES: usize = 256 << 10;

/// A connection that is kept alive.
pub(crate) struct Client {
    connection: Connection,
    block: Vec<u8>,
}

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> io::Result<Self> {
        Ok(Self { connection: Connection::open(address)?, block: Vec::new() })
    }

    /// Allocates the block of a large body before the measurement starts.
    pub(crate) fn with_block(mut self) -> Self {
        self.block.resize(BLOCK_BYTES, b'x');
        self
    }

    /// Sends a request and reads the response to its end.
    pub(crate) fn ask(&mut self, request: &[u8]) -> io::Result<()> {
        self.connection.write(request)?;
        self.connection.skip_response()
    }

    /// Sends a head and a body of `size` bytes, and reads the response to its end.
    pub(crate) fn stream(&mut self, head: &[u8], mut size: u64) -> io::Result<()> {
        self.connection.write(head)?;
        while size > 0 {
            let count = usize::try_from(size).map_or(BLOCK_BYTES, |left| left.min(BLOCK_BYTES));
            self.connection.write(&self.block[..count])?;
            size -= count as u64;
        }
        self.connection.skip_response()
    }
}

/// Waits for parallel clients.
pub(crate) fn join_all<'scope>(
    clients: impl IntoIterator<Item = ScopedJoinHandle<'scope, io::Result<()>>>,
) -> io::Result<()> {
    let panicked = |_| Err(io::Error::other("a client panicked"));
    clients.into_iter().try_for_each(|client| client.join().unwrap_or_else(panicked))
}
