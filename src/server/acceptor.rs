//! Accepts the connections of one port. It knows nothing of what is sent on them. Start with
//! [`Acceptor`].

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::server::runtime::{ConnectionCount, Worker, cores};

/// An open port and its connections.
///
/// It has no task of its own: an event of its socket starts one that accepts what is waiting. A
/// permanent task would wake the worker's thread once more when an origin starts and when it stops,
/// which would take longer than everything else that happens then.
pub(crate) struct Acceptor {
    worker: &'static Worker,
    /// `None` after the port was closed.
    open: Mutex<Option<Open>>,
}

struct Open {
    listener: TcpListener,
    serve: Box<Serve>,
    tasks: JoinSet<()>,
}

/// Starts the task of a connection.
type Serve = dyn FnMut(TcpStream, SocketAddr, &'static Worker, &mut JoinSet<()>) + Send;

impl Acceptor {
    /// Starts to accept connections on `worker`. Runs `serve` for each in its own task.
    pub(crate) fn start<F>(
        listener: TcpListener,
        worker: &'static Worker,
        mut serve: impl FnMut(TcpStream, SocketAddr) -> F + Send + 'static,
    ) -> Arc<Self>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let serve = move |socket, peer, worker: &'static Worker, tasks: &mut JoinSet<()>| {
            let (serving, count) = (serve(socket, peer), ConnectionCount::new(worker));
            let serving = async {
                serving.await;
                drop(count);
            };
            tasks.spawn_on(serving, worker.handle());
        };
        let open = Open { listener, serve: Box::new(serve), tasks: JoinSet::new() };
        let acceptor = Arc::new(Self { worker, open: Mutex::new(Some(open)) });
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
            serve(socket, peer, worker, tasks);
            while tasks.try_join_next().is_some() {}
        }
        Ok(())
    }

    /// Calls `change` with the listener, unless the port was closed.
    #[cfg(target_os = "linux")]
    pub(crate) fn with_listener<T>(&self, change: impl FnOnce(&TcpListener) -> T) -> Option<T> {
        self.open.lock().as_ref().map(|open| change(&open.listener))
    }

    /// Closes the port and ends its connections. Their tasks stop at their next step; this does not wait
    /// for them.
    pub(crate) fn close(&self) {
        let open = self.open.lock().take();
        drop(open);
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
        f.debug_struct("Acceptor").finish_non_exhaustive()
    }
}

/// Returns the socket and the worker that serves it: its `own`, unless another one has fewer
/// connections.
fn assign(socket: TcpStream, own: &'static Worker) -> io::Result<(TcpStream, &'static Worker)> {
    let mine = own.connections();
    if mine == 0 {
        return Ok((socket, own));
    }
    let other = Worker::least_busy(cores())?;
    if other.connections() >= mine {
        return Ok((socket, own));
    }
    let socket = socket.into_std()?;
    let _inside = other.handle().enter();
    Ok((TcpStream::from_std(socket)?, other))
}
