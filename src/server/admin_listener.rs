//! A small HTTP listener beside the origin's own, for other programs that control the origin.
//!
//! It reads whole requests and writes whole responses, one per connection. An [`Admin`] decides
//! each response on a thread that may block. The journal records none of this. Start with
//! [`Admin`].

mod activity;
mod response;

use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::{Duration, Instant};

use hyper::body::{Body as _, Incoming};
use hyper::header::{AUTHORIZATION, CONTENT_LENGTH, HOST, ORIGIN};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::blob::{Blob, BlobWriter, Hasher};

use crate::error::Error;
use crate::server::listener::reachable;
use crate::server::listener::{Listening, bind, serve_each};
use activity::{Activity, WatchedSocket};
use response::Outgoing;
pub(crate) use response::{AdminResponse, AdminResponseBody, Chunks};

/// The longest body that is kept in memory.
pub(crate) const BODY_LIMIT: usize = 1 << 20;

/// How much of a too long body is read, so that its sender gets to read the response.
const DRAINED: usize = 8 * BODY_LIMIT;

/// The longest time a client may stay silent.
const IDLE_LIMIT: Duration = Duration::from_secs(30);

/// Decides the response to a request.
pub(crate) trait Admin: Send + Sync + 'static {
    /// Returns where the body of a request is stored, if it may be longer than [`BODY_LIMIT`].
    /// `declared` is its announced length.
    fn writer(&self, request: &AdminRequest, declared: Option<u64>) -> Option<BlobWriter>;

    /// Returns the response. It may block for a moment.
    fn respond(&self, request: AdminRequest) -> AdminResult;
}

/// A response, or a future that makes one without occupying a thread.
pub(crate) enum AdminResult {
    Ready(AdminResponse),
    Deferred(Pin<Box<dyn Future<Output = AdminResponse> + Send>>),
}

/// A request.
#[derive(Debug, Default)]
pub(crate) struct AdminRequest {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    /// The names by which the client addressed this listener: every `Host`, and the host of an
    /// absolute target.
    pub(crate) hosts: Vec<String>,
    /// Whether a page in a browser sent it.
    pub(crate) has_origin: bool,
    /// The value of every `Authorization` header.
    pub(crate) authorization: Vec<Vec<u8>>,
    pub(crate) body: AdminRequestBody,
}

/// The body of a request.
#[derive(Debug)]
pub(crate) enum AdminRequestBody {
    Memory(Vec<u8>),
    /// The body was longer than [`BODY_LIMIT`].
    TooLong,
    /// The body went to the writer that [`Admin::writer`] returned.
    Stored(Blob),
}

impl Default for AdminRequestBody {
    fn default() -> Self {
        Self::Memory(Vec::new())
    }
}

/// The listener. Dropping it closes the port.
#[derive(Debug)]
pub(crate) struct AdminListener(Listening);

impl AdminListener {
    /// Listens at `address` and lets `admin` respond to each request.
    pub(crate) fn start(address: SocketAddr, admin: impl Admin) -> Result<Self, Error> {
        Self::start_with(address, IDLE_LIMIT, admin)
    }

    fn start_with(
        address: SocketAddr,
        idle_limit: Duration,
        admin: impl Admin,
    ) -> Result<Self, Error> {
        let admin = Arc::new(admin);
        let serve = move |socket, _| serve(socket, idle_limit, Arc::clone(&admin));
        Ok(Self(serve_each(bind(address)?, serve)))
    }

    /// Returns the address at which this machine reaches the listener.
    pub(crate) fn address(&self) -> SocketAddr {
        reachable(self.0.address)
    }
}

async fn serve(socket: TcpStream, idle_limit: Duration, admin: Arc<impl Admin>) {
    let activity = Activity::new();
    let watched = WatchedSocket::new(socket, Arc::clone(&activity));
    let service = service_fn(|request| respond(request, Arc::clone(&admin), Arc::clone(&activity)));
    let mut connection = pin!(
        http1::Builder::new()
            .auto_date_header(false)
            .half_close(true)
            .keep_alive(false)
            .title_case_headers(true)
            .serve_connection(TokioIo::new(watched), service)
    );
    while let Some(left) = activity.time_left(idle_limit, Instant::now()) {
        // An error on this connection has no recipient: the client is gone.
        if timeout(left, connection.as_mut()).await.is_ok() {
            return;
        }
    }
}

async fn respond(
    request: Request<Incoming>,
    admin: Arc<impl Admin>,
    activity: Arc<Activity>,
) -> Result<Response<Outgoing>, Infallible> {
    let reply = reply(request, admin, &activity).await;
    Ok(reply.into_response(&activity))
}

async fn reply(
    request: Request<Incoming>,
    admin: Arc<impl Admin>,
    activity: &Arc<Activity>,
) -> AdminResponse {
    const NO_BODY: &str =
        "invalid body: it ends before its declared length, or its chunks are malformed";
    let (head, declared, body) = split_request(request);
    let read = match admin.writer(&head, declared) {
        Some(writer) => store(body, writer).await,
        None => read(body).await,
    };
    let body = match read {
        Ok(body) => body,
        Err(BodyError::Client) => return AdminResponse::error(400, NO_BODY),
        Err(BodyError::Disk) => {
            return AdminResponse::error(503, "the body could not be stored on this machine");
        }
    };
    let _work = activity.begin_work();
    let result =
        tokio::task::spawn_blocking(move || admin.respond(AdminRequest { body, ..head })).await;
    match result {
        Ok(AdminResult::Ready(reply)) => reply,
        Ok(AdminResult::Deferred(reply)) => reply.await,
        Err(_) => AdminResponse::error(
            500,
            "internal error: the thread of the request panicked; please report it",
        ),
    }
}

/// Splits a request into its head, the announced length and the body.
fn split_request(request: Request<Incoming>) -> (AdminRequest, Option<u64>, Incoming) {
    let (head, body) = request.into_parts();
    let named = head.headers.get_all(HOST).iter();
    let named = named.map(|host| String::from_utf8_lossy(host.as_bytes()).into_owned());
    let hosts = named.chain(head.uri.host().map(str::to_owned)).collect();
    let declared = head.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    let authorization = head.headers.get_all(AUTHORIZATION).iter();
    let head = AdminRequest {
        method: head.method.as_str().to_owned(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        hosts,
        has_origin: head.headers.contains_key(ORIGIN),
        authorization: authorization.map(|value| value.as_bytes().to_owned()).collect(),
        body: AdminRequestBody::default(),
    };
    (head, declared.and_then(|length| length.parse().ok()), body)
}

/// Why there is no complete body.
enum BodyError {
    Client,
    Disk,
}

impl From<hyper::Error> for BodyError {
    fn from(_: hyper::Error) -> Self {
        Self::Client
    }
}

impl From<io::Error> for BodyError {
    fn from(_: io::Error) -> Self {
        Self::Disk
    }
}

async fn next_data(body: &mut Incoming) -> hyper::Result<Option<bytes::Bytes>> {
    while let Some(frame) = poll_fn(|context| Pin::new(&mut *body).poll_frame(context)).await {
        if let Ok(data) = frame?.into_data() {
            return Ok(Some(data));
        }
    }
    Ok(None)
}

async fn read(mut body: Incoming) -> Result<AdminRequestBody, BodyError> {
    let mut whole = Vec::new();
    let mut came = 0;
    while let Some(data) = next_data(&mut body).await? {
        came += data.len();
        if came <= BODY_LIMIT {
            whole.extend_from_slice(&data);
        } else if came > DRAINED {
            break;
        }
    }
    Ok(if came <= BODY_LIMIT { AdminRequestBody::Memory(whole) } else { AdminRequestBody::TooLong })
}

async fn store(mut body: Incoming, mut writer: BlobWriter) -> Result<AdminRequestBody, BodyError> {
    let mut hasher = Hasher::new();
    while let Some(data) = next_data(&mut body).await? {
        hasher.update(&data);
        writer.write(&data)?;
    }
    Ok(AdminRequestBody::Stored(writer.finish(hasher.finish())))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpStream;

    use super::*;

    /// Responds with chunks that are each longer in the making than a client may be silent.
    struct Slow;

    const LIMIT: Duration = Duration::from_millis(50);

    impl Admin for Slow {
        fn writer(&self, _: &AdminRequest, _: Option<u64>) -> Option<BlobWriter> {
            None
        }

        fn respond(&self, _: AdminRequest) -> AdminResult {
            std::thread::sleep(2 * LIMIT);
            let chunk = |text: &'static str| {
                std::thread::sleep(2 * LIMIT);
                Ok(text.into())
            };
            let body = AdminResponseBody::Chunks(Box::new(["one", "two"].into_iter().map(chunk)));
            AdminResult::Ready(AdminResponse {
                status: 200,
                content_type: "text/plain",
                allow: None,
                body,
            })
        }
    }

    fn connected() -> (AdminListener, TcpStream) {
        let side = AdminListener::start_with(([127, 0, 0, 1], 0).into(), LIMIT, Slow).unwrap();
        let socket = TcpStream::connect(side.address()).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        (side, socket)
    }

    #[test]
    fn a_long_response_outlives_the_idle_limit() {
        let (_side, mut socket) = connected();
        socket.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        let mut response = String::new();
        socket.read_to_string(&mut response).unwrap();
        assert!(response.ends_with("3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"), "{response}");
    }

    #[test]
    fn a_silent_client_is_closed_after_the_idle_limit() {
        let (_side, mut socket) = connected();
        socket.write_all(b"GET / HTTP/1.1\r\n").unwrap();
        assert_eq!(socket.read(&mut [0; 16]).unwrap(), 0);
    }
}
