//! Helpers of all test binaries. [`Client`] sends any bytes, valid or not, and fails the test if no
//! response comes.

// Each test binary uses a part of the helpers.
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

pub use self::http::TIMEOUT;
use self::http::{Connection, Head};

/// One connection to an origin. An I/O error fails the test.
pub struct Client(Connection);

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The server closed its sending direction.
    Fin,
    /// The connection was reset.
    Reset,
    /// The connection is open, and no more bytes came.
    StillOpen,
}

/// A response as it was received.
#[derive(Debug)]
pub struct Response {
    pub status: u16,
    pub reason: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Response {
    /// Creates a response from its head and its body.
    pub fn new(head: Head, body: Vec<u8>) -> Self {
        let text = |value: Vec<u8>| String::from_utf8_lossy(&value).into_owned();
        let headers = head.headers.into_iter().map(|(name, value)| (name, text(value))).collect();
        Self { status: head.status, reason: head.reason, headers, body }
    }

    /// Returns the first header with exactly this name. Case matters.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    /// Returns the result code of the protocol.
    pub fn code(&self) -> Option<i32> {
        self.header("X-Agile-Status").map(|code| code.parse().unwrap())
    }

    /// Returns the body as text.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

impl Client {
    /// Connects to the first port of an origin.
    pub fn new(origin: &MockOrigin) -> Self {
        Self::to(&origin.url())
    }

    /// Connects to a base URL.
    pub fn to(url: &str) -> Self {
        Self(Connection::to_url(url).unwrap())
    }

    /// Writes bytes as they are. Ignores errors, because the server may have closed the connection.
    pub fn write(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        let _ = self.0.write(bytes.as_ref());
        self
    }

    /// Writes each byte in a packet of its own.
    pub fn write_bytewise(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        bytes.as_ref().iter().fold(self, |client, byte| client.write([*byte]))
    }

    /// Closes the sending direction. The server may have reset the connection before.
    pub fn finish_writing(&mut self) -> &mut Self {
        self.0.finish_writing().unwrap();
        self
    }

    /// Reads one response. `Content-Length` gives the length of its body.
    pub fn read(&mut self) -> Response {
        self.read_for("GET")
    }

    /// Reads the response to a request with this method. A response to HEAD has no body.
    pub fn read_for(&mut self, method: &str) -> Response {
        let head = self.0.read_head(method);
        let head = head.unwrap_or_else(|error| self.panic_with(&error));
        let body = self.0.read_body(head.length);
        let body = body.unwrap_or_else(|error| self.panic_with(&error));
        Response::new(head, body)
    }

    fn panic_with(&self, error: &io::Error) -> ! {
        panic!("no response: {error}; read so far: {}", self.0.unread().escape_ascii())
    }

    /// Sends a request with `Content-Length` and reads the response.
    pub fn send(
        &mut self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Response {
        let request = request(method, target, headers, body);
        self.write(request).read_for(method)
    }

    /// Asserts that the server closed the connection and sent nothing more.
    pub fn assert_closed(&mut self) {
        let mut rest = self.0.take_unread();
        match self.0.socket().read_to_end(&mut rest) {
            Err(error) if error.kind() != ErrorKind::ConnectionReset => {
                panic!("not closed: {error}")
            }
            _ => assert!(rest.is_empty(), "{}", rest.escape_ascii()),
        }
    }

    /// Reads all bytes until the server closes. Returns an error if the connection is reset.
    pub fn read_to_end(&mut self) -> io::Result<Vec<u8>> {
        self.0.read_to_end()
    }

    /// Reads until the connection ends. After `count` bytes, 20 ms without a byte end the read too.
    pub fn receive(&mut self, count: usize) -> (Vec<u8>, Ended) {
        const SILENCE: Duration = Duration::from_millis(20);
        let mut received = self.0.take_unread();
        let mut socket = self.0.socket();
        let mut buffer = [0; 16 * 1024];
        let ended = loop {
            let timeout = if received.len() < count { TIMEOUT } else { SILENCE };
            socket.set_read_timeout(Some(timeout)).unwrap();
            match socket.read(&mut buffer) {
                Ok(0) => break Ended::Fin,
                Ok(more) => received.extend_from_slice(&buffer[..more]),
                Err(error) if error.kind() == ErrorKind::ConnectionReset => break Ended::Reset,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => break Ended::StillOpen,
            }
        };
        socket.set_read_timeout(Some(TIMEOUT)).unwrap();
        (received, ended)
    }

    /// Resets the connection. Bytes in flight are lost in both directions.
    pub fn reset(self) {
        socket2::SockRef::from(self.0.socket()).set_linger(Some(Duration::ZERO)).unwrap();
    }

    /// Returns the client's address, by which the journal identifies the connection.
    pub fn address(&self) -> SocketAddr {
        self.0.socket().local_addr().unwrap()
    }

    /// Returns the socket.
    pub fn socket(&self) -> &TcpStream {
        self.0.socket()
    }
}

/// Returns whether dropping the value of `start` closes the port of its URL. Another process may get
/// the port at once, so that one success in ten attempts is enough.
pub fn closes_its_port<T>(start: impl Fn() -> (T, String)) -> bool {
    (0..10).any(|_| {
        let (listening, url) = start();
        let address = url.trim_start_matches("http://").trim_end_matches("/__mock/").to_owned();
        assert!(TcpStream::connect(&address).is_ok());
        drop(listening);
        TcpStream::connect(&address).is_err()
    })
}

/// Returns a request as bytes, with `Content-Length` if it has a body.
pub fn request(method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let length = body.len().to_string();
    let length = (!body.is_empty()).then_some(("Content-Length", &*length));
    let headers = [("Host", "origin")].iter().chain(headers).copied().chain(length);
    let lines: Vec<_> = headers.map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let head = format!("{method} {target} HTTP/1.1\r\n{}", lines.concat());
    [head.as_bytes(), b"\r\n", body].concat()
}

/// Creates the multipart upload of `name` in `directory` and returns its identifier.
pub fn create(client: &mut Client, token: &str, directory: &str, name: &str) -> String {
    let headers = [
        ("X-Agile-Authorization", token),
        ("X-Agile-Directory", directory),
        ("X-Agile-Basename", name),
    ];
    let response = client.send("POST", "/multipart/create", &headers, b"");
    assert_eq!(response.code(), Some(0), "{response:?}");
    response.header("X-Agile-Multipart").unwrap().to_owned()
}

/// Sends one piece.
pub fn piece(client: &mut Client, token: &str, id: &str, number: u32, content: &[u8]) -> Response {
    let number = number.to_string();
    let headers = piece_headers(token, id, &number);
    client.send("POST", "/multipart/piece", &headers, content)
}

/// Returns the headers of a piece.
pub fn piece_headers<'a>(token: &'a str, id: &'a str, number: &'a str) -> [(&'a str, &'a str); 3] {
    [("X-Agile-Authorization", token), ("X-Agile-Multipart", id), ("X-Agile-Part", number)]
}

/// Completes an upload.
pub fn complete(client: &mut Client, token: &str, id: &str) -> Response {
    let headers = [("X-Agile-Authorization", token), ("X-Agile-Multipart", id)];
    client.send("POST", "/multipart/complete", &headers, b"")
}

/// Uploads pieces 1, 2, … to `/videos/{name}` and does not complete. Returns the client, its token and
/// the multipart id.
pub fn upload_pieces(
    origin: &MockOrigin,
    name: &str,
    pieces: &[&[u8]],
) -> (Client, String, String) {
    let (mut client, token) = (Client::new(origin), origin.issue_token("jane"));
    let id = create(&mut client, &token, "/videos", name);
    for (content, number) in pieces.iter().zip(1..) {
        piece(&mut client, &token, &id, number, content);
    }
    (client, token, id)
}
