//! Waits for records in the journal. The origin may write a record after the client has its response.

use std::cell::Cell;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mock_origin::MockOrigin;
use mock_origin::journal::{Connection, Exchange, Journal};

use super::TIMEOUT;

/// Waits until `look` returns a value for the journal, and returns the value.
pub fn wait_for<T>(origin: &MockOrigin, look: impl Fn(&Journal) -> Option<T>) -> T {
    let deadline = Instant::now() + TIMEOUT;
    loop {
        if let Some(found) = look(&origin.journal()) {
            return found;
        }
        assert!(Instant::now() < deadline, "no matching record:\n{}", origin.timeline());
        next_change(origin);
    }
}

/// Waits until the exchange with this index is closed, and returns its record.
pub fn closed_exchange(origin: &MockOrigin, index: usize) -> Arc<Exchange> {
    wait_for(origin, |journal| {
        journal.exchanges().get(index).filter(|exchange| exchange.outcome.is_final()).cloned()
    })
}

/// Waits until the latest connection of a client is closed, and returns its record.
pub fn closed_connection(origin: &MockOrigin, client: SocketAddr) -> Arc<Connection> {
    wait_for(origin, |journal| {
        let mut latest_first = journal.connections().iter().rev();
        let found = latest_first.find(|connection| connection.peer == client)?;
        found.closed.is_some().then(|| Arc::clone(found))
    })
}

/// Waits until this number of connections is closed, and returns the journal.
pub fn all_closed(origin: &MockOrigin, connections: usize) -> Journal {
    wait_for(origin, |journal| {
        let closed = journal.connections().iter().filter(|known| known.closed.is_some());
        (closed.count() == connections).then(|| journal.clone())
    })
}

/// Waits for the next change of the journal, at most 10 ms: it may have changed before the call.
fn next_change(origin: &MockOrigin) {
    let is_first_look = Cell::new(true);
    origin.wait_until(Duration::from_millis(10), |_| !is_first_look.replace(false));
}
