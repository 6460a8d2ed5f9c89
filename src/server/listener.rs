//! Listening, and taking connections.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::{AbortHandle, JoinSet};

use crate::server::state::Shared;
use crate::server::{connection, runtime};

/// Connections that may wait to be taken: a test that opens a thousand at once must not see the
/// kernel drop any.
const BACKLOG: u32 = 1024;

/// The environment does not let an origin start.
#[derive(Debug)]
pub struct StartError {
    what: String,
    source: io::Error,
}

impl StartError {
    pub(crate) fn new(what: String, source: io::Error) -> Self {
        Self { what, source }
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the origin cannot {}: {}", self.what, self.source)
    }
}

impl std::error::Error for StartError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}

/// A port that is being listened on. Dropping it closes the port and every connection of it.
#[derive(Debug)]
pub(crate) struct Listening {
    pub(crate) address: SocketAddr,
    task: AbortHandle,
    /// Disconnected once the port is closed. Locked only so that an origin can be shared by threads.
    closed: Mutex<mpsc::Receiver<()>>,
    kept: Option<Reserved>,
}

/// A port that is bound and may be listened on: nobody can take it away any more.
pub(crate) struct Bound {
    listener: TcpListener,
    address: SocketAddr,
    /// What keeps the port when the listener is closed.
    kept: Option<Reserved>,
}

/// A port that is ours, and that nobody listens on.
#[derive(Debug)]
pub(crate) struct Reserved(TcpSocket, SocketAddr);

/// On Linux a port can be listened on beside a socket that only keeps it, so that nobody can take
/// it in the moment in which the listener is closed.
const KEEPS_PORTS: bool = cfg!(target_os = "linux");

/// Takes `address` without listening there.
fn reserve(address: SocketAddr) -> Result<Reserved, StartError> {
    let take = || -> io::Result<Reserved> {
        let socket = socket_at(address)?;
        let address = socket.local_addr()?;
        // Two that both allow it may bind the same port until one of them listens, on Linux: it
        // would be anybody's.
        share(&socket, !KEEPS_PORTS)?;
        Ok(Reserved(socket, address))
    };
    take().map_err(failed(format!("listen on {address}")))
}

fn socket_at(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A port may be used again while old connections of it linger, but not by two at once.
    share(&socket, true)?;
    socket.bind(address)?;
    Ok(socket)
}

/// On Windows this would let anybody in.
fn share(socket: &TcpSocket, shared: bool) -> io::Result<()> {
    if cfg!(unix) { socket.set_reuseaddr(shared) } else { Ok(()) }
}

impl Reserved {
    /// Listens. If that fails the port is kept, where the system can do that; it is given back then.
    fn listen(self) -> Result<Bound, (StartError, Option<Self>)> {
        let address = self.1;
        let said = |error, kept| (failed(format!("listen on {address}"))(error), kept);
        let runtime = match runtime::handle() {
            Ok(runtime) => runtime,
            Err(error) => return Err(said(error, Some(self))),
        };
        let _inside = runtime.enter();
        if !KEEPS_PORTS {
            let listener = self.0.listen(BACKLOG).map_err(|error| said(error, None))?;
            return Ok(Bound { listener, address, kept: None });
        }
        match self.listen_beside() {
            Ok(listener) => Ok(Bound { listener, address, kept: Some(self) }),
            Err(error) => Err(said(error, Some(self))),
        }
    }

    fn listen_beside(&self) -> io::Result<TcpListener> {
        let Self(keeper, address) = self;
        share(keeper, true)?;
        let listener = socket_at(*address).and_then(|socket| socket.listen(BACKLOG));
        share(keeper, false)?;
        listener
    }
}

/// Takes `address` and listens there.
pub(crate) fn bind(address: SocketAddr) -> Result<Bound, StartError> {
    reserve(address)?.listen().map_err(|(error, _)| error)
}

/// A port of an origin that is offline.
#[derive(Debug)]
pub(crate) struct Closed {
    address: SocketAddr,
    /// What keeps it, unless the system could not give that.
    kept: Option<Reserved>,
}

impl Closed {
    /// Listens again, and takes connections. The port stays as it was if that fails.
    pub(crate) fn open(&mut self, shared: &Arc<Shared>) -> Result<Listening, StartError> {
        let reserved = match self.kept.take() {
            Some(reserved) => reserved,
            None => reserve(self.address)?,
        };
        let bound = reserved.listen().map_err(|(error, kept)| {
            self.kept = kept;
            error
        })?;
        listen(bound, shared)
    }
}

fn failed(what: String) -> impl FnOnce(io::Error) -> StartError {
    move |source| StartError { what, source }
}

/// Begins to take connections.
pub(crate) fn listen(bound: Bound, shared: &Arc<Shared>) -> Result<Listening, StartError> {
    let shared = Arc::clone(shared);
    serve_each(bound, move |socket, peer| {
        connection::serve(connection::accepted(socket, peer, &shared))
    })
}

/// Begins to take connections, and lets `serve` serve each in a task of its own.
pub(crate) fn serve_each<F>(
    Bound { listener, address, kept }: Bound,
    serve: impl FnMut(TcpStream, SocketAddr) -> F + Send + 'static,
) -> Result<Listening, StartError>
where
    F: Future<Output = ()> + Send + 'static,
{
    let (open, closed) = mpsc::channel();
    let accepting = accept(listener, serve, open);
    let runtime = runtime::handle().map_err(failed("start its runtime".to_owned()))?;
    let task = runtime.spawn(accepting).abort_handle();
    Ok(Listening { address, task, closed: Mutex::new(closed), kept })
}

/// Takes connections until it is aborted. Its variables are dropped in reverse order then: first
/// the connections, whose tasks are told to stop and do so at their next step, then the port, then
/// what served them, and with `_open` the word that it is done.
async fn accept<F>(
    listener: TcpListener,
    serve: impl FnMut(TcpStream, SocketAddr) -> F,
    open: mpsc::Sender<()>,
) where
    F: Future<Output = ()> + Send + 'static,
{
    let _open = open;
    let mut serve = serve;
    let listener = listener;
    let mut connections = JoinSet::new();
    loop {
        match listener.accept().await {
            Ok((socket, peer)) => {
                connections.spawn(serve(socket, peer));
            }
            // Out of descriptors, or the client was gone already: the next may do better.
            Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
        }
        while connections.try_join_next().is_some() {}
    }
}

impl Listening {
    /// Closes the port and every connection of it, and keeps the port; says what prevents that.
    pub(crate) fn close(mut self) -> (Closed, Result<(), StartError>) {
        let (kept, address) = (self.kept.take(), self.address);
        drop(self);
        match kept.map_or_else(|| reserve(address), Ok) {
            Ok(reserved) => (Closed { address, kept: Some(reserved) }, Ok(())),
            Err(error) => (Closed { address, kept: None }, Err(error)),
        }
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        const PATIENCE: Duration = Duration::from_secs(1);
        self.task.abort();
        // An error is the word we wait for: the other end is gone.
        let _ = self.closed.get_mut().recv_timeout(PATIENCE);
    }
}

/// The address by which a listener on every address is reached from here.
pub(crate) fn reachable(mut address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    address
}
