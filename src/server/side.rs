//! A small listener beside the origin's own, for whoever steers it from another program.
//!
//! It takes whole requests and gives whole answers, one a connection; what they say is decided by
//! somebody else, on a thread that may wait. Nothing of it is in the journal.

use std::convert::Infallible;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::{Body as _, Incoming};
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HOST, ORIGIN};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::accept::{Listening, StartError, bind, serve_each};

/// What is taken of a body.
pub(crate) const BODY_LIMIT: usize = 1 << 20;

/// What is read of a body that is too long, so that its sender comes to read the answer.
const DRAINED: usize = 8 * BODY_LIMIT;

/// How long a connection may take, from its first byte to its last.
const PATIENCE: Duration = Duration::from_secs(30);

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
    /// Nothing if it was longer than [`BODY_LIMIT`].
    pub(crate) body: Option<Vec<u8>>,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) content_type: &'static str,
    /// The methods that a path takes.
    pub(crate) allow: Option<String>,
    pub(crate) body: String,
}

/// The listener. Dropping it closes the port.
#[derive(Debug)]
pub(crate) struct Side(Listening);

impl Side {
    /// Listens, and lets `answer` answer what comes. It may block.
    pub(crate) fn start(
        address: SocketAddr,
        answer: impl Fn(&Ask) -> Reply + Send + Sync + 'static,
    ) -> Result<Self, StartError> {
        let answer = Arc::new(answer);
        let serve = move |socket, _| serve(socket, Arc::clone(&answer));
        Ok(Self(serve_each(bind(address)?, serve)?))
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.0.address
    }
}

async fn serve<A>(socket: TcpStream, answer: Arc<A>)
where
    A: Fn(&Ask) -> Reply + Send + Sync + 'static,
{
    let service = service_fn(move |request| respond(request, Arc::clone(&answer)));
    let connection = http1::Builder::new()
        .auto_date_header(false)
        .half_close(true)
        .keep_alive(false)
        .title_case_headers(true)
        .serve_connection(TokioIo::new(socket), service);
    // Whatever breaks, nobody is left to be told.
    let _ = tokio::time::timeout(PATIENCE, connection).await;
}

async fn respond<A>(
    request: Request<Incoming>,
    answer: Arc<A>,
) -> Result<Response<String>, Infallible>
where
    A: Fn(&Ask) -> Reply + Send + Sync + 'static,
{
    let Ok(ask) = whole(request).await else { return Ok(response(no_body())) };
    let answered = tokio::task::spawn_blocking(move || answer(&ask)).await;
    Ok(response(answered.unwrap_or_else(|_| our_bug())))
}

async fn whole(request: Request<Incoming>) -> hyper::Result<Ask> {
    let (head, body) = request.into_parts();
    let named = head.headers.get_all(HOST).iter();
    let named = named.map(|host| String::from_utf8_lossy(host.as_bytes()).into_owned());
    let hosts = named.chain(head.uri.host().map(str::to_owned)).collect();
    Ok(Ask {
        method: head.method.as_str().to_owned(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        hosts,
        has_origin: head.headers.contains_key(ORIGIN),
        body: read(body).await?,
    })
}

async fn read(mut body: Incoming) -> hyper::Result<Option<Vec<u8>>> {
    let mut whole = Vec::new();
    let mut came = 0;
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        let Ok(data) = frame?.into_data() else { continue };
        came += data.len();
        if came <= BODY_LIMIT {
            whole.extend_from_slice(&data);
        } else if came > DRAINED {
            break;
        }
    }
    Ok((came <= BODY_LIMIT).then_some(whole))
}

fn response(reply: Reply) -> Response<String> {
    let made = Response::builder()
        .status(reply.status)
        .header(CONTENT_TYPE, reply.content_type)
        .header(CACHE_CONTROL, "no-store");
    let made = reply.allow.into_iter().fold(made, |made, methods| made.header(ALLOW, methods));
    made.body(reply.body).unwrap_or_default()
}

fn our_bug() -> Reply {
    error(500, "this is a bug of mock-origin: its thread panicked")
}

fn no_body() -> Reply {
    error(400, "the body ends before its length, or its chunks are none")
}

fn error(status: u16, why: &str) -> Reply {
    let body = format!("{{\"error\":\"{why}\"}}\n");
    Reply { status, content_type: "application/json", allow: None, body }
}
