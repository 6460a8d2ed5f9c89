//! Every method that waits has an async variant, which is a future without a thread: it waits for
//! the same, and dropping it leaves nothing behind.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use crate::support::panics::catch_panic;
use crate::support::{self, Client, TIMEOUT, complete, create, piece};
use mock_origin::{ErrorResponse, MockOrigin, Op, Outcome, RecordedRequests};

/// The size of a response that no socket buffer holds.
const LARGE: usize = 12 << 20;

/// A method that waits for responses that are being written.
type Wait = for<'a> fn(&'a MockOrigin) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

const WAITS: &[(&str, Wait)] = &[
    ("file", |origin| Box::pin(async { drop(origin.file_async("/a.txt").await) })),
    ("directory", |origin| Box::pin(async { drop(origin.directory_async("/").await) })),
    ("upload", |origin| Box::pin(async { drop(origin.upload_async("/a.txt").await) })),
    ("try_upload", |origin| Box::pin(async { drop(origin.try_upload_async("/none").await) })),
    ("uploads", |origin| Box::pin(async { drop(origin.uploads_async().await) })),
    ("requests", |origin| Box::pin(async { drop(origin.requests_async().await) })),
    ("journal", |origin| Box::pin(async { drop(origin.journal_async().await) })),
    ("timeline", |origin| Box::pin(async { drop(origin.timeline_async().await) })),
    #[cfg(feature = "report")]
    ("html_report", |origin| Box::pin(async { drop(origin.html_report_async().await) })),
    ("transcript", |origin| Box::pin(async { drop(origin.transcript_async().await) })),
    #[cfg(feature = "report")]
    ("write_har", |origin| Box::pin(async { origin.write_har_async("/dev/null").await.unwrap() })),
    #[cfg(feature = "report")]
    ("write_trace", |origin| {
        Box::pin(async { origin.write_trace_async("/dev/null").await.unwrap() })
    }),
    ("verify", |origin| Box::pin(async { origin.verify_async().await.unwrap() })),
    ("verify_at_end", |origin| Box::pin(async { origin.verify_at_end_async().await.unwrap() })),
    ("faults", |origin| Box::pin(async { drop(origin.faults_async().await) })),
    ("done_by_chaos", |origin| Box::pin(async { drop(origin.done_by_chaos_async().await) })),
];

/// Starts an origin with a completed upload to `/a.txt`.
fn origin() -> MockOrigin {
    let origin = MockOrigin::start();
    let (mut client, token) = (Client::new(&origin), origin.issue_token("jane"));
    let id = create(&mut client, &token, "/", "a.txt");
    assert_eq!(piece(&mut client, &token, &id, 1, b"content").code(), Some(0));
    assert_eq!(complete(&mut client, &token, &id).code(), Some(0));
    origin
}

/// Logs in, gets a large response and does not read it. The origin is writing the response.
fn stalled_client(origin: &MockOrigin) -> Client {
    origin.on(Op::login()).reject(ErrorResponse::raw(502).body("text/plain", vec![7; LARGE]));
    let mut client = Client::new(origin);
    client.write(support::request("POST", "/account/login", &[], b""));
    let is_begun = |requests: &RecordedRequests| {
        requests.last().is_some_and(|request| request.outcome() == Outcome::Responding)
    };
    assert!(origin.wait_until(TIMEOUT, is_begun), "the origin does not respond");
    client
}

fn poll_once<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

#[tokio::test]
async fn async_snapshots_equal_blocking_ones() {
    let origin = origin();
    origin.file_async("/a.txt").await.assert_content("content");
    origin.directory_async("/").await.assert_names(&["a.txt"]);
    origin.upload_async("/a.txt").await.assert_completed().assert_pieces([1]);
    let failure = origin.try_upload_async("/b.txt").await.unwrap_err().to_string();
    assert_eq!(failure, origin.try_upload("/b.txt").unwrap_err().to_string());
    assert_eq!(origin.uploads_async().await.len(), 1);
    origin.requests_async().await.assert_count(3);
    assert_eq!(origin.journal_async().await.exchanges().len(), 3);
    assert_eq!(origin.timeline_async().await, origin.timeline());
    let fault = origin.on(Op::login()).reject(503);
    assert_eq!(origin.faults_async().await.len(), 1);
    assert!(origin.done_by_chaos_async().await.is_empty());
    let report = origin.verify_async().await.unwrap_err().to_string();
    assert_eq!(report, origin.verify().unwrap_err().to_string());
    fault.remove();
    origin.verify_at_end_async().await.unwrap();
    origin.finish_async().await;
}

#[tokio::test]
async fn async_snapshots_wait_for_a_response_being_written() {
    let origin = origin();
    let mut client = stalled_client(&origin);
    let mut waiting: Vec<_> = WAITS.iter().map(|(name, wait)| (name, wait(&origin))).collect();
    for (name, wait) in &mut waiting {
        assert!(poll_once(wait.as_mut()).is_pending(), "{name} does not wait");
    }
    let reader = std::thread::spawn(move || client.read().body.len());
    for (_, wait) in waiting {
        wait.await;
    }
    assert_eq!(reader.join().unwrap(), LARGE);
}

#[tokio::test]
async fn dropping_many_waits_leaves_nothing_behind() {
    let origin = origin();
    let mut client = stalled_client(&origin);
    let mut waiting: Vec<_> = (0..100).flat_map(|_| WAITS).map(|(_, wait)| wait(&origin)).collect();
    for wait in &mut waiting {
        assert!(poll_once(wait.as_mut()).is_pending());
    }
    if let Ok(tasks) = std::fs::read_dir("/proc/self/task") {
        let name = |task: &std::path::Path| std::fs::read_to_string(task.join("comm"));
        let names = tasks.filter_map(|task| name(&task.ok()?.path()).ok());
        let threads = names.filter(|name| name.trim() == "mock-origin").count();
        assert!(threads < waiting.len() / 2, "{threads} threads for {} waits", waiting.len());
    }
    drop(waiting);
    assert_eq!(client.read().body.len(), LARGE);
    origin.requests().assert_count(4);
    origin.finish();
}

#[tokio::test]
async fn finish_async_waits_for_a_response_being_written() {
    let origin = origin();
    let mut client = stalled_client(&origin);
    let mut finishing = pin!(origin.finish_async());
    assert!(poll_once(finishing.as_mut()).is_pending());
    let reader = std::thread::spawn(move || client.read().body.len());
    finishing.await;
    assert_eq!(reader.join().unwrap(), LARGE);
}

#[tokio::test]
async fn go_offline_async_closes_ports_and_connections() {
    let origin = origin();
    let mut client = Client::new(&origin);
    client.send("OPTIONS", "/", &[], b"");
    origin.go_offline_async().await;
    client.assert_closed();
    assert!(!origin.journal().is_connected());
    origin.go_online();
    origin.try_go_offline_async().await.unwrap();
    origin.finish();
}

#[test]
fn dropping_go_offline_async_leaves_the_origin_offline() {
    let origin = origin();
    let _client = Client::new(&origin);
    if let Poll::Ready(done) = poll_once(pin!(origin.try_go_offline_async())) {
        done.unwrap();
    }
    assert!(std::net::TcpStream::connect(origin.addr()).is_err());
    origin.go_online();
    // The origin does not take a client that leaves now for one that it interrupted itself.
    let client = stalled_client(&origin);
    client.reset();
    let has_left = |requests: &RecordedRequests| {
        requests.last().is_some_and(|request| request.outcome() == Outcome::ClientGone)
    };
    assert!(origin.wait_until(TIMEOUT, has_left), "{}", origin.timeline());
}

#[test]
fn async_variants_panic_at_the_line_that_awaits() {
    let panic_file = |run: &dyn Fn(MockOrigin)| catch_panic(|| run(MockOrigin::start())).unwrap();
    let (text, file) =
        panic_file(&|origin| block_on(pin!(async { drop(origin.upload_async("/none").await) })));
    assert!(text.contains("no uploads") && file == file!(), "{file}: {text}");
    let (text, file) = panic_file(&|origin| {
        origin.on(Op::login()).reject(503);
        block_on(pin!(async { origin.finish_async().await }));
    });
    assert!(text.contains("fault was never injected") && file == file!(), "{file}: {text}");
    for call in [
        (|origin| drop(origin.file_async("../x"))) as fn(MockOrigin),
        |origin| drop(origin.directory_async("../x")),
        |origin| drop(origin.upload_async("../x")),
        |origin| drop(origin.try_upload_async("../x")),
    ] {
        let (text, file) = panic_file(&call);
        assert!(text.contains("invalid path \"../x\"") && file == file!(), "{file}: {text}");
    }
}

#[tokio::test]
async fn a_test_awaits_a_client_on_its_own_thread() {
    let origin = MockOrigin::start();
    let held = origin.on(Op::login()).hold();
    assert!(!held.wait_async(Duration::from_millis(1)).await);
    let client = tokio::spawn(log_in(origin.url()));
    assert!(held.wait_async(TIMEOUT).await);
    assert!(!client.is_finished());
    held.release();
    let answered =
        |requests: &RecordedRequests| requests.iter().any(|request| request.status() == Some(200));
    assert!(origin.wait_until_async(TIMEOUT, answered).await);
    assert_eq!(origin.ended_after_async(0, TIMEOUT).await.events.len(), 1);
    assert!(client.await.unwrap().starts_with(b"HTTP/1.1 200"));
    assert!(!origin.wait_until_async(Duration::from_millis(1), |_| false).await);
    origin.finish();
}

#[tokio::test]
async fn dropping_a_wait_for_a_hold_changes_nothing() {
    let origin = MockOrigin::start();
    let held = origin.on(Op::login()).hold();
    for _ in 0..100 {
        let wait = held.wait_async(TIMEOUT);
        assert!(tokio::time::timeout(Duration::ZERO, wait).await.is_err());
    }
    let client = tokio::spawn(log_in(origin.url()));
    assert!(held.wait_async(TIMEOUT).await);
    held.release();
    assert!(client.await.unwrap().starts_with(b"HTTP/1.1 200"));
    origin.finish_async().await;
}

#[test]
fn no_tokio_runtime_is_needed() {
    let origin = MockOrigin::start();
    let never = pin!(origin.wait_until_async(Duration::from_millis(20), |_| false));
    assert!(!block_on(never));
    std::thread::scope(|scope| {
        scope.spawn(|| Client::new(&origin).send("OPTIONS", "/", &[], b""));
        assert_eq!(block_on(pin!(origin.ended_after_async(0, TIMEOUT))).events.len(), 1);
    });
    block_on(pin!(MockOrigin::start().finish_async()));
}

/// The smallest executor.
fn block_on<T>(mut future: Pin<&mut impl Future<Output = T>>) -> T {
    struct Unpark(std::thread::Thread);
    impl std::task::Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Arc::new(Unpark(std::thread::current())).into();
    let mut context = Context::from_waker(&waker);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(value) => return value,
            Poll::Pending => std::thread::park(),
        }
    }
}

/// Logs in and returns the response.
async fn log_in(url: String) -> Vec<u8> {
    let stream = tokio::net::TcpStream::connect(url.trim_start_matches("http://")).await.unwrap();
    stream.writable().await.unwrap();
    let who = "X-Agile-Username: jane\r\nX-Agile-Password: secret";
    let request = format!("POST /account/login HTTP/1.1\r\nHost: localhost\r\n{who}\r\n\r\n");
    assert_eq!(stream.try_write(request.as_bytes()).unwrap(), request.len());
    let mut response = vec![0; 1000];
    loop {
        stream.readable().await.unwrap();
        if let Ok(length) = stream.try_read(&mut response) {
            response.truncate(length);
            return response;
        }
    }
}
