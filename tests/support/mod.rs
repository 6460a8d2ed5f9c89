//! A client that can be told to do anything, right or wrong, byte by byte.

// Every test file uses a part of it, and may fail loudly.
#![allow(clippy::unwrap_used, dead_code, unreachable_pub)]

pub mod golden;
pub mod http;
pub mod page;
pub mod panics;
pub mod payload;
pub mod record;

use std::io::{self, ErrorKind, Read};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use mock_origin::MockOrigin;

pub use self::http::PATIENCE;
use self::http::{Connection, Head};

/// One connection to an origin, whose failures fail the test.
pub struct Client(Connection);

/// How far a connection had come when nothing more was to be heard on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The server has said that nothing more will come.
    Fin,
    /// The connection was reset.
    Reset,
    /// Nothing of that: it is silent.
    StillOpen,
}

/// An answer as it came.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub reason: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    /// Creates a response from its head and its body.
    pub fn new(head: Head, body: Vec<u8>) -> Self {
        let text = |value: Vec<u8>| String::from_utf8_lossy(&value).into_owned();
        let headers = head.headers.into_iter().map(|(name, value)| (name, text(value))).collect();
        Self { status: head.status, reason: head.reason, headers, body }
    }

    /// The first header of that name, spelled exactly so.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    /// The protocol's code.
    pub fn code(&self) -> Option<i32> {
        self.header("X-Agile-Status").map(|code| code.parse().unwrap())
    }

    /// The body as text.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

impl Client {
    /// Connects to an origin's first port.
    pub fn new(origin: &MockOrigin) -> Self {
        Self::to(&origin.url())
    }

    /// Connects to that base URL.
    pub fn to(url: &str) -> Self {
        Self(Connection::to_url(url).unwrap())
    }

    /// Writes bytes as they are. A server that has closed already is not this client's failure.
    pub fn write(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        let _ = self.0.write(bytes.as_ref());
        self
    }

    /// Writes bytes one at a time, each in a packet of its own.
    pub fn drip(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        bytes.as_ref().iter().fold(self, |client, byte| client.write([*byte]))
    }

    /// Says that nothing more will be written. The server may have reset the connection already.
    pub fn finish_writing(&mut self) -> &mut Self {
        self.0.finish_writing().unwrap();
        self
    }

    /// Reads one answer, with the body that its `Content-Length` tells.
    pub fn read(&mut self) -> Answer {
        self.read_for("GET")
    }

    /// Reads the answer to a request with that method: the one to HEAD has no body.
    pub fn read_for(&mut self, method: &str) -> Answer {
        let head = self.0.read_head(method);
        let head = head.unwrap_or_else(|error| self.panic_with(&error));
        let body = self.0.read_body(head.length);
        let body = body.unwrap_or_else(|error| self.panic_with(&error));
        Answer::new(head, body)
    }

    fn panic_with(&self, error: &io::Error) -> ! {
        panic!("no response: {error}; read so far: {}", self.0.unread().escape_ascii())
    }

    /// Sends a request with a body of known length and reads the answer.
    pub fn ask(
        &mut self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        let request = request(method, target, headers, body);
        self.write(request).read_for(method)
    }

    /// Asserts that the server has closed the connection, with nothing more to say.
    pub fn assert_closed(&mut self) {
        let mut rest = self.0.take_unread();
        match self.0.socket().read_to_end(&mut rest) {
            Err(error) if error.kind() != ErrorKind::ConnectionReset => {
                panic!("not closed: {error}")
            }
            _ => assert!(rest.is_empty(), "{}", rest.escape_ascii()),
        }
    }

    /// All that is still to come, up to the end; an error if the connection is reset before that.
    pub fn rest(&mut self) -> io::Result<Vec<u8>> {
        self.0.read_to_end()
    }

    /// Exactly what comes, and how it ends. With `count` bytes or more, a silence is an end too.
    pub fn hear(&mut self, count: usize) -> (Vec<u8>, Ended) {
        const SILENCE: Duration = Duration::from_millis(20);
        let mut heard = self.0.take_unread();
        let mut socket = self.0.socket();
        let mut buffer = [0; 16 * 1024];
        let ended = loop {
            let patience = if heard.len() < count { PATIENCE } else { SILENCE };
            socket.set_read_timeout(Some(patience)).unwrap();
            match socket.read(&mut buffer) {
                Ok(0) => break Ended::Fin,
                Ok(more) => heard.extend_from_slice(&buffer[..more]),
                Err(error) if error.kind() == ErrorKind::ConnectionReset => break Ended::Reset,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => break Ended::StillOpen,
            }
        };
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        (heard, ended)
    }

    /// Ends the connection by a reset: what is under way is lost on both sides.
    pub fn reset(self) {
        socket2::SockRef::from(self.0.socket()).set_linger(Some(Duration::ZERO)).unwrap();
    }

    /// The address by which the journal knows this connection.
    pub fn address(&self) -> SocketAddr {
        self.0.socket().local_addr().unwrap()
    }

    /// The socket, for what else a test may do to it.
    pub fn socket(&self) -> &TcpStream {
        self.0.socket()
    }
}

/// Whether dropping what `start` gives closes the port at which it gives it. Somebody else may be
/// given the port at once, so that it counts if that is seen in one of some tries.
pub fn closes_its_port<T>(start: impl Fn() -> (T, String)) -> bool {
    (0..10).any(|_| {
        let (listening, url) = start();
        let address = url.trim_start_matches("http://").trim_end_matches("/__mock/").to_owned();
        assert!(TcpStream::connect(&address).is_ok());
        drop(listening);
        TcpStream::connect(&address).is_err()
    })
}

/// A request as bytes; `Content-Length` is added where there is a body.
pub fn request(method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let length = body.len().to_string();
    let length = (!body.is_empty()).then_some(("Content-Length", &*length));
    let headers = [("Host", "origin")].iter().chain(headers).copied().chain(length);
    let lines: Vec<_> = headers.map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let head = format!("{method} {target} HTTP/1.1\r\n{}", lines.concat());
    [head.as_bytes(), b"\r\n", body].concat()
}

/// Begins an upload to `/videos/{name}`, or wherever `directory` is, and gives its identifier.
pub fn create(client: &mut Client, token: &str, directory: &str, name: &str) -> String {
    let headers = [
        ("X-Agile-Authorization", token),
        ("X-Agile-Directory", directory),
        ("X-Agile-Basename", name),
    ];
    let answer = client.ask("POST", "/multipart/create", &headers, b"");
    assert_eq!(answer.code(), Some(0), "{answer:?}");
    answer.header("X-Agile-Multipart").unwrap().to_owned()
}

/// Sends one piece.
pub fn piece(client: &mut Client, token: &str, id: &str, number: u32, content: &[u8]) -> Answer {
    let number = number.to_string();
    let headers = piece_headers(token, id, &number);
    client.ask("POST", "/multipart/piece", &headers, content)
}

/// The headers of a piece.
pub fn piece_headers<'a>(token: &'a str, id: &'a str, number: &'a str) -> [(&'a str, &'a str); 3] {
    [("X-Agile-Authorization", token), ("X-Agile-Multipart", id), ("X-Agile-Part", number)]
}

/// Completes an upload.
pub fn complete(client: &mut Client, token: &str, id: &str) -> Answer {
    let headers = [("X-Agile-Authorization", token), ("X-Agile-Multipart", id)];
    client.ask("POST", "/multipart/complete", &headers, b"")
}
