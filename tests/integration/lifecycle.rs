//! Tests how an origin starts, stops and is described.

use std::panic::catch_unwind;
use std::time::{Duration, Instant, UNIX_EPOCH};

use crate::support::{self, Client, complete, create, piece};
use mock_origin::options::Limit;
use mock_origin::{InProgressUpload, MockOrigin, RecordedRequests, User};

fn upload_something(origin: &MockOrigin) {
    let (mut client, token) = (Client::new(origin), origin.issue_token("jane"));
    let id = create(&mut client, &token, "/", "a.txt");
    assert_eq!(piece(&mut client, &token, &id, 1, b"content").code(), Some(0));
    assert_eq!(complete(&mut client, &token, &id).code(), Some(0));
    origin.file("/a.txt").assert_content("content");
}

#[test]
fn an_origin_works_without_an_async_runtime() {
    upload_something(&MockOrigin::start());
}

#[tokio::test]
async fn an_origin_works_in_a_blocked_current_thread_runtime() {
    let origin = MockOrigin::start();
    upload_something(&origin);
    origin.finish();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_origin_works_in_a_multi_thread_runtime() {
    let origin = MockOrigin::start();
    upload_something(&origin);
    origin.finish();
}

#[test]
fn an_origin_outlives_the_runtime_that_started_it() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let origin = runtime.block_on(async { MockOrigin::start() });
    drop(runtime);
    upload_something(&origin);
}

#[test]
fn dropping_an_origin_closes_its_port_at_once() {
    assert!(support::closes_its_port(|| {
        let origin = MockOrigin::start();
        let url = origin.url();
        (origin, url)
    }));
}

#[test]
fn dropping_an_origin_closes_idle_connections() {
    let origin = MockOrigin::start();
    let mut kept_alive = Client::new(&origin);
    kept_alive.send("OPTIONS", "/", &[], b"");
    drop(origin);
    kept_alive.assert_closed();
}

#[test]
fn a_port_can_be_reused_after_the_origin_is_dropped() {
    let origin = MockOrigin::start();
    let port = origin.url().rsplit(':').next().unwrap().parse().unwrap();
    Client::new(&origin).send("OPTIONS", "/", &[], b"");
    drop(origin);
    let again = MockOrigin::builder().port(port).start();
    assert!(again.url().ends_with(&format!(":{port}")));
    upload_something(&again);
}

#[test]
fn try_start_returns_an_error_if_the_port_is_in_use() {
    let origin = MockOrigin::start();
    let address = origin.url().trim_start_matches("http://").to_owned();
    let error = MockOrigin::builder().listen(&address).try_start().unwrap_err();
    assert!(error.is_io(), "{error:?}");
    assert_eq!(error.to_string(), format!("the origin cannot listen on {address}"));
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(format!("{error:#}"), format!("{error}: {source}"));
}

#[test]
fn several_listeners_share_one_origin() {
    let origin = MockOrigin::builder().port(0).listen("127.0.0.1:0").start();
    let urls = origin.urls();
    assert_eq!(urls.len(), 2);
    assert_ne!(urls[0], urls[1]);
    let token = origin.issue_token("jane");
    for (number, url) in urls.iter().enumerate() {
        let response = Client::to(url).send(
            "POST",
            "/post/directory",
            &[("X-Agile-Authorization", &token), ("X-Agile-Directory", &format!("/d{number}"))],
            b"",
        );
        assert_eq!(response.code(), Some(0));
    }
    origin.directory("/").assert_names(&["d0", "d1"]);
}

#[test]
fn addr_port_and_urls_name_the_first_listener() {
    let origin = MockOrigin::builder().port(0).port(0).start();
    assert_eq!(origin.url(), format!("http://{}", origin.addr()));
    assert_eq!((origin.addr().port(), &origin.urls()[0]), (origin.port(), &origin.url()));
    assert_eq!(origin.url_for("/a%20b?c"), format!("{}/a%20b?c", origin.url()));
    assert_eq!(origin.url_for("a"), origin.url_for("/a"));
}

#[test]
fn addr_of_all_interfaces_is_loopback() {
    let origin = MockOrigin::builder().allow_non_loopback().listen("0.0.0.0:0").start();
    assert_eq!(origin.url(), format!("http://127.0.0.1:{}", origin.port()));
    assert!(origin.addr().ip().is_loopback());
}

#[test]
fn debug_of_an_origin_is_short() {
    let origin = MockOrigin::builder().seed(7).user("jane", "secret").start();
    let url = origin.url();
    let expected = format!("MockOrigin {{ url: {url:?}, account: \"acme\", seed: 7, .. }}");
    assert_eq!(format!("{origin:?}"), expected);
}

#[test]
fn many_origins_share_one_thread_per_core() {
    let origins: Vec<_> = (0..100).map(|_| MockOrigin::start()).collect();
    let connected = |origin| {
        let mut client = Client::new(origin);
        client.send("OPTIONS", "/", &[], b"");
        client
    };
    let _clients: Vec<_> = origins.iter().map(connected).collect();
    origins.iter().for_each(upload_something);
    if let Ok(tasks) = std::fs::read_dir("/proc/self/task") {
        let names =
            tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok());
        let ours = names.filter(|name| name.trim() == "mock-origin").count();
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        assert!(ours <= cores, "{ours} threads on {cores} cores");
    }
}

#[test]
fn a_seed_determines_tokens_and_identifiers() {
    let facts = |seed| {
        let origin = MockOrigin::builder().seed(seed).start();
        let token = origin.issue_token("jane");
        let id = create(&mut Client::new(&origin), &token, "/", "a.txt");
        (token, id)
    };
    assert_eq!(facts(7), facts(7));
    assert_ne!(facts(7), facts(8));
    assert_ne!(MockOrigin::start().seed(), MockOrigin::start().seed());
}

#[test]
fn advance_moves_protocol_time() {
    let start = UNIX_EPOCH + Duration::from_secs(1_000_000);
    let origin = MockOrigin::builder().clock_at(start).clock_stopped().start();
    let token = origin.issue_token("jane");
    let mut client = Client::new(&origin);
    assert_eq!(
        client.send("OPTIONS", "/", &[], b"").header("Date"),
        Some("Mon, 12 Jan 1970 13:46:40 GMT")
    );
    origin.advance(Duration::from_secs(3600));
    assert_eq!(origin.now(), start + Duration::from_secs(3600));
    let rejected =
        client.send("POST", "/multipart/create", &[("X-Agile-Authorization", &token)], b"");
    assert_eq!((rejected.status, rejected.code()), (403, Some(-10001)));
}

#[test]
fn an_expired_token_is_rejected() {
    let origin = MockOrigin::start();
    let token = origin.issue_token("jane");
    origin.expire_token(&token);
    let headers = [("X-Agile-Authorization", token.as_str())];
    let rejected = Client::new(&origin).send("POST", "/multipart/create", &headers, b"");
    assert_eq!((rejected.status, rejected.code()), (403, Some(-10001)));
}

#[test]
fn an_origin_has_the_fixtures_of_its_builder() {
    let origin = MockOrigin::builder()
        .account("studio")
        .user_with(User::new("bob", "pw").root("/home/bob").ids(7, 8))
        .file("/home/bob/a/b.txt", "text")
        .upload(InProgressUpload::new("/home/bob/c.bin").piece(1, "one").piece(2, "two"))
        .limit(Limit::Pieces, 2)
        .allow("complete.early", "the piece beyond the limit is meant to be rejected")
        .start();
    origin.file("/home/bob/a/b.txt").assert_content("text").assert_content_type("text/plain");
    let upload = origin.upload("/home/bob/c.bin");
    upload.assert_pieces(1..=2);
    let token = origin.issue_token("bob");
    let rejected = piece(&mut Client::new(&origin), &token, upload.id(), 3, b"three");
    assert_eq!(rejected.code(), Some(-10));
    assert_eq!(complete(&mut Client::new(&origin), &token, upload.id()).code(), Some(0));
    origin.file("/home/bob/c.bin").assert_content("onetwo");
    assert_eq!(upload.path(), "/studio/home/bob/c.bin");
}

#[test]
fn a_parallel_upload_from_many_threads_is_complete() {
    let origin = MockOrigin::start();
    let token = origin.issue_token("jane");
    let id = create(&mut Client::new(&origin), &token, "/", "big.bin");
    let content = |number: u32| vec![u8::try_from(number).unwrap(); 10_000];
    std::thread::scope(|scope| {
        for number in (1..=32).rev() {
            let (origin, token, id) = (&origin, &token, &id);
            scope.spawn(move || {
                let stored = piece(&mut Client::new(origin), token, id, number, &content(number));
                assert_eq!(stored.code(), Some(0));
            });
        }
    });
    complete(&mut Client::new(&origin), &token, &id);
    let whole: Vec<u8> = (1..=32).flat_map(content).collect();
    origin.file("/big.bin").assert_content(whole);
    origin.upload(&id).assert_completed().assert_pieces(1..=32).assert_bytes_sent(320_000);
}

#[test]
fn wait_until_ends_with_the_condition_or_the_timeout() {
    let origin = MockOrigin::start();
    std::thread::scope(|scope| {
        scope.spawn(|| Client::new(&origin).send("OPTIONS", "/", &[], b""));
        assert!(origin.wait_until(support::TIMEOUT, |requests| requests.len() == 1));
    });
    let before = Instant::now();
    assert!(!origin.wait_until(Duration::from_millis(20), |requests| requests.len() == 2));
    assert!(before.elapsed() >= Duration::from_millis(20));
}

#[test]
fn a_wait_condition_may_use_the_origin() {
    let origin = MockOrigin::start();
    Client::new(&origin).send("OPTIONS", "/", &[], b"");
    assert!(origin.wait_until(support::TIMEOUT, |_| origin.requests().len() == 1));
}

#[test]
fn a_body_in_progress_shows_its_received_bytes() {
    let origin = MockOrigin::start();
    let token = origin.issue_token("jane");
    let mut client = Client::new(&origin);
    let id = create(&mut client, &token, "/", "a.txt");
    let headers = support::piece_headers(&token, &id, "1");
    let whole = support::request("POST", "/multipart/piece", &headers, &[b'x'; 1000]);
    client.write(&whole[..whole.len() - 500]);
    let half =
        |requests: &RecordedRequests| requests.iter().any(|request| request.received() == 500);
    assert!(origin.wait_until(support::TIMEOUT, half), "{}", origin.timeline());
    assert!(origin.timeline().contains("500 of 1000 B"), "{}", origin.timeline());
}

/// Runs this test again in a child process whose standard error is closed.
#[test]
fn a_failing_test_without_standard_error_does_not_abort() {
    const CHILD: &str = "MOCK_ORIGIN_TEST_CHILD";
    if std::env::var_os(CHILD).is_some() {
        let failed = catch_unwind(|| {
            let _origin = MockOrigin::start();
            std::panic::resume_unwind(Box::new("the test fails"));
        });
        std::process::exit(if failed.is_err() { 7 } else { 0 });
    }
    let name = "lifecycle::a_failing_test_without_standard_error_does_not_abort";
    let mut child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(CHILD, "1")
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stderr.take());
    assert_eq!(child.wait().unwrap().code(), Some(7));
}

/// Counts the threads of a child process, in which no other test runs.
#[cfg(target_os = "linux")]
#[test]
fn an_origin_without_connections_starts_no_thread() {
    const CHILD: &str = "MOCK_ORIGIN_TEST_THREADS";
    if std::env::var_os(CHILD).is_some() {
        let threads = || std::fs::read_dir("/proc/self/task").unwrap().count();
        let busy = MockOrigin::start();
        let mut client = Client::new(&busy);
        client.send("OPTIONS", "/", &[], b"");
        let before = threads();
        let idle = MockOrigin::start();
        assert_eq!(threads(), before);
        drop(idle);
        client.send("OPTIONS", "/", &[], b"");
        return;
    }
    let name = "lifecycle::an_origin_without_connections_starts_no_thread";
    let run = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(CHILD, "1")
        .output()
        .unwrap();
    let output = String::from_utf8_lossy(&run.stdout) + String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success() && output.contains("1 passed"), "{output}");
}
