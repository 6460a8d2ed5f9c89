//! The bare server: hyper, which counts each body, hashes it if asked to, and sends as many headers
//! as the origin.

use std::future::poll_fn;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener as StdListener};
use std::pin::Pin;
use std::sync::OnceLock;

use hyper::body::{Body as _, Incoming};
use hyper::header::{HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use ring::digest::{Context, SHA256};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Handle};
use tokio::task::{AbortHandle, JoinSet};

use crate::server::HEADERS;

/// A bare server that is listening. Dropping it stops it.
pub(crate) struct Bare {
    pub(crate) address: SocketAddr,
    task: AbortHandle,
}

/// How a bare server works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Manner {
    /// Two workers instead of a current-thread runtime.
    pub(crate) two_workers: bool,
    pub(crate) hashes: bool,
}

impl Bare {
    pub(crate) fn start(manner: Manner) -> io::Result<Self> {
        let runtime = runtime(manner)?;
        let _inside = runtime.enter();
        let listener = StdListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let accepting = accept(TcpListener::from_std(listener)?, manner.hashes);
        Ok(Self { address, task: runtime.spawn(accepting).abort_handle() })
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Returns the runtime of this process. It starts with the first server and never stops.
fn runtime(manner: Manner) -> io::Result<&'static Handle> {
    static RUNTIME: OnceLock<Handle> = OnceLock::new();
    if let Some(handle) = RUNTIME.get() {
        return Ok(handle);
    }
    let mut builder = if manner.two_workers {
        Builder::new_multi_thread()
    } else {
        Builder::new_current_thread()
    };
    let runtime = builder.worker_threads(2).enable_all().build()?;
    let handle = runtime.handle().clone();
    // The runtime lives on a thread that never ends. A multi-thread runtime has workers of its own.
    if manner.two_workers {
        std::mem::forget(runtime);
    } else {
        std::thread::spawn(move || runtime.block_on(std::future::pending::<()>()));
    }
    Ok(RUNTIME.get_or_init(|| handle))
}

async fn accept(listener: TcpListener, hashes: bool) {
    let mut connections = JoinSet::new();
    while let Ok((socket, _)) = listener.accept().await {
        connections.spawn(async move {
            let _ = socket.set_nodelay(true);
            let service = service_fn(move |request| answer(request, hashes));
            // A client that disconnects does not fail the measurement.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(socket), service).await;
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn answer(request: Request<Incoming>, hashes: bool) -> hyper::Result<Response<String>> {
    let mut body = request.into_body();
    let (mut length, mut hasher) = (0, Context::new(&SHA256));
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        if let Ok(data) = frame?.into_data() {
            length += data.len();
            if hashes {
                hasher.update(&data);
            }
        }
    }
    let mut response = Response::new(String::new());
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    headers.insert("x-agile-size", length.into());
    if hashes {
        let digest = HeaderValue::from_bytes(&hex(hasher.finish().as_ref()));
        headers.extend(
            digest.ok().map(|digest| (HeaderName::from_static("x-agile-checksum"), digest)),
        );
    }
    Ok(response)
}

/// Encodes bytes by hand, because the formatter takes longer than the hash.
fn hex(bytes: &[u8]) -> Vec<u8> {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |value: u8| DIGITS[usize::from(value & 15)];
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]).collect()
}
