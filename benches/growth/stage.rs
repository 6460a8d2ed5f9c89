//! Origins of a certain size, and what a row asks of them. Start with [`Stage`].

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use mock_origin::control::Control;
use mock_origin::referee::Level;
use mock_origin::{Builder, InProgressUpload, MockOrigin, RecordedRequests};

use crate::http::{Connection, TIMEOUT};

/// An origin with `size` records.
pub(crate) struct Stage {
    pub(crate) origin: Arc<MockOrigin>,
    control: Control,
    token: String,
    pub(crate) size: usize,
}

fn builder() -> Builder {
    MockOrigin::builder().referee(Level::Off).verify_on_drop(false).file("/f.txt", "f").seed(1)
}

fn stage(builder: Builder, size: usize) -> io::Result<Stage> {
    let origin = Arc::new(builder.start());
    let control = Control::start(Arc::clone(&origin), ([127, 0, 0, 1], 0).into());
    let token = origin.issue_token("jane");
    Ok(Stage { control: control.map_err(io::Error::other)?, origin, token, size })
}

/// Makes an origin that has recorded `size` requests beside an open upload: downloads, each second one
/// with a query of its own, and each hundredth of a missing file.
pub(crate) fn journal(size: usize) -> io::Result<Stage> {
    let stage = stage(builder().upload(InProgressUpload::new("/a.mp4").piece(1, "1")), size)?;
    let batch = 100;
    for first in (0..size).step_by(batch) {
        // The origin closes a connection after an error.
        let mut client = Connection::to_url(&stage.origin.url())?;
        let target = |number: usize| match number % batch {
            99 => "missing".to_owned(),
            odd if odd % 2 == 1 => format!("f.txt?{number}"),
            _ => "f.txt".to_owned(),
        };
        let get = |number| format!("GET /acme/{} HTTP/1.1\r\nHost: o\r\n\r\n", target(number));
        client.write((first..first + batch).map(get).collect::<String>().as_bytes())?;
        for _ in 0..batch {
            let head = client.read_head("GET")?;
            client.read_body(head.length)?;
        }
    }
    Ok(stage)
}

/// Makes an origin with `size` open uploads.
pub(crate) fn uploads(size: usize) -> io::Result<Stage> {
    let upload = |number| InProgressUpload::new(&format!("/dir/{number}")).piece(1, "1");
    stage((0..size).fold(builder(), |builder, number| builder.upload(upload(number))), size)
}

/// Makes an origin with `size` files in a directory.
pub(crate) fn files(size: usize) -> io::Result<Stage> {
    let path = |number| format!("/dir/{number}");
    stage((0..size).fold(builder(), |builder, number| builder.file(&path(number), "f")), size)
}

/// Makes an origin with an upload of `size` pieces that a client sent.
pub(crate) fn pieces(size: usize) -> io::Result<Stage> {
    let stage = stage(builder().upload(InProgressUpload::new("/a.mp4")), size)?;
    let id = stage.origin.upload("/a.mp4").id().to_owned();
    (1..=size).for_each(|part| stage.piece(&id, part));
    Ok(stage)
}

impl Stage {
    /// Sends a request and reads the response.
    ///
    /// # Panics
    ///
    /// If there is no response, or one with an error.
    fn send(&self, request: &str) {
        let sent = Connection::to_url(&self.origin.url()).and_then(|mut client| {
            client.write(request.as_bytes())?;
            let head = client.read_head("POST")?;
            let body = client.read_body(head.length)?;
            Ok((head.status, String::from_utf8_lossy(&body).into_owned()))
        });
        match sent {
            Ok((200, body)) if !body.contains("\"code\": -") && !body.contains("\"code\":-") => {}
            other => panic!("{request}: {other:?}"),
        }
    }

    pub(crate) fn get(&self, path: &str) {
        self.send(&format!("GET {path} HTTP/1.1\r\nHost: o\r\n\r\n"));
    }

    pub(crate) fn piece(&self, id: &str, part: usize) {
        let token = &self.token;
        self.send(&format!(
            "POST /multipart/piece HTTP/1.1\r\nHost: o\r\nX-Agile-Authorization: {token}\r\n\
             X-Agile-Multipart: {id}\r\nX-Agile-Part: {part}\r\nContent-Length: 4\r\n\r\nfour"
        ));
    }

    pub(crate) fn rpc(&self, method: &str, params: &str) {
        let token = &self.token;
        let body = format!(
            r#"{{"method": "{method}", "params": ["{token}", {params}], "id": 1, "jsonrpc": "2.0"}}"#
        );
        self.send(&format!(
            "POST /jsonrpc HTTP/1.1\r\nHost: o\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ));
    }

    /// Makes changes while a wait checks `condition` after each of them, and ends the wait.
    pub(crate) fn during_wait(&self, condition: fn(&RecordedRequests), changes: impl FnOnce()) {
        let (is_over, (sender, has_begun)) = (AtomicBool::new(false), mpsc::channel());
        let is_met = |requests: &RecordedRequests| {
            let _ = sender.send(());
            condition(requests);
            is_over.load(Ordering::Relaxed)
        };
        thread::scope(|scope| {
            scope.spawn(|| self.origin.wait_until(TIMEOUT, is_met));
            let _ = has_begun.recv();
            changes();
            is_over.store(true, Ordering::Relaxed);
            self.origin.mark("end of the wait");
        });
    }

    /// Returns the time that `finish()` takes. No other handle of the origin is left.
    pub(crate) fn finish(self) -> Duration {
        let Self { origin, control, .. } = self;
        drop(control);
        let origin = Arc::into_inner(origin).expect("the control endpoint has ended");
        let began = Instant::now();
        origin.finish();
        began.elapsed()
    }

    /// Reads a response of the control endpoint to its end.
    ///
    /// # Panics
    ///
    /// If its status is not 200.
    pub(crate) fn control(&self, path: &str) {
        let url = self.control.url();
        let (base, _) = url.split_once("/__mock").unwrap_or_default();
        let host = base.trim_start_matches("http://");
        let request =
            format!("GET /__mock/{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        let read = Connection::to_url(base).and_then(|mut client| {
            client.write(request.as_bytes())?;
            let head = client.read_head("GET")?;
            io::copy(&mut client.socket(), &mut io::sink())?;
            Ok(head.status)
        });
        assert!(read.as_ref().is_ok_and(|status| *status == 200), "{path}: {read:?}");
    }
}
