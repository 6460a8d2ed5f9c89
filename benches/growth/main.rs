//! Measures how the cost of queries, assertions, listings, reports and control calls grows.
//!
//! ```text
//! cargo bench --bench growth                    1,000 to 100,000 exchanges, in about two minutes
//! cargo bench --bench growth -- --large         also 1,000,000 exchanges
//! cargo bench --bench growth -- journal files   only these groups
//! ```
//!
//! Each operation is measured at three sizes, each ten times the one before. The growth is the factor of
//! the time over the last step: 1 means that the size does not matter, 10 that the cost is
//! proportional, and more that a step is repeated for each record. Absolute times depend on the
//! machine.

// A benchmark prints its table.
#![allow(clippy::print_stdout)]

#[path = "../../tests/support/http.rs"]
mod http;

use std::hint::black_box;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use http::Connection;
use mock_origin::control::Control;
use mock_origin::referee::Level;
use mock_origin::{Builder, InProgressUpload, MockOrigin, Op};

/// An operation on an origin of a certain size.
type Operation = (&'static str, fn(&Stage));

/// A group of operations, its smallest size, and what makes an origin of that size.
type Group = (&'static str, usize, fn(usize) -> io::Result<Stage>, &'static [Operation]);

/// An origin with `size` records.
struct Stage {
    origin: Arc<MockOrigin>,
    control: Control,
    token: String,
    size: usize,
}

const GROUPS: &[Group] = &[
    ("journal", 1_000, journal, JOURNAL),
    ("uploads", 100, uploads, UPLOADS),
    ("files", 1_000, files, FILES),
    ("pieces", 10, pieces, PIECES),
];

const JOURNAL: &[Operation] = &[
    ("requests().len()", |it| {
        black_box(it.origin.requests().len());
    }),
    ("requests().op().len()", |it| {
        black_box(it.origin.requests().op(Op::login()).len());
    }),
    ("requests().assert_count()", |it| {
        it.origin.requests().assert_count(it.size..);
    }),
    ("upload().assert_state()", |it| {
        it.origin.upload("/a.mp4").assert_state(mock_origin::UploadState::Ready);
    }),
    ("file().assert_exists()", |it| {
        it.origin.file("/f.txt").assert_exists();
    }),
    ("journal()", |it| drop(black_box(it.origin.journal()))),
    ("journal(), then a request", |it| {
        let journal = it.origin.journal();
        it.get("/acme/f.txt");
        drop(journal);
    }),
    ("findings()", |it| drop(black_box(it.origin.findings()))),
    ("verify()", |it| drop(black_box(it.origin.verify()))),
    ("timeline()", |it| drop(black_box(it.origin.timeline()))),
    ("html_report()", |it| drop(black_box(it.origin.html_report()))),
    ("transcript()", |it| drop(black_box(it.origin.transcript()))),
    ("GET /__mock/journal", |it| it.control("journal")),
    ("GET /__mock/journal?limit=1", |it| it.control("journal?limit=1")),
    ("GET /__mock/har", |it| it.control("har")),
    ("GET /__mock/trace", |it| it.control("trace")),
    ("GET /__mock/wait", |it| it.control("wait?op=any&timeout=0")),
];

const UPLOADS: &[Operation] = &[
    ("upload(path)", |it| {
        it.origin.upload(&format!("/dir/{}", it.size / 2)).assert_pieces([1]);
    }),
    ("uploads()", |it| drop(black_box(it.origin.uploads()))),
    ("file(path).exists()", |it| {
        black_box(it.origin.file("/dir/1").exists());
    }),
    ("listMultipart, last page of 1", |it| {
        it.rpc("listMultipart", &format!("{}, 1", it.size - 1));
    }),
    ("piece during a wait", |it| {
        let id = it.origin.upload("/dir/1").id().to_owned();
        it.during_wait(|| it.piece(&id, 1));
    }),
    ("GET /__mock/uploads", |it| it.control("uploads")),
];

const FILES: &[Operation] = &[
    ("file(path).assert_exists()", |it| {
        it.origin.file(&format!("/dir/{}", it.size / 2)).assert_exists();
    }),
    ("directory().assert_exists()", |it| {
        it.origin.directory("/dir").assert_exists();
    }),
    ("listFile, first page of 1", |it| it.rpc("listFile", "\"/dir\", 1, 0")),
    ("listFile, last page of 1", |it| {
        it.rpc("listFile", &format!("\"/dir\", 1, {}", it.size - 1));
    }),
    ("listPath, first page of 1", |it| it.rpc("listPath", "\"/dir\", 1")),
    ("setMTime", |it| it.rpc("setMTime", "\"/dir/1\", 5")),
    ("setMTime during a wait", |it| it.during_wait(|| it.rpc("setMTime", "\"/dir/1\", 5"))),
    ("GET /__mock/files", |it| it.control("files")),
];

const PIECES: &[Operation] = &[
    ("piece", |it| {
        let id = it.origin.upload("/a.mp4").id().to_owned();
        it.piece(&id, 1);
    }),
    ("assert_acknowledged_once()", |it| {
        let _ = it.origin.upload("/a.mp4").try_acknowledged_once();
    }),
    ("piece().assert_attempts()", |it| {
        it.origin.upload("/a.mp4").piece(2).assert_attempts(1..);
    }),
    ("findings()", |it| drop(black_box(it.origin.findings()))),
    ("listMultipartPiece, last page of 1", |it| {
        let id = it.origin.upload("/a.mp4").id().to_owned();
        it.rpc("listMultipartPiece", &format!("\"{id}\", {}, 1", it.size - 1));
    }),
];

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |word: &str| arguments.iter().any(|argument| argument == word);
    // `cargo test` runs this program without `--bench`, only to check that it builds.
    if !has("--bench") {
        return Ok(());
    }
    let names: Vec<_> = arguments.iter().filter(|word| !word.starts_with("--")).collect();
    for (name, least, make, operations) in GROUPS {
        if !names.is_empty() && !names.iter().any(|given| given == name) {
            continue;
        }
        let steps = if has("--large") && *name == "journal" { 4 } else { 3 };
        let sizes: Vec<usize> = (0..steps).map(|step| least * 10_usize.pow(step)).collect();
        let mut times: Vec<Vec<Duration>> = vec![Vec::new(); operations.len()];
        for size in &sizes {
            let stage = make(*size)?;
            for ((_, operation), times) in operations.iter().zip(&mut times) {
                times.push(median(|| operation(&stage)));
            }
        }
        let heads: Vec<_> = sizes.iter().map(|size| format!("{size:>12}")).collect();
        println!("{name:<36}{} µs    growth", heads.concat());
        for ((operation, _), times) in operations.iter().zip(times) {
            let micros: Vec<f64> = times.iter().map(|time| time.as_secs_f64() * 1e6).collect();
            let cells: Vec<_> = micros.iter().map(|time| format!("{time:>12.1}")).collect();
            let growth = micros[micros.len() - 1] / micros[micros.len() - 2];
            println!("  {operation:<34}{}    {growth:>9.1}", cells.concat());
        }
        println!();
    }
    Ok(())
}

/// Returns the median time of an operation. One that takes long is measured less often.
fn median(operation: impl Fn()) -> Duration {
    const BUDGET: Duration = Duration::from_millis(500);
    let (started, mut times) = (Instant::now(), Vec::new());
    while times.len() < 3 || times.len() < 50 && started.elapsed() < BUDGET {
        let began = Instant::now();
        operation();
        times.push(began.elapsed());
    }
    times.sort();
    times[times.len() / 2]
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

/// Makes an origin that has recorded `size` requests: an open upload, and downloads.
fn journal(size: usize) -> io::Result<Stage> {
    let stage = stage(builder().upload(InProgressUpload::new("/a.mp4").piece(1, "1")), size)?;
    let mut client = Connection::to_url(&stage.origin.url())?;
    let batch = 100;
    for _ in 0..size / batch {
        client.write("GET /acme/f.txt HTTP/1.1\r\nHost: o\r\n\r\n".repeat(batch).as_bytes())?;
        (0..batch).try_for_each(|_| client.skip_response())?;
    }
    Ok(stage)
}

/// Makes an origin with `size` open uploads.
fn uploads(size: usize) -> io::Result<Stage> {
    let upload = |number| InProgressUpload::new(&format!("/dir/{number}")).piece(1, "1");
    stage((0..size).fold(builder(), |builder, number| builder.upload(upload(number))), size)
}

/// Makes an origin with `size` files in a directory.
fn files(size: usize) -> io::Result<Stage> {
    let path = |number| format!("/dir/{number}");
    stage((0..size).fold(builder(), |builder, number| builder.file(&path(number), "f")), size)
}

/// Makes an origin with an upload of `size` pieces that a client sent.
fn pieces(size: usize) -> io::Result<Stage> {
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

    fn get(&self, path: &str) {
        self.send(&format!("GET {path} HTTP/1.1\r\nHost: o\r\n\r\n"));
    }

    fn piece(&self, id: &str, part: usize) {
        let token = &self.token;
        self.send(&format!(
            "POST /multipart/piece HTTP/1.1\r\nHost: o\r\nX-Agile-Authorization: {token}\r\n\
             X-Agile-Multipart: {id}\r\nX-Agile-Part: {part}\r\nContent-Length: 4\r\n\r\nfour"
        ));
    }

    fn rpc(&self, method: &str, params: &str) {
        let token = &self.token;
        let body = format!(
            r#"{{"method": "{method}", "params": ["{token}", {params}], "id": 1, "jsonrpc": "2.0"}}"#
        );
        self.send(&format!(
            "POST /jsonrpc HTTP/1.1\r\nHost: o\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ));
    }

    /// Makes a change while a wait holds a copy of storage and journal, and ends the wait.
    fn during_wait(&self, change: impl FnOnce()) {
        let (is_over, (sender, has_begun)) = (AtomicBool::new(false), mpsc::channel());
        let is_met = |_: &_| {
            let _ = sender.send(());
            is_over.load(Ordering::Relaxed)
        };
        thread::scope(|scope| {
            scope.spawn(|| self.origin.wait_until(http::TIMEOUT, is_met));
            let _ = has_begun.recv();
            change();
            is_over.store(true, Ordering::Relaxed);
            self.origin.mark("end of the wait");
        });
    }

    /// Reads a response of the control endpoint to its end.
    ///
    /// # Panics
    ///
    /// If its status is not 200.
    fn control(&self, path: &str) {
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
