//! A connection on which everything may fail: resets, ends in the middle, answers that are none.

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::support::{Answer, PATIENCE};

/// One connection, until the first thing that goes wrong on it.
pub(crate) struct Wire {
    socket: TcpStream,
    /// What was read beyond the last answer.
    ahead: Vec<u8>,
}

impl Wire {
    /// Connects to that base URL.
    pub(crate) fn to(url: &str) -> io::Result<Self> {
        let address = url.strip_prefix("http://").ok_or(ErrorKind::InvalidInput)?;
        let socket = TcpStream::connect(address)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        socket.set_nodelay(true)?;
        Ok(Self { socket, ahead: Vec::new() })
    }

    /// Sends a request and reads its answer.
    pub(crate) fn ask(&mut self, request: &[u8]) -> io::Result<Answer> {
        // Who stopped reading may have answered first.
        let sent = self.socket.write_all(request);
        let answer = self.read();
        sent.and(answer)
    }

    /// Sends a request whose head expects `100 Continue`, and its body when that has come, or after
    /// `patience` without it. Reads the response.
    pub(crate) fn ask_first(&mut self, request: &[u8], patience: Duration) -> io::Result<Answer> {
        let end = request.windows(4).position(|bytes| bytes == b"\r\n\r\n");
        let (head, body) = request.split_at(end.ok_or(ErrorKind::InvalidInput)? + 4);
        self.socket.write_all(head)?;
        self.socket.set_read_timeout(Some(patience))?;
        let asked = self.read_head();
        self.socket.set_read_timeout(Some(PATIENCE))?;
        match asked {
            Ok(head) if head.status >= 200 => return self.read_body(head),
            Ok(_) => {}
            Err(error) if [ErrorKind::WouldBlock, ErrorKind::TimedOut].contains(&error.kind()) => {}
            Err(error) => return Err(error),
        }
        self.ask(body)
    }

    /// The final response: what comes before it is read and passed over.
    fn read(&mut self) -> io::Result<Answer> {
        loop {
            let head = self.read_head()?;
            if head.status >= 200 {
                return self.read_body(head);
            }
        }
    }

    fn read_head(&mut self) -> io::Result<Answer> {
        let end = loop {
            if let Some(at) = self.ahead.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                break at + 4;
            }
            self.read_more()?;
        };
        let head: Vec<u8> = self.ahead.drain(..end).collect();
        Ok(parse(&head).ok_or(ErrorKind::InvalidData)?)
    }

    fn read_body(&mut self, mut answer: Answer) -> io::Result<Answer> {
        let length = answer.header("Content-Length").unwrap_or("0");
        let length: usize = length.parse().map_err(|_| ErrorKind::InvalidData)?;
        while self.ahead.len() < length {
            self.read_more()?;
        }
        answer.body = self.ahead.drain(..length).collect();
        Ok(answer)
    }

    fn read_more(&mut self) -> io::Result<()> {
        let mut buffer = [0; 4 * 1024];
        match self.socket.read(&mut buffer)? {
            0 => Err(ErrorKind::UnexpectedEof.into()),
            count => {
                self.ahead.extend_from_slice(&buffer[..count]);
                Ok(())
            }
        }
    }
}

fn parse(head: &[u8]) -> Option<Answer> {
    let mut lines = std::str::from_utf8(head).ok()?.trim_end().split("\r\n");
    let (status, reason) = lines.next()?.strip_prefix("HTTP/1.1 ")?.split_once(' ')?;
    let header = |line: &str| {
        line.split_once(':').map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
    };
    Some(Answer {
        status: status.parse().ok()?,
        reason: reason.to_owned(),
        headers: lines.map(header).collect::<Option<_>>()?,
        body: Vec::new(),
    })
}
