//! The ports of an origin, which can be closed and opened again.

use std::net::SocketAddr;
use std::sync::Arc;

use parking_lot::Mutex;

use super::accept::{Bound, Listening, Reserved, StartError, listen};
use super::shared::Shared;

/// Where an origin listens, or would.
#[derive(Debug)]
pub(super) struct Ports {
    addresses: Vec<SocketAddr>,
    state: Mutex<State>,
}

#[derive(Debug)]
enum State {
    Online(Vec<Listening>),
    /// The ports are still ours, but nobody listens: whoever connects is refused.
    Offline(Vec<Reserved>),
}

impl Ports {
    /// Begins to take connections.
    pub(super) fn open(bound: Vec<Bound>, shared: &Arc<Shared>) -> Result<Self, StartError> {
        let listening: Vec<_> =
            bound.into_iter().map(|bound| listen(bound, shared)).collect::<Result<_, _>>()?;
        let addresses = listening.iter().map(|listening| listening.address).collect();
        Ok(Self { addresses, state: Mutex::new(State::Online(listening)) })
    }

    /// The addresses, whether anybody listens there or not.
    pub(super) fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Closes all connections and stops listening.
    pub(super) fn go_offline(&self) -> Result<(), StartError> {
        let mut state = self.state.lock();
        if let State::Online(listening) = &mut *state {
            let reserved: Vec<_> = listening.drain(..).map(Listening::close).collect();
            *state = State::Offline(reserved.into_iter().collect::<Result<_, _>>()?);
        }
        Ok(())
    }

    /// Listens again at the same addresses.
    pub(super) fn go_online(&self, shared: &Arc<Shared>) -> Result<(), StartError> {
        let mut state = self.state.lock();
        if let State::Offline(reserved) = &mut *state {
            let bound: Vec<Bound> =
                reserved.drain(..).map(Reserved::listen).collect::<Result<_, _>>()?;
            let listening = bound.into_iter().map(|bound| listen(bound, shared));
            *state = State::Online(listening.collect::<Result<_, _>>()?);
        }
        Ok(())
    }

    /// Closes everything for good.
    pub(super) fn close(&mut self) {
        *self.state.get_mut() = State::Offline(Vec::new());
    }
}
