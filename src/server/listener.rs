//! Binds ports, and reserves them while an origin is offline. Start with [`listen`] and
//! [`Listening`].

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use tokio::net::{TcpListener, TcpSocket, TcpStream};

use crate::error::Error;
use crate::server::acceptor::Acceptor;
use crate::server::connection;
use crate::server::runtime::Worker;
use crate::server::shared::Shared;

/// Connections that may wait to be accepted: if a test opens a thousand at once, the kernel must
/// not drop any.
const BACKLOG: u32 = 1024;

/// A port with a listener. Dropping it closes the port and ends its connections, but does not wait for
/// them.
#[derive(Debug)]
pub(crate) struct Listening {
    pub(crate) address: SocketAddr,
    acceptor: Arc<Acceptor>,
}

/// A listening port whose connections are not accepted yet.
pub(crate) struct Bound {
    listener: TcpListener,
    /// The worker that accepts its connections.
    worker: &'static Worker,
    address: SocketAddr,
}

/// Binds `address` and listens.
pub(crate) fn bind(address: SocketAddr) -> Result<Bound, Error> {
    socket_at(address).and_then(listen_on).map_err(|error| cannot_listen(address, error))
}

fn socket_at(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = new_socket(address)?;
    socket.bind(address)?;
    Ok(socket)
}

fn new_socket(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // The port may be reused while old connections linger on it, but not by two listeners.
    share(&socket, true)?;
    Ok(socket)
}

/// On Windows this option would let other processes take the port.
fn share(socket: &TcpSocket, shared: bool) -> io::Result<()> {
    if cfg!(unix) { socket.set_reuseaddr(shared) } else { Ok(()) }
}

fn listen_on(socket: TcpSocket) -> io::Result<Bound> {
    // An origin without connections needs no worker of its own.
    let worker = Worker::least_busy(1)?;
    let _inside = worker.handle().enter();
    let listener = socket.listen(BACKLOG)?;
    let address = listener.local_addr()?;
    Ok(Bound { listener, worker, address })
}

fn cannot_listen(address: SocketAddr, source: io::Error) -> Error {
    Error::io(format!("the origin cannot listen on {address}"), source)
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
    Bound { listener, worker, address }: Bound,
    serve: impl FnMut(TcpStream, SocketAddr) -> F + Send + 'static,
) -> Listening
where
    F: Future<Output = ()> + Send + 'static,
{
    Listening { address, acceptor: Acceptor::start(listener, worker, serve) }
}

impl Listening {
    /// Closes the port and all its connections, and reserves the port. Returns why that failed, if
    /// it did.
    pub(crate) fn close(self) -> (Closed, Result<(), Error>) {
        let address = self.address;
        // If there is no descriptor left for it, the port is free for a moment.
        let bridge = self.bridge().ok();
        drop(self);
        let (reserved, done) = match reserve(address) {
            Ok(socket) => (Some(socket), Ok(())),
            Err(error) => (None, Err(cannot_listen(address, error))),
        };
        drop(bridge);
        (Closed { address, reserved }, done)
    }

    /// Binds a socket to the port beside the listener, so that the port is taken until another
    /// socket reserves it. Only sockets with `SO_REUSEPORT` can be bound beside a listener, and
    /// others with this option could too, so that it must not stay.
    #[cfg(target_os = "linux")]
    fn bridge(&self) -> io::Result<TcpSocket> {
        use std::os::fd::AsFd as _;
        let copied = self.acceptor.with_listener(|it| it.as_fd().try_clone_to_owned());
        let copy = copied.ok_or(io::ErrorKind::NotConnected)??;
        TcpSocket::from_std_stream(copy.into()).set_reuseport(true)?;
        let bridge = new_socket(self.address)?;
        bridge.set_reuseport(true)?;
        bridge.bind(self.address)?;
        Ok(bridge)
    }

    #[cfg(not(target_os = "linux"))]
    fn bridge(&self) -> io::Result<TcpSocket> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.acceptor.close();
    }
}

/// The port of an origin that is offline.
#[derive(Debug)]
pub(crate) struct Closed {
    address: SocketAddr,
    /// The socket that reserves the port, unless that failed.
    reserved: Option<TcpSocket>,
}

/// Binds `address` without listening. No other process can take the port.
fn reserve(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = socket_at(address)?;
    // Otherwise another socket that allows reuse could be bound to the port.
    share(&socket, false)?;
    Ok(socket)
}

impl Closed {
    /// Returns a port that no socket reserves.
    #[cfg(test)]
    pub(crate) fn unreserved(address: SocketAddr) -> Self {
        Self { address, reserved: None }
    }

    /// Listens again and accepts connections. If that fails, the port stays reserved.
    pub(crate) fn open(&mut self, shared: &Arc<Shared>) -> Result<Listening, Error> {
        let address = self.address;
        let reserved = self.reserved.take().map_or_else(|| reserve(address), Ok);
        let bound = reserved.and_then(|socket| {
            share(&socket, true)?;
            listen_on(socket)
        });
        let bound = bound.map_err(|error| {
            self.reserved = reserve(address).ok();
            cannot_listen(address, error)
        })?;
        Ok(listen(bound, shared))
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
