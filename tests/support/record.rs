//! Waiting for what the origin notes down, which it may do just after its client has noticed.

use std::cell::Cell;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mock_origin::MockOrigin;
use mock_origin::journal::{Connection, Exchange, Journal};

use super::PATIENCE;

/// What `look` finds in the journal, as soon as it finds something.
pub fn wait_for<T>(origin: &MockOrigin, look: impl Fn(&Journal) -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look(&origin.journal()) {
            return found;
        }
        assert!(Instant::now() < deadline, "nothing came of it:\n{}", origin.timeline());
        next_change(origin);
    }
}

/// The record of the exchange with that number, once it is closed.
pub fn closed_exchange(origin: &MockOrigin, index: usize) -> Arc<Exchange> {
    wait_for(origin, |journal| {
        journal.exchanges().get(index).filter(|exchange| exchange.outcome.is_final()).cloned()
    })
}

/// The record of the latest connection from that address, once it is over.
pub fn closed_connection(origin: &MockOrigin, client: SocketAddr) -> Arc<Connection> {
    wait_for(origin, |journal| {
        let mut latest_first = journal.connections().iter().rev();
        let found = latest_first.find(|connection| connection.peer == client)?;
        found.closed.is_some().then(|| Arc::clone(found))
    })
}

/// The record once it knows of that many connections, and all of them are over.
pub fn all_closed(origin: &MockOrigin, connections: usize) -> Journal {
    wait_for(origin, |journal| {
        let closed = journal.connections().iter().filter(|known| known.closed.is_some());
        (closed.count() == connections).then(|| journal.clone())
    })
}

/// Returns when something has changed in the record, or soon: it may have changed already.
fn next_change(origin: &MockOrigin) {
    let is_first_look = Cell::new(true);
    origin.wait_until(Duration::from_millis(10), |_| !is_first_look.replace(false));
}
