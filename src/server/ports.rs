//! The ports of an origin, which can be closed and opened again. Start with [`Ports`].

use std::net::SocketAddr;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::error::Error;
use crate::server::listener::{Bound, Closed, Listening, listen};
use crate::server::shared::Shared;

/// The addresses of an origin and their listeners.
#[derive(Debug)]
pub(crate) struct Ports {
    addresses: Vec<SocketAddr>,
    ports: Mutex<Vec<Port>>,
}

/// Each port has its own state: one may fail to open while others succeed.
#[derive(Debug)]
enum Port {
    Open(Listening),
    /// No socket listens, and connections are refused; the port stays reserved.
    Closed(Closed),
}

impl Ports {
    /// Starts to accept connections.
    pub(crate) fn open(bound: Vec<Bound>, shared: &Arc<Shared>) -> Self {
        let listening: Vec<_> = bound.into_iter().map(|bound| listen(bound, shared)).collect();
        let addresses = listening.iter().map(|listening| listening.address).collect();
        let ports = listening.into_iter().map(Port::Open).collect();
        Self { addresses, ports: Mutex::new(ports) }
    }

    /// Returns the addresses, online or not.
    pub(crate) fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Closes all connections and stops listening.
    ///
    /// # Errors
    ///
    /// Returns an error if a port cannot be reserved. All ports are closed even then.
    pub(crate) fn go_offline(&self) -> Result<(), Error> {
        let mut ports = self.ports.lock();
        let mut done = Ok(());
        let closed = ports.drain(..).map(|port| match port {
            Port::Open(listening) => {
                let (closed, kept) = listening.close();
                done = std::mem::replace(&mut done, Ok(())).and(kept);
                Port::Closed(closed)
            }
            Port::Closed(closed) => Port::Closed(closed),
        });
        let closed: Vec<Port> = closed.collect();
        *ports = closed;
        done
    }

    /// Listens again at the same addresses.
    ///
    /// # Errors
    ///
    /// Returns the error of the first port that cannot listen. The other ports are open then; the
    /// next call tries the failed ones again.
    pub(crate) fn go_online(&self, shared: &Arc<Shared>) -> Result<(), Error> {
        let mut done = Ok(());
        for port in self.ports.lock().iter_mut() {
            if let Port::Closed(closed) = port {
                match closed.open(shared) {
                    Ok(listening) => *port = Port::Open(listening),
                    Err(error) => done = done.and(Err(error)),
                }
            }
        }
        done
    }

    /// Closes all ports permanently.
    pub(crate) fn close(&mut self) {
        self.ports.get_mut().clear();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::net::{TcpListener, TcpStream};

    use super::*;
    use crate::server::listener::bind;

    #[test]
    fn a_port_that_cannot_listen_stays_closed() {
        let shared = Shared::empty(
            #[cfg(feature = "tls")]
            None,
        );
        let any = "127.0.0.1:0".parse().unwrap();
        let ports = Ports::open(vec![bind(any).unwrap(), bind(any).unwrap()], &shared);
        ports.go_offline().unwrap();
        // Another program has taken the first port.
        let taken = TcpListener::bind(any).unwrap();
        let address = taken.local_addr().unwrap();
        ports.ports.lock()[0] = Port::Closed(Closed::unreserved(address));
        for _ in 0..2 {
            let error = ports.go_online(&shared).unwrap_err().to_string();
            assert!(error.contains(&format!("cannot listen on {address}")), "{error}");
            TcpStream::connect(ports.addresses()[1]).unwrap();
        }
        assert!(matches!(ports.ports.lock()[..], [Port::Closed(_), Port::Open(_)]));
    }
}
