//! One client connection: writes requests as bytes and parses responses.

use mock_origin::journal::Framing;

use crate::http::Connection as HttpConnection;
use crate::request::RenderedRequest;
use crate::response::Response;
use crate::tcp::WriteMode;

/// The longest request that is written byte by byte. A longer one is written in blocks of at least
/// `BLOCK_BYTES`, because a system call per byte would take too long.
const MAX_BYTE_BY_BYTE: usize = 4096;
/// An odd length, so that the blocks do not end at the boundaries of the protocol.
const BLOCK_BYTES: usize = 61;

/// The bytes of one chunk. The size is small, so that short bodies have several chunks.
const CHUNK_BYTES: usize = 7;

/// A connection of one case.
pub(crate) struct Connection(HttpConnection);

impl Connection {
    pub(crate) fn open(url: &str) -> std::io::Result<Self> {
        HttpConnection::to_url(url).map(Self)
    }

    /// Sends a request and reads the response.
    pub(crate) fn exchange<M: WriteMode>(
        &mut self,
        request: &RenderedRequest,
    ) -> Result<Response, String> {
        let next = if is_last(request) { b"" } else { M::NEXT };
        self.write::<M>(&[request.head().raw(), &framed_body(request), next].concat());
        self.finish_truncated(request)?;
        let response = self.read_response(request.head().method())?;
        if !next.is_empty() && !closes(request, &response) {
            self.expect_next()?;
        }
        Ok(response)
    }

    /// Sends the head, and the body only after `100 Continue`.
    pub(crate) fn exchange_waiting<M: WriteMode>(
        &mut self,
        request: &RenderedRequest,
        interfere_before: impl FnOnce() -> Result<(), String>,
    ) -> Result<Response, String> {
        self.write::<M>(request.head().raw());
        let response = self.read_response(request.head().method())?;
        if response.status != 100 {
            return Ok(response);
        }
        interfere_before()?;
        self.write::<M>(&framed_body(request));
        self.finish_truncated(request)?;
        let response = self.read_response(request.head().method())?;
        Ok(Response { continued: true, ..response })
    }

    /// Writes until the first error. An error is ignored, because the origin may have responded and
    /// closed before the end of the body. The response is checked instead.
    fn write<M: WriteMode>(&mut self, bytes: &[u8]) {
        let is_long = bytes.len() > MAX_BYTE_BY_BYTE;
        let size = if is_long { M::BYTES.max(BLOCK_BYTES) } else { M::BYTES };
        let _ = bytes.chunks(size).try_for_each(|write| self.0.write(write));
    }

    /// Closes the sending direction of a truncated request. The response can still be read.
    fn finish_truncated(&self, request: &RenderedRequest) -> Result<(), String> {
        if request.is_truncated() {
            self.0.finish_writing().map_err(|why| why.to_string())
        } else {
            Ok(())
        }
    }

    /// Reads and checks the response to the pipelined request.
    fn expect_next(&mut self) -> Result<(), String> {
        let next = self
            .read_response(b"OPTIONS")
            .map_err(|why| format!("the pipelined request: {why}"))?;
        let holds = next.status == 200 && next.code().is_none() && next.body.is_empty();
        if holds { Ok(()) } else { Err(format!("the pipelined request got {next:?}")) }
    }

    fn read_response(&mut self, method: &[u8]) -> Result<Response, String> {
        let mut read = || {
            let head = self.0.read_head(&String::from_utf8_lossy(method))?;
            let body = self.0.read_body(head.length)?;
            Ok((head, body))
        };
        let read: std::io::Result<_> = read();
        let (head, body) = read.map_err(|why| {
            format!("no response: {why}; received so far: {}", self.0.unread().escape_ascii())
        })?;
        let (status, reason, headers) = (head.status, head.reason, head.headers);
        Ok(Response { continued: false, status, reason, headers, body })
    }

    /// Fails unless the origin closes the connection without sending more.
    pub(crate) fn expect_closed(mut self) -> Result<(), String> {
        let rest = self.0.read_to_end();
        let rest = rest.map_err(|why| format!("the connection was not closed: {why}"))?;
        let shown = rest.escape_ascii();
        if rest.is_empty() {
            Ok(())
        } else {
            Err(format!("received after the last response: {shown}"))
        }
    }
}

/// Returns whether the connection closes after this response.
pub(crate) fn closes(request: &RenderedRequest, response: &Response) -> bool {
    is_last(request) || response.header("Connection") == Some(b"close")
}

/// Returns whether the connection closes after any response to this request.
fn is_last(request: &RenderedRequest) -> bool {
    let line = request.head().raw().split(|byte| *byte == b'\r').next().unwrap_or_default();
    let asks = request.head().header("Connection") == Some(b"close");
    asks || request.is_truncated() || line.ends_with(b"1.0")
}

/// Returns the body in its framing.
fn framed_body(request: &RenderedRequest) -> Vec<u8> {
    if request.head().framing() != Framing::Chunked {
        return request.body().to_vec();
    }
    let sized =
        |chunk: &[u8]| [format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat();
    let chunks = request.body().chunks(CHUNK_BYTES).map(sized);
    chunks.chain([b"0\r\n\r\n".to_vec()]).collect::<Vec<_>>().concat()
}
