//! One connection: requests as bytes, and answers read from bytes.

use mock_origin::journal::Framing;

use crate::answer::Answer;
use crate::http::Connection as HttpConnection;
use crate::request::Sent;
use crate::tcp::Manner;

/// More than this is not written byte by byte, but in writes of an odd length.
const LONG: usize = 4096;
const ODD: usize = 61;

/// How much of a body one chunk holds: little, so that small bodies have several.
const CHUNK: usize = 7;

/// A connection of one case.
pub(crate) struct Connection(HttpConnection);

impl Connection {
    pub(crate) fn open(url: &str) -> std::io::Result<Self> {
        HttpConnection::to_url(url).map(Self)
    }

    /// Sends a request and reads the answer.
    pub(crate) fn exchange<M: Manner>(&mut self, sent: &Sent) -> Result<Answer, String> {
        let next = if is_last(sent) { b"" } else { M::NEXT };
        self.write::<M>(&[sent.head().raw(), &framed_body(sent), next].concat());
        self.break_off(sent)?;
        let answer = self.answer(sent.head().method())?;
        if !next.is_empty() && !ends(sent, &answer) {
            self.expect_next()?;
        }
        Ok(answer)
    }

    /// Sends the body when the origin asks for it, and not before.
    pub(crate) fn exchange_waiting<M: Manner>(
        &mut self,
        sent: &Sent,
        interfere_before: impl FnOnce() -> Result<(), String>,
    ) -> Result<Answer, String> {
        self.write::<M>(sent.head().raw());
        let answer = self.answer(sent.head().method())?;
        if answer.status != 100 {
            return Ok(answer);
        }
        interfere_before()?;
        self.write::<M>(&framed_body(sent));
        self.break_off(sent)?;
        let answer = self.answer(sent.head().method())?;
        Ok(Answer { continued: true, ..answer })
    }

    /// Writes as far as the origin lets: it may have answered already and closed its end, and the
    /// answer tells.
    fn write<M: Manner>(&mut self, bytes: &[u8]) {
        let odd = if bytes.len() > LONG { M::BYTES.max(ODD) } else { M::BYTES };
        let _ = bytes.chunks(odd).try_for_each(|write| self.0.write(write));
    }

    /// Stops sending, if that is before the end of the body. The answer can still be read.
    fn break_off(&self, sent: &Sent) -> Result<(), String> {
        if sent.is_cut() { self.0.finish_writing().map_err(|why| why.to_string()) } else { Ok(()) }
    }

    /// The request that went behind is answered in its turn.
    fn expect_next(&mut self) -> Result<(), String> {
        let next = self.answer(b"OPTIONS").map_err(|why| format!("the next request: {why}"))?;
        let holds = next.status == 200 && next.code().is_none() && next.body.is_empty();
        if holds { Ok(()) } else { Err(format!("the next request was answered with {next:?}")) }
    }

    fn answer(&mut self, method: &[u8]) -> Result<Answer, String> {
        let mut read = || {
            let head = self.0.read_head(&String::from_utf8_lossy(method))?;
            let body = self.0.read_body(head.length)?;
            Ok((head, body))
        };
        let read: std::io::Result<_> = read();
        let (head, body) = read.map_err(|why| {
            format!("no answer: {why}; read so far: {}", self.0.unread().escape_ascii())
        })?;
        let (status, reason, headers) = (head.status, head.reason, head.headers);
        Ok(Answer { continued: false, status, reason, headers, body })
    }

    /// The origin has said that it closes: it does, and says nothing more.
    pub(crate) fn end(mut self) -> Result<(), String> {
        let rest = self.0.read_to_end();
        let rest = rest.map_err(|why| format!("the connection was not closed: {why}"))?;
        let shown = rest.escape_ascii();
        if rest.is_empty() { Ok(()) } else { Err(format!("behind the last answer came {shown}")) }
    }
}

/// Whether the connection ends behind this answer.
pub(crate) fn ends(sent: &Sent, answer: &Answer) -> bool {
    is_last(sent) || answer.header("Connection") == Some(b"close")
}

/// Whether the connection ends behind the answer, whatever that is.
fn is_last(sent: &Sent) -> bool {
    let line = sent.head().raw().split(|byte| *byte == b'\r').next().unwrap_or_default();
    let asks = sent.head().header("Connection") == Some(b"close");
    asks || sent.is_cut() || line.ends_with(b"1.0")
}

/// The body as it goes over the wire.
fn framed_body(sent: &Sent) -> Vec<u8> {
    if sent.head().framing() != Framing::Chunked {
        return sent.body().to_vec();
    }
    let sized =
        |chunk: &[u8]| [format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat();
    let chunks = sent.body().chunks(CHUNK).map(sized);
    chunks.chain([b"0\r\n\r\n".to_vec()]).collect::<Vec<_>>().concat()
}
