//! Applies faults to interim responses: `100 Continue`, and those that a test adds.

use std::pin::Pin;
use std::time::Duration;

use crate::fault::{FaultAction, InterimResponse};
use crate::server::connection::outgoing::CONTINUE;
use crate::server::connection::recorder::ConnectionRecorder;
use crate::server::request::handler::RequestTask;

/// A wait for the body of a client that got no `100 Continue`.
pub(crate) struct Unasked {
    time: Duration,
    /// Whether `100 Continue` is sent after the wait; otherwise the connection is given up.
    asks: bool,
}

impl Unasked {
    /// Waits for `reading`. Returns `None` if the client sends nothing in time and gets no `100
    /// Continue` either.
    pub(crate) async fn wait<T>(
        self,
        recorder: &ConnectionRecorder,
        mut reading: Pin<&mut impl Future<Output = T>>,
    ) -> Option<T> {
        if let Ok(read) = tokio::time::timeout(self.time, reading.as_mut()).await {
            return Some(read);
        }
        match (recorder.has_received(), self.asks) {
            (false, false) => return None,
            (false, true) => recorder.update_outgoing(|outgoing| outgoing.push(CONTINUE)),
            (true, _) => {}
        }
        Some(reading.await)
    }
}

impl RequestTask {
    /// Sends an interim response before the next response.
    pub(crate) fn send_interim(&mut self, response: &InterimResponse) {
        self.recorder.update_outgoing(|outgoing| outgoing.push(&response.to_bytes()));
        self.fire();
    }

    /// Withholds `100 Continue` if a fault requires that. The client is known to expect it.
    pub(crate) fn act_on_continue(&mut self) -> Option<Unasked> {
        let limit = self.recorder.shared.hold_limit;
        let (garbage, unasked) = match self.action()? {
            FaultAction::WithholdContinue => (Vec::new(), Unasked { time: limit, asks: false }),
            FaultAction::GarbleContinue(bytes) => {
                (bytes.clone(), Unasked { time: limit, asks: false })
            }
            FaultAction::DelayContinue(by) => (Vec::new(), Unasked { time: *by, asks: true }),
            _ => return None,
        };
        self.recorder.update_outgoing(|outgoing| {
            outgoing.withhold_continue(true);
            outgoing.push(&garbage);
        });
        self.fire();
        Some(unasked)
    }
}
