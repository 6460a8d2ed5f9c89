//! Accepts the connections of one port. It knows nothing of what is sent on them. Start with
//! [`Acceptor`].

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::server::runtime::Worker;

/// An open port and its connections.
///
/// It has no task of its own: an event of its socket starts one that accepts what is waiting. A
/// permanent task would wake the worker's thread once more when an origin starts and when it stops,
/// which would take longer than everything else that happens then.
pub(crate) struct Acceptor {
    worker: &'static Worker,
    /// `None` after the port was closed.
    open: Mutex<Option<Open>>,
    connections: Arc<Connections>,
}

struct Open {
    listener: TcpListener,
    serve: Box<Serve>,
    tasks: JoinSet<()>,
}

/// Starts the task of a connection.
type Serve = dyn FnMut(TcpStream, SocketAddr, ConnectionCount, &mut JoinSet<()>) + Send;

impl Acceptor {
    /// Starts to accept connections on `worker`. Runs `serve` for each in its own task; it keeps the
    /// count until the connection is closed.
    pub(crate) fn start<F>(
        listener: TcpListener,
        worker: &'static Worker,
        mut serve: impl FnMut(TcpStream, SocketAddr, ConnectionCount) -> F + Send + 'static,
    ) -> Arc<Self>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let serve = move |socket, peer, count: ConnectionCount, tasks: &mut JoinSet<()>| {
            let handle = count.worker.handle();
            tasks.spawn_on(serve(socket, peer, count), handle);
        };
        let open = Open { listener, serve: Box::new(serve), tasks: JoinSet::new() };
        let (open, connections) = (Mutex::new(Some(open)), Arc::default());
        let acceptor = Arc::new(Self { worker, open, connections });
        let _inside = worker.handle().enter();
        if acceptor.accept().is_err() {
            Arc::clone(&acceptor).wake();
        }
        acceptor
    }

    /// Accepts the waiting connections. The next one wakes the acceptor.
    fn accept(self: &Arc<Self>) -> io::Result<()> {
        let waker = Waker::from(Arc::clone(self));
        let mut context = Context::from_waker(&waker);
        let mut open = self.open.lock();
        let Some(Open { listener, serve, tasks }) = &mut *open else { return Ok(()) };
        while let Poll::Ready(accepted) = listener.poll_accept(&mut context) {
            let (socket, peer) = accepted?;
            let (socket, worker) = assign(socket, self.worker)?;
            serve(socket, peer, ConnectionCount::new(worker, &self.connections), tasks);
            while tasks.try_join_next().is_some() {}
        }
        Ok(())
    }

    /// Calls `change` with the listener, unless the port was closed.
    #[cfg(target_os = "linux")]
    pub(crate) fn with_listener<T>(&self, change: impl FnOnce(&TcpListener) -> T) -> Option<T> {
        self.open.lock().as_ref().map(|open| change(&open.listener))
    }

    /// Closes the port, then its connections, and waits up to 1 s until they are closed.
    pub(crate) fn close(&self) {
        const TIMEOUT: Duration = Duration::from_secs(1);
        // The tasks of the connections are aborted: they stop at their next step.
        let open = self.open.lock().take();
        drop(open);
        let mut open = self.connections.open.lock();
        self.connections.none.wait_while_for(&mut open, |open| *open > 0, TIMEOUT);
    }
}

impl Wake for Acceptor {
    fn wake(self: Arc<Self>) {
        let handle = self.worker.handle();
        handle.spawn(async move {
            // Too many open files, or the client is gone already: the next attempt may succeed.
            while self.accept().is_err() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
    }
}

impl fmt::Debug for Acceptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Acceptor").field("connections", &self.connections).finish_non_exhaustive()
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

/// The number of open connections of a port.
#[derive(Debug, Default)]
pub(crate) struct Connections {
    open: Mutex<usize>,
    none: Condvar,
}

/// Counts a connection of a worker and of a port until it is dropped.
#[derive(Debug)]
pub(crate) struct ConnectionCount {
    worker: &'static Worker,
    connections: Arc<Connections>,
}

impl ConnectionCount {
    pub(crate) fn new(worker: &'static Worker, connections: &Arc<Connections>) -> Self {
        worker.add_connection();
        *connections.open.lock() += 1;
        Self { worker, connections: Arc::clone(connections) }
    }
}

impl Drop for ConnectionCount {
    fn drop(&mut self) {
        self.worker.remove_connection();
        let mut open = self.connections.open.lock();
        *open -= 1;
        if *open == 0 {
            self.connections.none.notify_all();
        }
    }
}
