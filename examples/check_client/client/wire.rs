//! Sends one request over a kept connection and reads its response. It retries nothing and judges no response.

use std::io::{self, ErrorKind, Write as _};
use std::time::{Duration, Instant};

use super::http::{Connection, Head};
use super::stop;

/// The number of bytes between two looks at the signals while a body is written.
const WRITE_BYTES: usize = 64 * 1024;

/// A complete response.
#[derive(Debug)]
pub(super) struct Response {
    pub(super) status: u16,
    headers: Vec<(String, Vec<u8>)>,
    pub(super) body: Vec<u8>,
}

impl Response {
    /// Returns the first value of a header, if it is text.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name))?;
        std::str::from_utf8(value).ok()
    }
}

/// The only connection of the client.
pub(super) struct Wire {
    host: String,
    timeout: Duration,
    connection: Option<Connection>,
    /// Whether requests are sent although a signal has arrived.
    pub(super) ignores_signals: bool,
}

impl Wire {
    pub(super) fn new(host: &str, timeout: Duration) -> Self {
        let host = host.to_owned();
        Self { host, timeout, connection: None, ignores_signals: false }
    }

    /// Returns the host and the port of the origin.
    pub(super) fn host(&self) -> &str {
        &self.host
    }

    /// Sends a request and reads the response. The connection is kept if both sides allow it.
    pub(super) fn exchange(&mut self, request: &[u8]) -> io::Result<Response> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.connect()?,
        };
        // A server that has stopped reading may have sent its response before.
        let sent = self.write(&connection, request);
        let response = self.read(&mut connection);
        let response = match (sent, response) {
            (_, Ok(response)) => response,
            (Err(error), _) | (Ok(()), Err(error)) => return Err(error),
        };
        let is_last = response.header("Connection").is_some_and(|it| it.contains("close"));
        if !is_last && connection.unread().is_empty() {
            self.connection = Some(connection);
        }
        Ok(response)
    }

    /// Opens a connection whose reads and writes return after a short time, to look at the signals.
    pub(super) fn connect(&self) -> io::Result<Connection> {
        let connection = Connection::open(&*self.host)?;
        connection.socket().set_read_timeout(Some(stop::STEP))?;
        connection.socket().set_write_timeout(Some(stop::STEP))?;
        Ok(connection)
    }

    fn write(&self, connection: &Connection, bytes: &[u8]) -> io::Result<()> {
        let (mut rest, mut latest) = (bytes, Instant::now());
        while !rest.is_empty() {
            match connection.socket().write(&rest[..rest.len().min(WRITE_BYTES)]) {
                Ok(written) => {
                    rest = &rest[written..];
                    latest = Instant::now();
                    self.check_signals()?;
                }
                Err(error) => self.may_wait(error, latest)?,
            }
        }
        Ok(())
    }

    /// Reads the final response, and skips interim ones.
    fn read(&self, connection: &mut Connection) -> io::Result<Response> {
        loop {
            let Head { status, headers, length, .. } =
                self.retry_read(connection, |it| it.read_head("POST"))?;
            if status < 200 {
                continue;
            }
            let mut response = Response { status, headers, body: Vec::new() };
            if response.header("Transfer-Encoding").is_some() {
                return Err(io::Error::new(ErrorKind::InvalidData, "unexpected transfer coding"));
            }
            response.body = self.retry_read(connection, |it| it.read_body(length))?;
            return Ok(response);
        }
    }

    /// Repeats a read until it has all bytes, or none has come for the time limit.
    fn retry_read<T>(
        &self,
        connection: &mut Connection,
        mut read: impl FnMut(&mut Connection) -> io::Result<T>,
    ) -> io::Result<T> {
        let (mut latest, mut bytes) = (Instant::now(), connection.unread().len());
        loop {
            match read(connection) {
                Ok(done) => return Ok(done),
                Err(error) => {
                    if connection.unread().len() > bytes {
                        (latest, bytes) = (Instant::now(), connection.unread().len());
                    }
                    self.may_wait(error, latest)?;
                }
            }
        }
    }

    /// Returns whether a read or a write can be repeated after this error.
    fn may_wait(&self, error: io::Error, latest: Instant) -> io::Result<()> {
        self.check_signals()?;
        match error.kind() {
            ErrorKind::Interrupted => Ok(()),
            ErrorKind::WouldBlock | ErrorKind::TimedOut if latest.elapsed() < self.timeout => {
                Ok(())
            }
            ErrorKind::WouldBlock | ErrorKind::TimedOut => {
                Err(io::Error::new(ErrorKind::TimedOut, "timeout"))
            }
            _ => Err(error),
        }
    }

    fn check_signals(&self) -> io::Result<()> {
        if stop::is_stopped() && !self.ignores_signals {
            return Err(io::Error::other("stopped by a signal"));
        }
        Ok(())
    }
}
