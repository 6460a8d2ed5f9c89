//! The control endpoint: programs in any language control and inspect an origin over HTTP.
//!
//! It has its own listener, on loopback by default. Clients under test never see it, and its
//! requests are never in the journal. [`ENDPOINTS`] lists all endpoints; `docs/control.md` is
//! generated from it. Start with [`Control`].

mod access;
mod dto;
mod endpoints;
mod handlers;
mod list;
mod message;
mod query;
mod router;

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use crate::error::Error;
use crate::mock::MockOrigin;
use crate::server::admin_listener::AdminListener;

use access::Access;
pub use endpoints::{ENDPOINTS, Endpoint};
pub use query::Parameter;
use router::Router;

/// The common start of all paths.
pub(crate) const ROOT: &str = "/__mock/";

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
/// # Ok::<(), mock_origin::Error>(())
/// ```
pub struct Control {
    // The order of the fields matters: this may hold the last reference to the origin. A task of the
    // listener must not drop the origin, because dropping it waits for tasks.
    listener: AdminListener,
    token: Option<String>,
    _origin: Arc<MockOrigin>,
}

impl Control {
    /// Listens at `address` and controls `origin`.
    ///
    /// # Errors
    ///
    /// If the address is not a loopback address, or cannot be listened on.
    pub fn start(origin: Arc<MockOrigin>, address: SocketAddr) -> Result<Self, Error> {
        if !address.ip().is_loopback() {
            let why =
                "expected a loopback address, because other machines could control the origin";
            let message = format!("the origin cannot be controlled at {address}: {why}");
            return Err(Error::invalid_argument(message));
        }
        let listener = AdminListener::start(address, Router::new(&origin, Access::Local))?;
        Ok(Self { listener, token: None, _origin: origin })
    }

    /// Listens at `address`, which other machines may reach. Every request needs the header
    /// `Authorization: Bearer TOKEN`. Default: a random token.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use mock_origin::MockOrigin;
    /// use mock_origin::control::Control;
    ///
    /// let origin = Arc::new(MockOrigin::start());
    /// let control = Control::start_exposed(origin, ([127, 0, 0, 1], 0).into(), None)?;
    /// assert!(control.token().is_some());
    /// # Ok::<(), mock_origin::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the address cannot be listened on, or the token is shorter than 16 bytes or has others than
    /// letters, digits and `-._~+/=`.
    pub fn start_exposed(
        origin: Arc<MockOrigin>,
        address: SocketAddr,
        token: Option<&str>,
    ) -> Result<Self, Error> {
        let token = token.map_or_else(access::random_token, str::to_owned);
        access::check_token(&token).map_err(|why| {
            let message = format!("the origin cannot be controlled at {address}: {why}");
            Error::invalid_argument(message)
        })?;
        let router = Router::new(&origin, Access::Token(token.clone()));
        let listener = AdminListener::start(address, router)?;
        Ok(Self { listener, token: Some(token), _origin: origin })
    }

    /// Returns the token that requests need, if any.
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// Returns its URL, with a trailing slash: `http://127.0.0.1:40001/__mock/`.
    pub fn url(&self) -> String {
        format!("http://{}{ROOT}", self.listener.address())
    }
}

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Control").field(&self.url()).finish()
    }
}
