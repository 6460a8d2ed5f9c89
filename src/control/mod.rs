//! The control endpoint: an origin steered and asked by programs in any language, over HTTP.
//!
//! It has a listener of its own, on loopback alone, so that nothing of it is ever seen by a client
//! under test or written into the journal. [`ENDPOINTS`] is all there is; `docs/control.md` is made
//! from it.

mod body;
mod chaos;
mod endpoints;
mod faults;
mod router;
mod steering;
mod story;

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use crate::server::{MockOrigin, Side, StartError};

pub use endpoints::{ENDPOINTS, Endpoint};

/// Where everything lies.
pub const ROOT: &str = "/__mock/";

/// A control endpoint that is listening. Dropping it closes its port.
///
/// ```
/// use std::sync::Arc;
///
/// use mock_origin::MockOrigin;
/// use mock_origin::control::Control;
///
/// let origin = Arc::new(MockOrigin::start());
/// let control = Control::start(Arc::clone(&origin), ([127, 0, 0, 1], 0).into())?;
/// assert!(control.url().starts_with("http://127.0.0.1:"));
/// # Ok::<(), mock_origin::StartError>(())
/// ```
pub struct Control {
    // In this order: whoever drops this may be the last to hold the origin, and the listener's task
    // must not be, as an origin that ends waits for tasks.
    side: Side,
    _origin: Arc<MockOrigin>,
}

impl Control {
    /// Listens at `address` and steers `origin`.
    ///
    /// # Errors
    ///
    /// If the address is not a loopback address, or cannot be listened on.
    pub fn start(origin: Arc<MockOrigin>, address: SocketAddr) -> Result<Self, StartError> {
        if !address.ip().is_loopback() {
            let why = "it can be reached from outside, and would be steered from there";
            let what = format!("be controlled at {address}");
            return Err(StartError::new(what, io::Error::other(why)));
        }
        let held = Arc::downgrade(&origin);
        let side = Side::start(address, move |ask| match held.upgrade() {
            Some(origin) => router::answer(&origin, ask),
            None => router::gone(),
        })?;
        Ok(Self { side, _origin: origin })
    }

    /// Where it is, with a slash at the end: `http://127.0.0.1:40001/__mock/`.
    pub fn url(&self) -> String {
        format!("http://{}{ROOT}", self.side.address())
    }
}

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Control").field(&self.url()).finish()
    }
}
