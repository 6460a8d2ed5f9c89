//! Builds faults on connections. Start with [`ConnectionFaultBuilder`].

use crate::fault::{ConnectionAction, Fault, InvalidCertificate, Repeat};
use crate::mock::mock_origin::MockOrigin;

use crate::mock::fault_builder::{FaultHandle, set_once};

/// Builds a fault on connections; see [`MockOrigin::on_connection`].
///
/// A connection is selected when it is accepted. Default: the next one.
///
/// ```
/// use mock_origin::MockOrigin;
///
/// let origin = MockOrigin::start();
/// origin.on_connection().nth(2).reset();
/// origin.on_connection().always().close_after(10);
/// # origin.clear_faults();
/// ```
#[derive(Debug)]
#[must_use = "the last method adds the fault: origin.on_connection().nth(2).reset()"]
pub struct ConnectionFaultBuilder<'o> {
    origin: &'o MockOrigin,
    count: Option<Repeat>,
    name: Option<String>,
}

impl<'o> ConnectionFaultBuilder<'o> {
    pub(crate) fn new(origin: &'o MockOrigin) -> Self {
        Self { origin, count: None, name: None }
    }

    /// Selects the n-th connection, from 1, after the fault was added. If another fault applies to
    /// that one, this fault is never injected.
    ///
    /// # Panics
    ///
    /// If the connections are counted in another way already.
    #[track_caller]
    pub fn nth(self, number: u64) -> Self {
        self.count(Repeat::Nth(number))
    }

    /// Selects the next connection to which no other fault applies. This is the default.
    ///
    /// # Panics
    ///
    /// If the connections are counted in another way already.
    #[track_caller]
    pub fn first(self) -> Self {
        self.count(Repeat::Times(1))
    }

    /// Selects the next `times` connections. Default: one.
    ///
    /// # Panics
    ///
    /// If the connections are counted in another way already.
    #[track_caller]
    pub fn times(self, times: u64) -> Self {
        self.count(Repeat::Times(times))
    }

    /// Selects all connections after the fault was added.
    ///
    /// # Panics
    ///
    /// If the connections are counted in another way already.
    #[track_caller]
    pub fn always(self) -> Self {
        self.count(Repeat::Always)
    }

    #[track_caller]
    fn count(mut self, count: Repeat) -> Self {
        set_once(&mut self.count, count, Repeat::to_string);
        self
    }

    /// Names the fault for messages. Default: its Rust code.
    ///
    /// # Panics
    ///
    /// If the name is set already.
    #[track_caller]
    pub fn named(mut self, name: &str) -> Self {
        set_once(&mut self.name, name.to_owned(), |name| format!(".named({name:?})"));
        self
    }

    /// Accepts the connection and resets it at once.
    ///
    /// # Panics
    ///
    /// If the conditions contradict each other.
    #[track_caller]
    pub fn reset(self) -> FaultHandle {
        self.install(ConnectionAction::Reset)
    }

    /// Accepts the connection and neither reads nor writes. The connection is closed when the
    /// client leaves, or after [`Builder::hold_limit`](crate::Builder::hold_limit).
    ///
    /// # Panics
    ///
    /// If the conditions contradict each other.
    #[track_caller]
    pub fn silence(self) -> FaultHandle {
        self.install(ConnectionAction::Silence)
    }

    /// Closes the connection after this many responses, which do not announce it. Skips
    /// connections that end earlier, because of the client or a response with `Connection: close`.
    ///
    /// # Panics
    ///
    /// If the number is 0.
    #[track_caller]
    pub fn close_after(self, responses: u64) -> FaultHandle {
        self.install(ConnectionAction::CloseAfter(responses))
    }

    /// Presents an invalid certificate in the TLS handshake. A handshake that then fails does not fail
    /// the verification. A client that sends requests all the same does not verify certificates.
    ///
    /// # Panics
    ///
    /// If the origin does not use TLS.
    #[track_caller]
    pub fn present_certificate(self, certificate: InvalidCertificate) -> FaultHandle {
        self.install(ConnectionAction::PresentCertificate(certificate))
    }

    #[track_caller]
    fn install(self, action: ConnectionAction) -> FaultHandle {
        let Self { origin, count, name } = self;
        let count = count.unwrap_or(Repeat::Times(1));
        origin.add_fault(name.into_iter().fold(Fault::on_connection(count, action), Fault::named))
    }
}
