//! The client: a method for each thing that one asks of an origin.
//!
//! Every request is repeated if there is hope, and each of them may be: a piece goes under the same
//! part number as before, and an upload that was begun twice leaves an empty one that expires.

use std::io::{BufRead, Read};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use ring::digest::{Context, SHA256};
use serde_json::json;
use ureq::SendBody;

use super::error::Error;
use super::http::{Answer, Http};
use super::patience::retry;
use super::source::{Piece, Source};

/// All but the unreserved characters of RFC 3986.
const QUOTED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Seconds that a token is to live: a day. The hour that is usual is short for a large upload.
const SESSION: &str = "86400";

/// The upload is not open any more: what `/multipart/complete` says if it is asked twice (§4.3).
const NOT_OPEN: i64 = -8;

/// Someone who is logged in.
#[derive(Debug)]
pub(crate) struct Client {
    http: Http,
    token: String,
}

/// An upload that was begun.
#[derive(Debug)]
pub(crate) struct Upload {
    /// Its multipart identifier.
    pub(crate) id: String,
    /// Where the file will be, as the path of a URL.
    pub(crate) path: String,
}

impl Client {
    /// Logs in (§2.4); `connections` are kept open between requests.
    pub(crate) fn login(
        url: &str,
        user: &str,
        password: &str,
        connections: usize,
    ) -> Result<Self, Error> {
        let http = Http::new(url, connections);
        let headers = [
            ("X-Agile-Username", user),
            ("X-Agile-Password", password),
            ("X-Agile-Expiry", SESSION),
        ];
        let answer = retry(|| http.post("/account/login", &headers, ""))?;
        let token = answer.header("X-Agile-Token")?.to_owned();
        Ok(Self { http, token })
    }

    /// Makes a directory with its parents, or finds it there (§6). An upload makes none.
    pub(crate) fn make_directory(&self, path: &str) -> Result<(), Error> {
        self.ask("/post/directory", &[("X-Agile-Directory", path)]).map(drop)
    }

    /// Begins an upload (§4.1). The origin finds the content type by the name's extension.
    pub(crate) fn create(&self, directory: &str, name: &str) -> Result<Upload, Error> {
        let quoted = |text| utf8_percent_encode(text, QUOTED).to_string();
        let headers = [
            ("X-Agile-Directory", &*quoted(directory)),
            ("X-Agile-Basename", &*quoted(name)),
            ("X-Agile-Encoding", "UTF8"),
        ];
        let answer = self.ask("/multipart/create", &headers)?;
        let text = |name| answer.header(name).map(str::to_owned);
        Ok(Upload { id: text("X-Agile-Multipart")?, path: text("X-Agile-Path")? })
    }

    /// Sends a piece (§4.2), and compares what was stored with what was read from the file.
    pub(crate) fn send(&self, upload: &Upload, source: &Source, piece: Piece) -> Result<(), Error> {
        let (number, length) = (piece.number.to_string(), piece.length.to_string());
        let headers = [
            ("X-Agile-Authorization", &*self.token),
            ("X-Agile-Multipart", &upload.id),
            ("X-Agile-Part", &number),
            ("Content-Length", &length),
            // A refusal then comes before the body; in the middle of it, it could not be read.
            ("Expect", "100-continue"),
        ];
        let attempt = || {
            let mut body = Hashing::new(source.read(piece).map_err(Error::Source)?);
            let reader = SendBody::from_reader(&mut body);
            let answer = self.http.post("/multipart/piece", &headers, reader)?;
            body.confirm(answer.header("X-Agile-Checksum")?)
        };
        let number = piece.number;
        retry(attempt).map_err(|error| Error::Piece { number, error: error.into() })
    }

    /// Says that all pieces are there (§4.3). If the first answer is lost, the next one is that
    /// the upload is not open any more; what became of it is then for its state to tell.
    pub(crate) fn complete(&self, upload: &Upload) -> Result<(), Error> {
        match self.ask("/multipart/complete", &[("X-Agile-Multipart", &upload.id)]) {
            Ok(_) | Err(Error::Refused { code: Some(NOT_OPEN), .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// The number of the state that an upload is in (§4.4).
    pub(crate) fn state(&self, upload: &Upload) -> Result<u64, Error> {
        let during = "getMultipartStatus";
        let status = retry(|| self.http.call(during, &json!([self.token, upload.id])))?;
        status["state"].as_u64().ok_or(Error::Garbled { during, lacks: "a state" })
    }

    /// Gives an upload up (§7.3). Nothing else does: one that has pieces never expires.
    pub(crate) fn abort(&self, upload: &Upload) -> Result<(), Error> {
        retry(|| self.http.call("abortMultipart", &json!([self.token, upload.id]))).map(drop)
    }

    /// Begins to read a stored file.
    pub(crate) fn download(&self, path: &str) -> Result<impl BufRead + use<>, Error> {
        retry(|| self.http.get(path))
    }

    /// Asks an endpoint that takes headers and no body.
    fn ask(&self, endpoint: &'static str, headers: &[(&str, &str)]) -> Result<Answer, Error> {
        let mut all = vec![("X-Agile-Authorization", &*self.token)];
        all.extend(headers);
        retry(|| self.http.post(endpoint, &all, ""))
    }
}

/// Bytes on their way out, and the digest of those that have gone.
struct Hashing<R> {
    inner: R,
    hasher: Context,
}

impl<R> Hashing<R> {
    fn new(inner: R) -> Self {
        Self { inner, hasher: Context::new(&SHA256) }
    }

    fn confirm(self, stored: &str) -> Result<(), Error> {
        let sent = hex(self.hasher.finish().as_ref());
        if sent.eq_ignore_ascii_case(stored) {
            return Ok(());
        }
        Err(Error::Damaged { sent, stored: stored.to_owned() })
    }
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = self.inner.read(buffer)?;
        self.hasher.update(&buffer[..length]);
        Ok(length)
    }
}

fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or_default();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}
