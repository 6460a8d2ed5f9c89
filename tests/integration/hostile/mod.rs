//! Tests that no client can harm the origin: after any bytes it serves the next request, records no
//! internal error, and keeps its files.

mod bodies;
mod garbage;
mod heads;
mod json;
mod leaving;
mod printing;
mod requests;

use std::sync::Arc;

use mock_origin::journal::{Connection, ConnectionEnd};
use mock_origin::{Builder, InProgressUpload, MockOrigin, UploadState};

use crate::support::record::closed_connection;
use crate::support::{Client, Response, complete};

/// An origin with a file and an open upload that must not change.
struct Scene {
    origin: MockOrigin,
    token: String,
    upload: String,
}

impl Scene {
    fn new() -> Self {
        Self::of(MockOrigin::builder())
    }

    fn of(builder: Builder) -> Self {
        let open = InProgressUpload::new("/videos/open.mp4").piece(1, "first");
        let origin = builder.file("/a.txt", "hello").upload(open).start();
        let (token, upload) = (origin.issue_token("jane"), origin.uploads()[0].id().to_owned());
        Self { origin, token, upload }
    }

    fn client(&self) -> Client {
        Client::new(&self.origin)
    }

    /// Returns the head of a valid piece without its end, so that headers can be added.
    fn piece_head(&self) -> String {
        let Self { token, upload, .. } = self;
        format!(
            "POST /multipart/piece HTTP/1.1\r\nHost: origin\r\nX-Agile-Authorization: {token}\r\n\
             X-Agile-Multipart: {upload}\r\nX-Agile-Part: 2\r\n"
        )
    }

    /// Sends bytes, closes the sending direction, and reads one response.
    #[track_caller]
    fn response_to(&self, bytes: impl AsRef<[u8]>) -> Response {
        let mut client = self.client();
        let response = client.write(bytes).finish_writing().read();
        client.assert_closed();
        response
    }

    /// Asserts that bytes are recorded as an invalid head and get this status.
    #[track_caller]
    fn assert_bad_head(&self, bytes: &[u8], status: u16) -> Arc<Connection> {
        let mut client = self.client();
        client.write(bytes).finish_writing();
        let shown = bytes[..bytes.len().min(80)].escape_ascii();
        let response = (status > 0).then(|| client.read());
        assert_eq!(response.map_or(0, |response| response.status), status, "{shown}");
        client.assert_closed();
        let record = closed_connection(&self.origin, client.address());
        assert_eq!(record.end, ConnectionEnd::BadHead(status), "{shown}");
        let seen = &*record.unparsed.as_ref().unwrap().bytes;
        assert!(!seen.is_empty() && bytes.starts_with(seen), "{shown}");
        assert!(self.origin.requests().connection(record.index).is_empty(), "{shown}");
        record
    }

    /// Asserts that the origin serves requests, has no internal error, and kept its files.
    #[track_caller]
    fn assert_unharmed(self) {
        self.assert_serving();
        self.origin.directory("/videos").assert_names(&[]);
        self.origin.directory("/").assert_names(&["a.txt", "videos"]);
        assert_eq!(self.origin.uploads().len(), 1);
        self.origin.upload(&self.upload).assert_state(UploadState::Ready).assert_pieces([1]);
        let completed = complete(&mut self.client(), &self.token, &self.upload);
        assert_eq!(completed.code(), Some(0), "{completed:?}");
        self.origin.file("/videos/open.mp4").assert_content("first");
    }

    /// Asserts that the origin serves requests and has no internal error.
    #[track_caller]
    fn assert_serving(&self) {
        let served = self.client().send("GET", "/a.txt", &[], b"");
        assert_eq!((served.status, served.text()), (200, "hello"));
        let verdict = self.origin.verify().map_err(|found| found.to_string());
        let has_internal_error = |verdict: &String| verdict.contains("had an internal error");
        assert!(!verdict.as_ref().is_err_and(has_internal_error), "{verdict:?}");
    }
}
