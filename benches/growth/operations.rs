//! The rows: what is measured at each size. Start with [`GROUPS`].

use std::hint::black_box;
use std::io;
use std::time::Duration;

use base64::Engine as _;
use mock_origin::{Op, RecordedRequests, UploadSnapshot, UploadState};

use crate::stage::{self, Stage};

/// A row: its name, and an operation on an origin of a certain size.
pub(crate) type Operation = (&'static str, fn(&Stage));

/// Rows that share an origin.
pub(crate) struct Group {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    /// What a size counts.
    pub(crate) unit: &'static str,
    /// The smallest size, and the one with `--large`.
    pub(crate) least: usize,
    pub(crate) large: usize,
    pub(crate) make: fn(usize) -> io::Result<Stage>,
    /// The control call whose memory is measured.
    pub(crate) streamed: Option<&'static str>,
    pub(crate) operations: &'static [Operation],
}

pub(crate) const GROUPS: &[Group] = &[
    Group {
        name: "journal",
        title: "Recorded exchanges",
        unit: "exchanges",
        least: 1_000,
        large: 10_000,
        make: stage::journal,
        streamed: Some("journal"),
        operations: JOURNAL,
    },
    Group {
        name: "uploads",
        title: "Open uploads",
        unit: "uploads",
        least: 100,
        large: 100,
        make: stage::uploads,
        streamed: None,
        operations: UPLOADS,
    },
    Group {
        name: "pieces",
        title: "Pieces of one upload, sent by a client",
        unit: "pieces",
        least: 10,
        large: 10,
        make: stage::pieces,
        streamed: None,
        operations: PIECES,
    },
    Group {
        name: "files",
        title: "Files in one directory",
        unit: "files",
        least: 1_000,
        large: 1_000,
        make: stage::files,
        streamed: None,
        operations: FILES,
    },
];

/// Adds a filter to a query of all requests, and counts what is left.
fn count(it: &Stage, filter: fn(RecordedRequests) -> RecordedRequests) {
    black_box(filter(it.origin.requests()).len());
}

const JOURNAL: &[Operation] = &[
    ("requests().len()", |it| count(it, |all| all)),
    ("requests().iter()", |it| {
        black_box(it.origin.requests().iter().count());
    }),
    ("requests().op()", |it| count(it, |all| all.op(Op::login()))),
    ("requests().upload()", |it| count(it, |all| all.upload("none"))),
    ("requests().path()", |it| count(it, |all| all.path("/f.txt"))),
    ("requests().user()", |it| count(it, |all| all.user("jane"))),
    ("requests().part()", |it| count(it, |all| all.part(1))),
    ("requests().status()", |it| count(it, |all| all.status(404))),
    ("requests().code()", |it| count(it, |all| all.code(-1))),
    ("requests().connection()", |it| count(it, |all| all.connection(7))),
    ("requests().filter()", |it| count(it, |all| all.filter("short", |it| it.received() == 0))),
    ("requests().assert_count()", |it| {
        it.origin.requests().assert_count(it.size..);
    }),
    ("requests().try_count(), fails", |it| {
        black_box(it.origin.requests().try_count(0).is_err());
    }),
    ("requests().assert_header()", |it| {
        it.origin.requests().status(200).assert_header("Host", "o");
    }),
    ("requests().try_order(), fails", |it| {
        black_box(it.origin.requests().try_order(&[Op::create(), Op::complete()]).is_err());
    }),
    ("requests().try_single(), fails", |it| {
        black_box(it.origin.requests().try_single().is_err());
    }),
    ("upload().assert_state()", |it| {
        it.origin.upload("/a.mp4").assert_state(UploadState::Ready);
    }),
    ("try_upload(), fails", |it| {
        black_box(it.origin.try_upload("/b.mp4").is_err());
    }),
    ("upload().try_completed(), fails", |it| {
        black_box(it.origin.upload("/a.mp4").try_completed().is_err());
    }),
    ("file().assert_exists()", |it| {
        it.origin.file("/f.txt").assert_exists();
    }),
    ("file().try_exists(), fails", |it| {
        black_box(it.origin.file("/g.txt").try_exists().is_err());
    }),
    ("try_no_open_uploads(), fails", |it| {
        black_box(it.origin.try_no_open_uploads().is_err());
    }),
    ("journal()", |it| drop(black_box(it.origin.journal()))),
    ("journal(), then a request", |it| {
        let journal = it.origin.journal();
        it.get("/acme/f.txt");
        drop(journal);
    }),
    ("20 requests during wait_until(len)", |it| {
        it.during_wait(|all| _ = black_box(all.len()), || requests(it));
    }),
    ("20 requests during wait_until(op)", |it| {
        it.during_wait(|all| _ = black_box(all.clone().op(Op::login()).len()), || requests(it));
    }),
    ("ended_after(all)", |it| {
        black_box(it.origin.ended_after(it.size, Duration::ZERO));
    }),
    ("findings()", |it| drop(black_box(it.origin.findings()))),
    ("verify()", |it| drop(black_box(it.origin.verify()))),
    ("timeline()", |it| drop(black_box(it.origin.timeline()))),
    ("html_report()", |it| drop(black_box(it.origin.html_report()))),
    ("transcript()", |it| drop(black_box(it.origin.transcript()))),
    ("GET /__mock/journal", |it| it.control("journal")),
    ("GET /__mock/journal?after=MIDDLE&limit=100", |it| {
        it.control(&format!("journal?after={}&limit=100", it.size / 2));
    }),
    ("GET /__mock/har", |it| it.control("har")),
    ("GET /__mock/trace", |it| it.control("trace")),
    ("GET /__mock/findings", |it| it.control("findings")),
    ("GET /__mock/wait", |it| it.control("wait?op=login&timeout=0")),
];

fn requests(it: &Stage) {
    (0..20).for_each(|_| it.get("/acme/f.txt"));
}

const UPLOADS: &[Operation] = &[
    ("upload(path)", |it| {
        it.origin.upload(&format!("/dir/{}", it.size / 2)).assert_pieces([1]);
    }),
    ("uploads()", |it| drop(black_box(it.origin.uploads()))),
    ("try_upload(), fails", |it| {
        black_box(it.origin.try_upload("/none").is_err());
    }),
    ("try_no_open_uploads(), fails", |it| {
        black_box(it.origin.try_no_open_uploads().is_err());
    }),
    ("file(path).exists()", |it| {
        black_box(it.origin.file("/dir/1").exists());
    }),
    ("findings()", |it| drop(black_box(it.origin.findings()))),
    ("html_report()", |it| drop(black_box(it.origin.html_report()))),
    ("listMultipart, first page of 100", |it| it.rpc("listMultipart", "0, 100")),
    ("listMultipart, last page of 100", |it| {
        it.rpc("listMultipart", &format!("{}, 100", it.size - 100));
    }),
    ("20 pieces during wait_until(len)", |it| {
        let id = it.origin.upload("/dir/1").id().to_owned();
        it.during_wait(|all| _ = black_box(all.len()), || (0..20).for_each(|_| it.piece(&id, 1)));
    }),
    ("GET /__mock/uploads", |it| it.control("uploads")),
];

/// Calls an assertion on the upload. It may hold or fail: both read what the client did.
fn assert_upload(it: &Stage, assertion: fn(&UploadSnapshot) -> bool) {
    black_box(assertion(&it.origin.upload("/a.mp4")));
}

const PIECES: &[Operation] = &[
    ("piece", |it| {
        let id = it.origin.upload("/a.mp4").id().to_owned();
        it.piece(&id, 1);
    }),
    ("upload().requests().len()", |it| {
        black_box(it.origin.upload("/a.mp4").requests().len());
    }),
    ("upload().pieces()", |it| {
        black_box(it.origin.upload("/a.mp4").pieces());
    }),
    ("upload().size()", |it| {
        black_box(it.origin.upload("/a.mp4").size());
    }),
    ("upload().bytes_sent()", |it| {
        black_box(it.origin.upload("/a.mp4").bytes_sent());
    }),
    ("assert_state()", |it| assert_upload(it, |it| it.try_state(UploadState::Ready).is_ok())),
    ("try_completed(), fails", |it| assert_upload(it, |it| it.try_completed().is_err())),
    ("try_aborted(), fails", |it| assert_upload(it, |it| it.try_aborted().is_err())),
    ("assert_pieces()", |it| {
        let size = u32::try_from(it.size).unwrap_or(u32::MAX);
        it.origin.upload("/a.mp4").assert_pieces(1..=size);
    }),
    ("try_bytes_sent(), fails", |it| assert_upload(it, |it| it.try_bytes_sent(1).is_err())),
    ("try_bytes_sent_at_most(), fails", |it| {
        assert_upload(it, |it| it.try_bytes_sent_at_most(1).is_err());
    }),
    ("try_sequential(), fails", |it| assert_upload(it, |it| it.try_sequential().is_err())),
    ("try_acknowledged_once(), fails", |it| {
        assert_upload(it, |it| it.try_acknowledged_once().is_err());
    }),
    ("try_completed_after_acknowledgements(), fails", |it| {
        assert_upload(it, |it| it.try_completed_after_acknowledgements().is_err());
    }),
    ("try_attempts_per_piece(), fails", |it| {
        assert_upload(it, |it| it.try_attempts_per_piece(1).is_err());
    }),
    ("assert_in_flight_at_most()", |it| {
        assert_upload(it, |it| it.try_in_flight_at_most(1).is_ok());
    }),
    ("try_resumed(), fails", |it| assert_upload(it, |it| it.try_resumed().is_err())),
    ("try_waited_between_attempts(), fails", |it| {
        assert_upload(it, |it| it.try_waited_between_attempts(Duration::MAX).is_err());
    }),
    ("piece().assert_attempts()", |it| {
        it.origin.upload("/a.mp4").piece(2).assert_attempts(1);
    }),
    ("piece().assert_stored()", |it| {
        it.origin.upload("/a.mp4").piece(2).assert_stored();
    }),
    ("piece().assert_acknowledged_once()", |it| {
        it.origin.upload("/a.mp4").piece(2).assert_acknowledged_once();
    }),
    ("piece().assert_size()", |it| {
        it.origin.upload("/a.mp4").piece(2).assert_size(4);
    }),
    ("findings()", |it| drop(black_box(it.origin.findings()))),
    ("timeline()", |it| drop(black_box(it.origin.timeline()))),
    ("listMultipartPiece, first page of 10", |it| list_pieces(it, 0)),
    ("listMultipartPiece, last page of 10", |it| list_pieces(it, it.size - 10)),
    ("20 pieces during wait_until(len)", |it| {
        let id = it.origin.upload("/a.mp4").id().to_owned();
        it.during_wait(|all| _ = black_box(all.len()), || (0..20).for_each(|_| it.piece(&id, 1)));
    }),
    ("GET /__mock/uploads", |it| it.control("uploads")),
];

fn list_pieces(it: &Stage, start: usize) {
    let id = it.origin.upload("/a.mp4").id().to_owned();
    it.rpc("listMultipartPiece", &format!("\"{id}\", {start}, 10"));
}

const FILES: &[Operation] = &[
    ("file().assert_exists()", |it| {
        it.origin.file(&format!("/dir/{}", it.size / 2)).assert_exists();
    }),
    ("file().try_exists(), fails", |it| {
        black_box(it.origin.file("/dir/none").try_exists().is_err());
    }),
    ("file().assert_absent()", |it| {
        it.origin.file("/dir/none").assert_absent();
    }),
    ("file().assert_content()", |it| {
        it.origin.file("/dir/1").assert_content("f");
    }),
    ("file().assert_size()", |it| {
        it.origin.file("/dir/1").assert_size(1);
    }),
    ("file().try_digest(), fails", |it| {
        black_box(it.origin.file("/dir/1").try_digest(&"0".repeat(64)).is_err());
    }),
    ("file().try_content_type(), fails", |it| {
        black_box(it.origin.file("/dir/1").try_content_type("video/mp4").is_err());
    }),
    ("file().try_mtime(), fails", |it| {
        black_box(it.origin.file("/dir/1").try_mtime(1).is_err());
    }),
    ("directory().assert_exists()", |it| {
        it.origin.directory("/dir").assert_exists();
    }),
    ("directory().try_names(), fails", |it| {
        black_box(it.origin.directory("/dir").try_names(&["1"]).is_err());
    }),
    ("listFile, first page of 100", |it| it.rpc("listFile", "\"/dir\", 100, 0")),
    ("listFile, last page of 100", |it| {
        it.rpc("listFile", &format!("\"/dir\", 100, {}", it.size - 100));
    }),
    ("listPath, first page of 100", |it| it.rpc("listPath", "\"/dir\", 100")),
    ("listPath, last page of 100", |it| {
        // The cookie is the number of directories and the number of files before the page.
        let before = [0, it.size as u64 - 100].map(u64::to_be_bytes).concat();
        let cookie = base64::prelude::BASE64_STANDARD.encode(before);
        it.rpc("listPath", &format!("\"/dir\", 100, \"{cookie}\""));
    }),
    ("setMTime", |it| it.rpc("setMTime", "\"/dir/1\", 5")),
    ("20 setMTime during wait_until(len)", |it| {
        let changes = || (0..20).for_each(|_| it.rpc("setMTime", "\"/dir/1\", 5"));
        it.during_wait(|all| _ = black_box(all.len()), changes);
    }),
    ("GET /__mock/files?path=", |it| it.control("files?path=/dir/1")),
    ("GET /__mock/files", |it| it.control("files")),
];
