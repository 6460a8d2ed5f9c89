//! One connection: requests as bytes, and answers read from bytes.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use mock_origin::journal::Framing;

use crate::answer::Answer;
use crate::request::Sent;
use crate::tcp::Manner;

/// An answer that does not come in this time does not come.
const PATIENCE: Duration = Duration::from_secs(10);

/// More than this is not written byte by byte, but in writes of an odd length.
const LONG: usize = 4096;
const ODD: usize = 61;

/// How much of a body one chunk holds: little, so that small bodies have several.
const CHUNK: usize = 7;

/// A connection, and what was read from it and not used yet.
pub(crate) struct Connection {
    stream: TcpStream,
    unread: Vec<u8>,
}

impl Connection {
    pub(crate) fn open(url: &str) -> std::io::Result<Self> {
        let stream = TcpStream::connect(url.trim_start_matches("http://"))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self { stream, unread: Vec::new() })
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
        let _ = bytes.chunks(odd).try_for_each(|write| self.stream.write_all(write));
    }

    /// Stops sending, if that is before the end of the body. The answer can still be read. A
    /// connection that the origin has ended already has no sending direction to close.
    fn break_off(&self, sent: &Sent) -> Result<(), String> {
        if !sent.is_cut() {
            return Ok(());
        }
        match self.stream.shutdown(Shutdown::Write) {
            Err(why) if why.kind() != ErrorKind::NotConnected => Err(why.to_string()),
            _ => Ok(()),
        }
    }

    /// The request that went behind is answered in its turn.
    fn expect_next(&mut self) -> Result<(), String> {
        let next = self.answer(b"OPTIONS").map_err(|why| format!("the next request: {why}"))?;
        let holds = next.status == 200 && next.code().is_none() && next.body.is_empty();
        if holds { Ok(()) } else { Err(format!("the next request was answered with {next:?}")) }
    }

    fn answer(&mut self, method: &[u8]) -> Result<Answer, String> {
        let end = loop {
            match self.unread.windows(4).position(|window| window == b"\r\n\r\n") {
                Some(at) => break at + 4,
                None => self.read_more()?,
            }
        };
        let head: Vec<u8> = self.unread.drain(..end).collect();
        let mut answer = parse(&head)?;
        let has_body = !matches!(answer.status, 100 | 304) && method != b"HEAD";
        let length = answer.length().filter(|_| has_body).unwrap_or(0);
        let length = usize::try_from(length).map_err(|why| why.to_string())?;
        while self.unread.len() < length {
            self.read_more()?;
        }
        answer.body = self.unread.drain(..length).collect();
        Ok(answer)
    }

    fn read_more(&mut self) -> Result<(), String> {
        let mut buffer = [0; 16 * 1024];
        let so_far = || String::from_utf8_lossy(&self.unread).into_owned();
        match self.stream.read(&mut buffer) {
            Ok(0) => Err(format!("the connection ended after {:?}", so_far())),
            Ok(count) => {
                self.unread.extend_from_slice(&buffer[..count]);
                Ok(())
            }
            Err(why) if why.kind() == ErrorKind::Interrupted => Ok(()),
            Err(why) => Err(format!("no answer after {:?}: {why}", so_far())),
        }
    }

    /// The origin has said that it closes: it does, and says nothing more.
    pub(crate) fn end(mut self) -> Result<(), String> {
        let ended = self.stream.read_to_end(&mut self.unread);
        ended.map_err(|why| format!("the connection was not closed: {why}"))?;
        let rest = String::from_utf8_lossy(&self.unread);
        if rest.is_empty() { Ok(()) } else { Err(format!("behind the last answer came {rest:?}")) }
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

/// Reads a head, from status line to empty line.
fn parse(head: &[u8]) -> Result<Answer, String> {
    let mut lines = head.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end);
    let line = String::from_utf8_lossy(lines.next().unwrap_or_default()).into_owned();
    let (version, rest) = line.split_once(' ').unwrap_or((&line, ""));
    let (status, reason) = rest.split_once(' ').unwrap_or((rest, ""));
    match status.parse() {
        Ok(status) if version.starts_with("HTTP/1.") => {
            let headers = lines.filter_map(header).collect();
            Ok(Answer { status, reason: reason.to_owned(), headers, ..Answer::default() })
        }
        _ => Err(format!("no status line: {line:?}")),
    }
}

fn header(line: &[u8]) -> Option<(String, Vec<u8>)> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let name = String::from_utf8_lossy(&line[..colon]).into_owned();
    Some((name, line[colon + 1..].trim_ascii().to_vec()))
}
