//! Binds ports and accepts connections. Start with [`listen`] and [`Listening`].

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::{AbortHandle, JoinSet};

use crate::error::Error;
use crate::server::connection;
use crate::server::runtime::{ConnectionCount, Worker};
use crate::server::shared::Shared;

/// Connections that may wait to be accepted: if a test opens a thousand at once, the kernel must
/// not drop any.
const BACKLOG: u32 = 1024;

/// A port with a listener. Dropping it closes the port and all its connections.
#[derive(Debug)]
pub(crate) struct Listening {
    pub(crate) address: SocketAddr,
    task: AbortHandle,
    /// Disconnected when the port is closed. The mutex only makes it `Sync`.
    closed: Mutex<mpsc::Receiver<()>>,
    reserved: Option<Reserved>,
}

/// A bound port. No other process can take it.
pub(crate) struct Bound {
    listener: TcpListener,
    /// The worker that accepts its connections.
    worker: &'static Worker,
    address: SocketAddr,
    /// The socket that reserves the port while the origin is offline.
    reserved: Option<Reserved>,
}

/// A bound port without a listening socket.
#[derive(Debug)]
pub(crate) struct Reserved(TcpSocket, SocketAddr);

/// On Linux a port can have a listener beside a socket that only reserves it, so that no other
/// process can take the port when the listener is closed.
const KEEPS_PORTS: bool = cfg!(target_os = "linux");

/// Binds `address` without listening.
fn reserve(address: SocketAddr) -> Result<Reserved, Error> {
    let take = || -> io::Result<Reserved> {
        let socket = socket_at(address)?;
        let address = socket.local_addr()?;
        // On Linux, two sockets that both allow reuse may bind the same port until one of them
        // listens.
        share(&socket, !KEEPS_PORTS)?;
        Ok(Reserved(socket, address))
    };
    take().map_err(failed(format!("listen on {address}")))
}

fn socket_at(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // The port may be reused while old connections linger on it, but not by two listeners.
    share(&socket, true)?;
    socket.bind(address)?;
    Ok(socket)
}

/// On Windows this option would let other processes take the port.
fn share(socket: &TcpSocket, shared: bool) -> io::Result<()> {
    if cfg!(unix) { socket.set_reuseaddr(shared) } else { Ok(()) }
}

impl Reserved {
    /// Listens. If that fails, returns the reserved port if the system could keep it.
    fn listen(self) -> Result<Bound, (Error, Option<Self>)> {
        let address = self.1;
        let failure = |error, reserved| (failed(format!("listen on {address}"))(error), reserved);
        let worker = match Worker::least_busy() {
            Ok(worker) => worker,
            Err(error) => return Err(failure(error, Some(self))),
        };
        let _inside = worker.handle().enter();
        if !KEEPS_PORTS {
            let listener = self.0.listen(BACKLOG).map_err(|error| failure(error, None))?;
            return Ok(Bound { listener, worker, address, reserved: None });
        }
        match self.listen_beside() {
            Ok(listener) => Ok(Bound { listener, worker, address, reserved: Some(self) }),
            Err(error) => Err(failure(error, Some(self))),
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

/// Binds `address` and listens.
pub(crate) fn bind(address: SocketAddr) -> Result<Bound, Error> {
    // The thread of the first worker starts while this one prepares the sockets.
    Worker::least_busy().map_err(failed("start its runtime".to_owned()))?;
    reserve(address)?.listen().map_err(|(error, _)| error)
}

/// The port of an origin that is offline.
#[derive(Debug)]
pub(crate) struct Closed {
    address: SocketAddr,
    /// The socket that reserves the port, if the system allows that.
    reserved: Option<Reserved>,
}

impl Closed {
    /// Listens again and accepts connections. If that fails, the port stays reserved.
    pub(crate) fn open(&mut self, shared: &Arc<Shared>) -> Result<Listening, Error> {
        let reserved = match self.reserved.take() {
            Some(reserved) => reserved,
            None => reserve(self.address)?,
        };
        let bound = reserved.listen().map_err(|(error, reserved)| {
            self.reserved = reserved;
            error
        })?;
        Ok(listen(bound, shared))
    }
}

fn failed(what: String) -> impl FnOnce(io::Error) -> Error {
    move |source| Error::io(format!("the origin cannot {what}"), source)
}

/// Starts to accept connections.
pub(crate) fn listen(bound: Bound, shared: &Arc<Shared>) -> Listening {
    let shared = Arc::clone(shared);
    serve_each(bound, move |socket, peer| {
        connection::serve(connection::accepted(socket, peer, &shared))
    })
}

/// Starts to accept connections. Runs `serve` for each in its own task.
pub(crate) fn serve_each<F>(
    Bound { listener, worker, address, reserved }: Bound,
    serve: impl FnMut(TcpStream, SocketAddr) -> F + Send + 'static,
) -> Listening
where
    F: Future<Output = ()> + Send + 'static,
{
    let (open, closed) = mpsc::channel();
    let accepting = accept(listener, worker, serve, open);
    let task = worker.handle().spawn(accepting).abort_handle();
    Listening { address, task, closed: Mutex::new(closed), reserved }
}

/// Accepts connections until it is aborted. Its variables are then dropped in reverse order: first
/// the connections, whose tasks stop at their next step, then the port, then `serve`, and with
/// `_open` the signal that it is done.
async fn accept<F>(
    listener: TcpListener,
    own: &'static Worker,
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
        let accepted = listener.accept().await;
        match accepted.and_then(|(socket, peer)| Ok((assign(socket, own)?, peer))) {
            Ok(((socket, worker), peer)) => {
                let (serving, count) = (serve(socket, peer), ConnectionCount::new(worker));
                let serving = async {
                    serving.await;
                    drop(count);
                };
                connections.spawn_on(serving, worker.handle());
            }
            // Too many open files, or the client is gone already: the next attempt may succeed.
            Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
        }
        while connections.try_join_next().is_some() {}
    }
}

/// Returns the socket and the worker that serves it: its `own`, unless another one has fewer
/// connections.
fn assign(socket: TcpStream, own: &'static Worker) -> io::Result<(TcpStream, &'static Worker)> {
    let mine = own.connections();
    if mine == 0 {
        return Ok((socket, own));
    }
    let other = Worker::least_busy()?;
    if other.connections() >= mine {
        return Ok((socket, own));
    }
    let socket = socket.into_std()?;
    let _inside = other.handle().enter();
    Ok((TcpStream::from_std(socket)?, other))
}

impl Listening {
    /// Closes the port and all its connections, and reserves the port. Returns why that failed, if
    /// it did.
    pub(crate) fn close(mut self) -> (Closed, Result<(), Error>) {
        let (reserved, address) = (self.reserved.take(), self.address);
        drop(self);
        match reserved.map_or_else(|| reserve(address), Ok) {
            Ok(reserved) => (Closed { address, reserved: Some(reserved) }, Ok(())),
            Err(error) => (Closed { address, reserved: None }, Err(error)),
        }
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        const TIMEOUT: Duration = Duration::from_secs(1);
        self.task.abort();
        // An error is the expected signal: the other end is gone.
        let _ = self.closed.get_mut().recv_timeout(TIMEOUT);
    }
}

/// Returns the address at which this machine reaches a listener: loopback if it listens on all
/// addresses.
pub(crate) fn reachable(mut address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    address
}
