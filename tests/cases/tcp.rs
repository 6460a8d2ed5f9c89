//! The adapter over TCP, with several ways to split requests into writes.

use std::marker::PhantomData;
use std::time::{Duration, UNIX_EPOCH};

use mock_origin::{MockOrigin, User};

use crate::connection::{self, Connection};
use crate::engine::Adapter;
use crate::given::{ACCOUNT, Given, SEED, START};
use crate::request::RenderedRequest;
use crate::response::Response;

/// How a request is split into writes.
pub(crate) trait WriteMode: Send {
    /// The bytes of one write.
    const BYTES: usize;
    /// A pipelined request, which follows in the same write.
    const NEXT: &[u8] = b"";
}

/// Writes the whole request at once.
pub(crate) struct Whole;

impl WriteMode for Whole {
    const BYTES: usize = usize::MAX;
}

/// Writes each byte separately.
pub(crate) struct ByteByByte;

impl WriteMode for ByteByByte {
    const BYTES: usize = 1;
}

/// Writes the request and a pipelined `OPTIONS` request at once.
pub(crate) struct Pipelined;

impl WriteMode for Pipelined {
    const BYTES: usize = usize::MAX;
    const NEXT: &[u8] = b"OPTIONS / HTTP/1.1\r\nHost: origin\r\n\r\n";
}

/// An origin behind a socket. The connection is reused until a response closes it.
pub(crate) struct OverTcp<M> {
    origin: MockOrigin,
    connection: Option<Connection>,
    mode: PhantomData<M>,
}

/// Adds the account to a path of a case. Without it, a directory with the account's name would be
/// read as the account.
fn absolute(path: &str) -> String {
    format!("/{ACCOUNT}/{path}")
}

impl<M: WriteMode> Adapter for OverTcp<M> {
    fn start(given: &Given) -> Self {
        // Many cases send wrong requests, which verification would report.
        let builder = MockOrigin::builder().verify_on_drop(false);
        let mut builder = builder.account(ACCOUNT).seed(SEED);
        for user in &given.users {
            let spec = User::new(&user.name, &user.password);
            builder = builder.user_with(spec.ids(user.uid, user.gid).root(&absolute(&user.root)));
        }
        for directory in &given.directories {
            builder = builder.directory(&absolute(directory));
        }
        for (path, text) in &given.files {
            builder = builder.file(&absolute(path), text.clone());
        }
        for (limit, value) in &given.limits {
            builder = builder.limit(*limit, *value);
        }
        for (name, value) in &given.options {
            builder = builder.set(name, value);
        }
        if let Some(keys) = &given.keys {
            builder = builder.key_pair(&keys.access_key, &keys.secret_key);
        }
        let start = UNIX_EPOCH + Duration::from_secs(START);
        let origin = builder.clock_at(start).clock_stopped().start();
        Self { origin, connection: None, mode: PhantomData }
    }

    fn issue_token(&mut self, user: &str) -> String {
        self.origin.issue_token(user)
    }

    fn advance(&mut self, seconds: u64) {
        self.origin.advance(Duration::from_secs(seconds));
    }

    fn exchange(
        &mut self,
        request: &RenderedRequest,
        interfere_before: &mut dyn FnMut(&mut Self) -> Result<(), String>,
    ) -> Result<Response, String> {
        let mut connection = match self.connection.take() {
            Some(kept) => kept,
            None => Connection::open(&self.origin.url()).map_err(|why| why.to_string())?,
        };
        let response = if request.expects_continue() {
            connection.exchange_waiting::<M>(request, || interfere_before(self))?
        } else {
            connection.exchange::<M>(request)?
        };
        if connection::closes(request, &response) {
            connection.expect_closed()?;
        } else {
            self.connection = Some(connection);
        }
        Ok(response)
    }
}
