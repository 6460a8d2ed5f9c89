//! The client: one method for each operation of the protocol.
//!
//! A request that fails with a transient error is sent again. This is safe for every request here: a piece keeps
//! its part number, and a second create only leaves an empty upload that expires.

use std::io::{BufRead, Read};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use ring::digest::{Context, SHA256};
use serde_json::json;
use ureq::SendBody;

use super::error::Error;
use super::http::{Http, Response};
use super::retry::retry;
use super::source::{Piece, Source};

/// All characters except the unreserved ones of RFC 3986.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The lifetime of a token in seconds: one day. The default of one hour is short for a large upload.
const SESSION: &str = "86400";

/// The code of a second `/multipart/complete`: the upload is no longer open (§4.3).
const NOT_OPEN: i64 = -8;

/// A logged-in user.
#[derive(Debug)]
pub(crate) struct Client {
    http: Http,
    token: String,
}

/// An upload that was created.
#[derive(Debug)]
pub(crate) struct Upload {
    /// The multipart identifier.
    pub(crate) id: String,
    /// The path of the file as a part of its URL.
    pub(crate) path: String,
}

impl Client {
    /// Logs in (§2.4) and keeps up to `connections` connections open between requests.
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
        let response = retry(|| http.post("/account/login", &headers, ""))?;
        let token = response.header("X-Agile-Token")?.to_owned();
        Ok(Self { http, token })
    }

    /// Creates a directory and its parents if they do not exist (§6). Uploads do not create directories.
    pub(crate) fn create_directory(&self, path: &str) -> Result<(), Error> {
        self.call("/post/directory", &[("X-Agile-Directory", path)]).map(drop)
    }

    /// Creates an upload (§4.1). The origin derives the content type from the extension of the name.
    pub(crate) fn create(&self, directory: &str, name: &str) -> Result<Upload, Error> {
        let encode = |text| utf8_percent_encode(text, ENCODED).to_string();
        let headers = [
            ("X-Agile-Directory", &*encode(directory)),
            ("X-Agile-Basename", &*encode(name)),
            ("X-Agile-Encoding", "UTF8"),
        ];
        let response = self.call("/multipart/create", &headers)?;
        let text = |name| response.header(name).map(str::to_owned);
        Ok(Upload { id: text("X-Agile-Multipart")?, path: text("X-Agile-Path")? })
    }

    /// Sends a piece (§4.2) and checks that the origin stored the same bytes.
    pub(crate) fn send(&self, upload: &Upload, source: &Source, piece: Piece) -> Result<(), Error> {
        let (number, length) = (piece.number.to_string(), piece.length.to_string());
        let headers = [
            ("X-Agile-Authorization", &*self.token),
            ("X-Agile-Multipart", &upload.id),
            ("X-Agile-Part", &number),
            ("Content-Length", &length),
            // With this an error arrives before the body is sent. During the body it could not be read.
            ("Expect", "100-continue"),
        ];
        let attempt = || {
            let mut body = HashingReader::new(source.read(piece).map_err(Error::Source)?);
            let reader = SendBody::from_reader(&mut body);
            let response = self.http.post("/multipart/piece", &headers, reader)?;
            body.verify(response.header("X-Agile-Checksum")?)
        };
        let number = piece.number;
        retry(attempt).map_err(|error| Error::Piece { number, error: error.into() })
    }

    /// Completes the upload (§4.3). If the response is lost, the next attempt fails because the upload is no longer
    /// open. The state then tells whether it succeeded.
    pub(crate) fn complete(&self, upload: &Upload) -> Result<(), Error> {
        match self.call("/multipart/complete", &[("X-Agile-Multipart", &upload.id)]) {
            Ok(_) | Err(Error::Rejected { code: Some(NOT_OPEN), .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Returns the state of an upload as a number (§4.4).
    pub(crate) fn state(&self, upload: &Upload) -> Result<u64, Error> {
        let during = "getMultipartStatus";
        let status = retry(|| self.http.call(during, &json!([self.token, upload.id])))?;
        status["state"].as_u64().ok_or(Error::Malformed { during, lacks: "state" })
    }

    /// Aborts an upload (§7.3). An upload that has pieces never expires by itself.
    pub(crate) fn abort(&self, upload: &Upload) -> Result<(), Error> {
        retry(|| self.http.call("abortMultipart", &json!([self.token, upload.id]))).map(drop)
    }

    /// Starts the download of a stored file.
    pub(crate) fn download(&self, path: &str) -> Result<impl BufRead + use<>, Error> {
        retry(|| self.http.get(path))
    }

    /// Calls an endpoint that takes headers and no body.
    fn call(&self, endpoint: &'static str, headers: &[(&str, &str)]) -> Result<Response, Error> {
        let mut all = vec![("X-Agile-Authorization", &*self.token)];
        all.extend(headers);
        retry(|| self.http.post(endpoint, &all, ""))
    }
}

/// Reads bytes and hashes them.
struct HashingReader<R> {
    inner: R,
    hasher: Context,
}

impl<R> HashingReader<R> {
    fn new(inner: R) -> Self {
        Self { inner, hasher: Context::new(&SHA256) }
    }

    fn verify(self, stored: &str) -> Result<(), Error> {
        let sent = hex(self.hasher.finish().as_ref());
        if sent.eq_ignore_ascii_case(stored) {
            return Ok(());
        }
        Err(Error::ChecksumMismatch { sent, stored: stored.to_owned() })
    }
}

impl<R: Read> Read for HashingReader<R> {
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
