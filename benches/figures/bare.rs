//! The bare server: hyper, which counts and hashes each body and sends eight headers.

use std::future::poll_fn;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::OnceLock;

use hyper::body::{Body as _, Incoming};
use hyper::header::{HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use ring::digest::{Context, SHA256};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::task::{AbortHandle, JoinSet};

/// A bare server that is listening; dropping it stops it.
pub(crate) struct Bare {
    address: SocketAddr,
    task: AbortHandle,
}

impl Bare {
    pub(crate) fn start() -> io::Result<Self> {
        let runtime = runtime()?;
        let _inside = runtime.enter();
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let task = runtime.spawn(accept(TcpListener::from_std(listener)?)).abort_handle();
        Ok(Self { address, task })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Returns the runtime of the process, which has two workers.
fn runtime() -> io::Result<&'static Runtime> {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    if let Some(runtime) = RUNTIME.get() {
        return Ok(runtime);
    }
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    Ok(RUNTIME.get_or_init(|| runtime))
}

async fn accept(listener: TcpListener) {
    let mut connections = JoinSet::new();
    while let Ok((socket, _)) = listener.accept().await {
        connections.spawn(serve(socket));
    }
}

async fn serve(socket: TcpStream) {
    let _ = socket.set_nodelay(true);
    let service = service_fn(answer);
    // A client that disconnects does not fail the benchmark.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(socket), service).await;
}

async fn answer(request: Request<Incoming>) -> Result<Response<String>, hyper::Error> {
    let mut body = request.into_body();
    let (mut length, mut hasher) = (0, Context::new(&SHA256));
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        if let Ok(data) = frame?.into_data() {
            length += data.len();
            hasher.update(&data);
        }
    }
    let mut response = Response::new(String::new());
    let headers = response.headers_mut();
    for (name, value) in SAME_FOR_ALL {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert("x-agile-size", length.into());
    let digest = HeaderValue::from_bytes(&hex(hasher.finish().as_ref()));
    headers.extend(digest.ok().map(|digest| (CHECKSUM, digest)));
    Ok(response)
}

/// With size and checksum these are eight headers, as many as the origin sends.
const SAME_FOR_ALL: [(&str, &str); 6] = [
    ("server", "Apache"),
    ("access-control-allow-origin", "*"),
    ("access-control-allow-headers", "X-Agile-Authorization, X-Content-Type"),
    ("access-control-allow-methods", "OPTIONS"),
    ("content-type", "text/json;charset=utf-8"),
    ("x-agile-status", "0"),
];

const CHECKSUM: HeaderName = HeaderName::from_static("x-agile-checksum");

/// Encodes bytes by hand, because the formatter takes longer than the hash.
fn hex(bytes: &[u8]) -> Vec<u8> {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |value: u8| DIGITS[usize::from(value & 15)];
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]).collect()
}
