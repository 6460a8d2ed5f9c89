//! A small listener beside the origin's own, for whoever steers it from another program.
//!
//! It takes whole requests and gives whole answers, one a connection; what they say is decided by
//! somebody else, on a thread that may wait. Nothing of it is in the journal. Start with [`Admin`].

mod activity;
mod reply;

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

use crate::server::listener::reachable;
use crate::server::listener::{Listening, StartError, bind, serve_each};
use activity::{Activity, Watched};
use reply::Outgoing;
pub(crate) use reply::{Chunks, Reply, ReplyBody};

/// What is taken of a body into memory.
pub(crate) const BODY_LIMIT: usize = 1 << 20;

/// What is read of a body that is too long, so that its sender comes to read the answer.
const DRAINED: usize = 8 * BODY_LIMIT;

/// How long a client may be silent.
const IDLE_LIMIT: Duration = Duration::from_secs(30);

/// Decides what is answered.
pub(crate) trait Admin: Send + Sync + 'static {
    /// Where the body of a request goes, if it may be longer than [`BODY_LIMIT`]. `declared` is its
    /// length as announced.
    fn writer(&self, ask: &Ask, declared: Option<u64>) -> Option<BlobWriter>;

    /// The answer. It may block for a moment.
    fn answer(&self, ask: Ask) -> Answered;
}

/// An answer, or what comes to one without holding a thread.
pub(crate) enum Answered {
    ConnectionState(Reply),
    Later(Pin<Box<dyn Future<Output = Reply> + Send>>),
}

/// A request.
#[derive(Debug, Default)]
pub(crate) struct Ask {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    /// Whom it takes this for: every `Host`, and the host of its target if that is a whole URL.
    pub(crate) hosts: Vec<String>,
    /// Whether a page in a browser sent it.
    pub(crate) has_origin: bool,
    /// Every `Authorization`.
    pub(crate) authorization: Vec<Vec<u8>>,
    pub(crate) body: AskBody,
}

/// What was sent along.
#[derive(Debug)]
pub(crate) enum AskBody {
    Memory(Vec<u8>),
    /// It was longer than [`BODY_LIMIT`].
    TooLong,
    /// It went to the writer that was given for it.
    Stored(Blob),
}

impl Default for AskBody {
    fn default() -> Self {
        Self::Memory(Vec::new())
    }
}

/// The listener. Dropping it closes the port.
#[derive(Debug)]
pub(crate) struct AdminListener(Listening);

impl AdminListener {
    /// Listens, and lets `admin` answer what comes.
    pub(crate) fn start(address: SocketAddr, admin: impl Admin) -> Result<Self, StartError> {
        Self::start_with(address, IDLE_LIMIT, admin)
    }

    fn start_with(
        address: SocketAddr,
        idle_limit: Duration,
        admin: impl Admin,
    ) -> Result<Self, StartError> {
        let admin = Arc::new(admin);
        let serve = move |socket, _| serve(socket, idle_limit, Arc::clone(&admin));
        Ok(Self(serve_each(bind(address)?, serve)?))
    }

    /// The address by which it is reached from here.
    pub(crate) fn address(&self) -> SocketAddr {
        reachable(self.0.address)
    }
}

async fn serve(socket: TcpStream, idle_limit: Duration, admin: Arc<impl Admin>) {
    let activity = Activity::new();
    let watched = Watched::new(socket, Arc::clone(&activity));
    let service = service_fn(|request| respond(request, Arc::clone(&admin), Arc::clone(&activity)));
    let mut connection = pin!(
        http1::Builder::new()
            .auto_date_header(false)
            .half_close(true)
            .keep_alive(false)
            .title_case_headers(true)
            .serve_connection(TokioIo::new(watched), service)
    );
    while let Some(left) = activity.left(idle_limit, Instant::now()) {
        // Whatever breaks, nobody is left to be told.
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
) -> Reply {
    const NO_BODY: &str = "the body ends before its length, or its chunks are none";
    let (ask, declared, body) = taken_apart(request);
    let read = match admin.writer(&ask, declared) {
        Some(writer) => store(body, writer).await,
        None => read(body).await,
    };
    let body = match read {
        Ok(body) => body,
        Err(BodyError::Client) => return Reply::error(400, NO_BODY),
        Err(BodyError::Disk) => {
            return Reply::error(503, "the body could not be stored on this machine");
        }
    };
    let _work = activity.work();
    let answered = tokio::task::spawn_blocking(move || admin.answer(Ask { body, ..ask })).await;
    match answered {
        Ok(Answered::ConnectionState(reply)) => reply,
        Ok(Answered::Later(reply)) => reply.await,
        Err(_) => Reply::error(500, "this is a bug of mock-origin: its thread panicked"),
    }
}

/// The head, the length that it announces, and the body.
fn taken_apart(request: Request<Incoming>) -> (Ask, Option<u64>, Incoming) {
    let (head, body) = request.into_parts();
    let named = head.headers.get_all(HOST).iter();
    let named = named.map(|host| String::from_utf8_lossy(host.as_bytes()).into_owned());
    let hosts = named.chain(head.uri.host().map(str::to_owned)).collect();
    let declared = head.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    let authorization = head.headers.get_all(AUTHORIZATION).iter();
    let ask = Ask {
        method: head.method.as_str().to_owned(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        hosts,
        has_origin: head.headers.contains_key(ORIGIN),
        authorization: authorization.map(|value| value.as_bytes().to_owned()).collect(),
        body: AskBody::default(),
    };
    (ask, declared.and_then(|length| length.parse().ok()), body)
}

/// Why there is no whole body.
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

async fn read(mut body: Incoming) -> Result<AskBody, BodyError> {
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
    Ok(if came <= BODY_LIMIT { AskBody::Memory(whole) } else { AskBody::TooLong })
}

async fn store(mut body: Incoming, mut writer: BlobWriter) -> Result<AskBody, BodyError> {
    let mut hasher = Hasher::new();
    while let Some(data) = next_data(&mut body).await? {
        hasher.update(&data);
        writer.write(&data)?;
    }
    Ok(AskBody::Stored(writer.finish(hasher.finish())))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpStream;

    use super::*;

    /// Answers with chunks that are each longer in the making than a client may be silent.
    struct Slow;

    const LIMIT: Duration = Duration::from_millis(50);

    impl Admin for Slow {
        fn writer(&self, _: &Ask, _: Option<u64>) -> Option<BlobWriter> {
            None
        }

        fn answer(&self, _: Ask) -> Answered {
            std::thread::sleep(2 * LIMIT);
            let chunk = |text: &'static str| {
                std::thread::sleep(2 * LIMIT);
                Ok(text.into())
            };
            let body = ReplyBody::Chunks(Box::new(["one", "two"].into_iter().map(chunk)));
            Answered::ConnectionState(Reply {
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
    fn a_long_answer_outlives_the_idle_limit() {
        let (_side, mut socket) = connected();
        socket.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).unwrap();
        assert!(answer.ends_with("3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"), "{answer}");
    }

    #[test]
    fn a_silent_client_is_closed_after_the_idle_limit() {
        let (_side, mut socket) = connected();
        socket.write_all(b"GET / HTTP/1.1\r\n").unwrap();
        assert_eq!(socket.read(&mut [0; 16]).unwrap(), 0);
    }
}
