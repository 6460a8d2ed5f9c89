//! A correct upload client, and variants that each make one mistake.

use std::io::{self, ErrorKind};
use std::time::Duration;

use mock_origin::{MockOrigin, UploadState};
use serde_json::Value;

use crate::support::http::{Connection, TIMEOUT, find};
use crate::support::payload::{chunked, sha256};
use crate::support::{Response, request};

/// The mistake of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mistake {
    None,
    NeverRetries,
    /// Retries a piece without its body, because the file was already read.
    ForgetsTheBody,
    /// Retries a piece with half of its body, in chunks.
    SendsHalfTheBody,
    /// Gives up if the response to complete is lost.
    GivesUpOnComplete,
    IgnoresTheChecksum,
    /// Retries a piece with the next part number.
    SendsAnotherPart,
}

/// Why a client gave up.
#[derive(Debug)]
pub(crate) struct GaveUp(#[allow(dead_code)] String);

/// A client with at most one connection.
pub(crate) struct Uploader {
    url: String,
    /// The user name. The password is `secret`.
    pub(crate) user: &'static str,
    mistake: Mistake,
    /// The maximum number of attempts per request.
    pub(crate) attempts: u32,
    /// Whether it keeps connections alive.
    pub(crate) keeps_alive: bool,
    /// The time to wait for `100 Continue`, if it sends `Expect`.
    pub(crate) expects: Option<Duration>,
    token: Option<String>,
    connection: Option<Connection>,
}

/// A request that can be repeated.
struct Request<'a> {
    target: &'a str,
    headers: Vec<(&'a str, String)>,
    body: Body<'a>,
}

enum Body<'a> {
    Bytes(&'a [u8]),
    Chunks(&'a [u8]),
    /// A JSON-RPC method, and its parameter after the token.
    Rpc(&'a str, &'a str),
}

/// The next step after a response.
enum Next {
    Done,
    Again,
    LogIn,
    Hopeless,
}

impl Uploader {
    pub(crate) fn new(origin: &MockOrigin, mistake: Mistake) -> Self {
        let attempts = if mistake == Mistake::NeverRetries { 1 } else { 3 };
        let (url, keeps_alive) = (origin.url(), true);
        let (user, expects) = ("jane", None);
        Self { url, user, mistake, attempts, keeps_alive, expects, token: None, connection: None }
    }

    pub(crate) fn correct(origin: &MockOrigin) -> Self {
        Self::new(origin, Mistake::None)
    }

    /// Returns the client with keep-alive disabled.
    pub(crate) fn without_keep_alive(self) -> Self {
        Self { keeps_alive: false, ..self }
    }

    /// Uploads a file in pieces.
    pub(crate) fn upload(
        &mut self,
        directory: &str,
        name: &str,
        pieces: &[Vec<u8>],
    ) -> Result<(), GaveUp> {
        let id = self.create(directory, name)?;
        let mut number = 1;
        for content in pieces {
            number = self.piece(&id, number, content)? + 1;
        }
        self.complete(&id)
    }

    /// Uploads a file, with all pieces in parallel on their own connections.
    pub(crate) fn upload_at_once(
        &mut self,
        directory: &str,
        name: &str,
        pieces: &[Vec<u8>],
    ) -> Result<(), GaveUp> {
        let id = self.create(directory, name)?;
        std::thread::scope(|scope| {
            let mut sending = Vec::new();
            for (number, content) in (1..).zip(pieces) {
                let (mut one, id) = (self.another(), &id);
                sending.push(scope.spawn(move || one.piece(id, number, content)));
            }
            sending.into_iter().try_for_each(|sending| sending.join().unwrap().map(|_| ()))
        })?;
        self.complete(&id)
    }

    /// Creates an upload, sends some pieces, and returns the upload's identifier.
    pub(crate) fn begin(
        &mut self,
        directory: &str,
        name: &str,
        pieces: &[Vec<u8>],
    ) -> Result<String, GaveUp> {
        let id = self.create(directory, name)?;
        for (number, content) in (1..).zip(pieces) {
            self.piece(&id, number, content)?;
        }
        Ok(id)
    }

    /// Sends the missing pieces of an upload and completes it.
    pub(crate) fn resume(&mut self, id: &str, pieces: &[Vec<u8>]) -> Result<(), GaveUp> {
        let body = Body::Rpc("listMultipartPiece", id);
        let request = Request { target: "/jsonrpc", headers: Vec::new(), body };
        let mut listed = None;
        for _ in 0..self.attempts {
            let Some(response) = self.try_send(&request)? else { continue };
            listed = serde_json::from_slice::<Value>(&response.body).ok();
            break;
        }
        let listed = listed.ok_or_else(|| GaveUp("pieces".to_owned()))?;
        let stored = listed["result"]["pieces"].as_array().cloned().unwrap_or_default();
        for (number, content) in (1..).zip(pieces) {
            if !stored.iter().any(|piece| piece["number"] == number) {
                self.piece(id, number, content)?;
            }
        }
        self.complete(id)
    }

    /// Ends the session.
    pub(crate) fn log_out(&mut self) {
        let Some(token) = self.token.take() else { return };
        let body = Body::Rpc("logout", "");
        let request = Request { target: "/jsonrpc", headers: Vec::new(), body };
        let _ = (0..self.attempts).find_map(|_| self.try_once(&request, &token));
    }

    /// Returns the same client with a connection of its own.
    fn another(&self) -> Self {
        Self { url: self.url.clone(), token: self.token.clone(), connection: None, ..*self }
    }

    fn log_in(&mut self) -> Result<(), GaveUp> {
        let headers = [("X-Agile-Username", self.user), ("X-Agile-Password", "secret")];
        let headers = headers.map(|(name, value)| (name, value.to_owned())).to_vec();
        let request = Request { target: "/account/login", headers, body: Body::Bytes(b"") };
        for _ in 0..self.attempts {
            let Some(response) = self.try_once(&request, "") else { continue };
            match (next(&response), response.header("X-Agile-Token")) {
                (Next::Done, Some(token)) => {
                    self.token = Some(token.to_owned());
                    return Ok(());
                }
                (Next::Hopeless | Next::LogIn, _) => return Err(GaveUp(format!("{response:?}"))),
                _ => {}
            }
        }
        Err(GaveUp("login".to_owned()))
    }

    fn create(&mut self, directory: &str, name: &str) -> Result<String, GaveUp> {
        let place = [("X-Agile-Directory", directory), ("X-Agile-Basename", name)];
        let headers = place.map(|(name, value)| (name, value.to_owned())).to_vec();
        let request = Request { target: "/multipart/create", headers, body: Body::Bytes(b"") };
        for _ in 0..self.attempts {
            let Some(response) = self.try_send(&request)? else { continue };
            // After a lost response this creates a second upload.
            if let Some(id) = response.header("X-Agile-Multipart") {
                return Ok(id.to_owned());
            }
        }
        Err(GaveUp("create".to_owned()))
    }

    /// Sends a piece until it is stored, and returns its part number.
    fn piece(&mut self, id: &str, number: u32, content: &[u8]) -> Result<u32, GaveUp> {
        for attempt in 0..self.attempts {
            let is_again = attempt > 0;
            let half = &content[..content.len() / 2];
            let (number, sent, body) = match self.mistake {
                Mistake::SendsAnotherPart => (number + attempt, content, Body::Bytes(content)),
                Mistake::ForgetsTheBody if is_again => (number, &[][..], Body::Bytes(b"")),
                Mistake::SendsHalfTheBody if is_again => (number, half, Body::Chunks(half)),
                _ => (number, content, Body::Bytes(content)),
            };
            let headers =
                vec![("X-Agile-Multipart", id.to_owned()), ("X-Agile-Part", number.to_string())];
            let request = Request { target: "/multipart/piece", headers, body };
            let Some(response) = self.try_send(&request)? else { continue };
            if self.mistake == Mistake::IgnoresTheChecksum || is_stored(&response, sent) {
                return Ok(number);
            }
        }
        Err(GaveUp(format!("piece {number}")))
    }

    fn complete(&mut self, id: &str) -> Result<(), GaveUp> {
        let headers = vec![("X-Agile-Multipart", id.to_owned())];
        let request = Request { target: "/multipart/complete", headers, body: Body::Bytes(b"") };
        for attempt in 0..self.attempts {
            if self.token.is_none() {
                self.log_in()?;
            }
            let token = self.token.clone().unwrap_or_default();
            match self.try_once(&request, &token) {
                None if self.mistake == Mistake::GivesUpOnComplete => break,
                None => {}
                // An earlier attempt may have completed the upload.
                Some(response) if attempt > 0 && response.code() == Some(-8) => {
                    return self.assure_completed(id);
                }
                Some(response) => match next(&response) {
                    Next::Done => return Ok(()),
                    Next::Again => wait(&response),
                    Next::LogIn => self.token = None,
                    Next::Hopeless => return Err(GaveUp(format!("{response:?}"))),
                },
            }
        }
        Err(GaveUp("complete".to_owned()))
    }

    /// Checks by its status that the upload was completed.
    fn assure_completed(&mut self, id: &str) -> Result<(), GaveUp> {
        let body = Body::Rpc("getMultipartStatus", id);
        let request = Request { target: "/jsonrpc", headers: Vec::new(), body };
        for _ in 0..self.attempts {
            let Some(response) = self.try_send(&request)? else { continue };
            let Ok(json) = serde_json::from_slice::<Value>(&response.body) else { continue };
            let is = |state: &UploadState| json["result"]["state"] == state.number();
            let fine = [UploadState::Complete, UploadState::Join, UploadState::Success];
            return if fine.iter().any(is) { Ok(()) } else { Err(GaveUp(json.to_string())) };
        }
        Err(GaveUp("status".to_owned()))
    }

    /// Makes one attempt with a token. Returns `None` if it must be repeated.
    fn try_send(&mut self, request: &Request<'_>) -> Result<Option<Response>, GaveUp> {
        if self.token.is_none() {
            self.log_in()?;
        }
        let token = self.token.clone().unwrap_or_default();
        let Some(response) = self.try_once(request, &token) else { return Ok(None) };
        match next(&response) {
            Next::Done => return Ok(Some(response)),
            Next::Again => wait(&response),
            Next::LogIn => self.token = None,
            Next::Hopeless => return Err(GaveUp(format!("{response:?}"))),
        }
        Ok(None)
    }

    /// Makes one attempt. Returns `None` without a valid response.
    fn try_once(&mut self, request: &Request<'_>, token: &str) -> Option<Response> {
        let timeout = self.expects.filter(|_| !matches!(request.body, Body::Bytes([])));
        let bytes = request.to_bytes(token, timeout.is_some());
        let connection = self.connection.take().map_or_else(|| Connection::to_url(&self.url), Ok);
        let mut connection = connection.ok()?;
        let response = match timeout {
            None => exchange(&mut connection, &bytes),
            Some(timeout) => exchange_after_continue(&mut connection, &bytes, timeout),
        };
        let response = response.ok()?;
        let is_over = response.header("Connection").is_some_and(|value| value == "close");
        self.connection = (self.keeps_alive && !is_over).then_some(connection);
        Some(response)
    }
}

impl Request<'_> {
    fn to_bytes(&self, token: &str, expects: bool) -> Vec<u8> {
        let authorization = ("X-Agile-Authorization", token);
        let own = self.headers.iter().map(|(name, value)| (*name, &**value));
        let mut headers: Vec<_> = own.collect();
        if !token.is_empty() && !matches!(self.body, Body::Rpc(..)) {
            headers.push(authorization);
        }
        if expects {
            headers.push(("Expect", "100-continue"));
        }
        match self.body {
            // `request` adds no length to an empty body.
            Body::Bytes([]) => {
                headers.push(("Content-Length", "0"));
                request("POST", self.target, &headers, b"")
            }
            Body::Bytes(bytes) => request("POST", self.target, &headers, bytes),
            Body::Chunks(bytes) => {
                headers.push(("Transfer-Encoding", "chunked"));
                let head = request("POST", self.target, &headers, b"");
                [head, chunked(bytes, 16)].concat()
            }
            Body::Rpc(method, param) => {
                let more = if param.is_empty() { String::new() } else { format!(r#", "{param}""#) };
                let call =
                    format!(r#"{{"method": "{method}", "params": ["{token}"{more}], "id": 1}}"#);
                request("POST", self.target, &headers, call.as_bytes())
            }
        }
    }
}

/// Returns whether the response confirms the size and checksum of `sent`.
fn is_stored(response: &Response, sent: &[u8]) -> bool {
    let checksum = response.header("X-Agile-Checksum").map(str::to_lowercase);
    checksum == Some(sha256(sent))
        && response.header("X-Agile-Size") == Some(&*sent.len().to_string())
}

fn next(response: &Response) -> Next {
    let json = serde_json::from_slice::<Value>(&response.body).ok();
    let in_body = json.and_then(|json| json["result"]["code"].as_i64());
    let in_head = response.header("X-Agile-Status").and_then(|code| code.parse().ok());
    match (response.status, in_head.or(in_body)) {
        (200, Some(0)) => Next::Done,
        (401 | 403, _) | (200, Some(-10001)) => Next::LogIn,
        (429 | 500 | 502..=504, _) | (200, None | Some(-26)) => Next::Again,
        _ => Next::Hopeless,
    }
}

/// Waits for the time of `Retry-After`.
fn wait(response: &Response) {
    let seconds = response.header("Retry-After").and_then(|value| value.parse().ok());
    std::thread::sleep(Duration::from_secs(seconds.unwrap_or(0)));
}

/// Sends a request and reads the final response.
pub(crate) fn exchange(connection: &mut Connection, request: &[u8]) -> io::Result<Response> {
    // A server that stopped reading may have sent its response before.
    let sent = connection.write(request);
    let response = read_final(connection);
    sent.and(response)
}

/// Sends a request whose head expects `100 Continue`, and its body after that, or after `timeout`
/// without it. Reads the final response.
fn exchange_after_continue(
    connection: &mut Connection,
    request: &[u8],
    timeout: Duration,
) -> io::Result<Response> {
    let (head, body) = request.split_at(find(request, b"\r\n\r\n").unwrap() + 4);
    connection.write(head)?;
    connection.socket().set_read_timeout(Some(timeout))?;
    let interim = connection.read_head("POST");
    connection.socket().set_read_timeout(Some(TIMEOUT))?;
    match interim {
        Ok(head) if head.status >= 200 => {
            let body = connection.read_body(head.length)?;
            return Ok(Response::new(head, body));
        }
        Ok(_) => {}
        Err(error) if [ErrorKind::WouldBlock, ErrorKind::TimedOut].contains(&error.kind()) => {}
        Err(error) => return Err(error),
    }
    exchange(connection, body)
}

/// Reads the final response, and skips interim ones.
fn read_final(connection: &mut Connection) -> io::Result<Response> {
    loop {
        let head = connection.read_head("POST")?;
        if head.status >= 200 {
            let body = connection.read_body(head.length)?;
            return Ok(Response::new(head, body));
        }
    }
}
