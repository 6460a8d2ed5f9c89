//! Over real TCP, where the same requests can be written in more than one manner.

use std::marker::PhantomData;
use std::time::{Duration, UNIX_EPOCH};

use mock_origin::{MockOrigin, User};

use crate::answer::Answer;
use crate::connection::{self, Connection};
use crate::engine::Adapter;
use crate::given::{ACCOUNT, Given, SEED, START};
use crate::request::Sent;

/// How a request is written to a connection.
pub(crate) trait Manner: Send {
    /// How many bytes go into one write.
    const BYTES: usize;
    /// The next request, which goes right behind, in the same write.
    const NEXT: &[u8] = b"";
}

/// The whole request in one write.
pub(crate) struct Whole;

impl Manner for Whole {
    const BYTES: usize = usize::MAX;
}

/// A write for each byte.
pub(crate) struct ByteByByte;

impl Manner for ByteByByte {
    const BYTES: usize = 1;
}

/// The request and a harmless one in one write.
pub(crate) struct Pipelined;

impl Manner for Pipelined {
    const BYTES: usize = usize::MAX;
    const NEXT: &[u8] = b"OPTIONS / HTTP/1.1\r\nHost: origin\r\n\r\n";
}

/// An origin behind a socket. Its connection is kept as long as the answers allow.
pub(crate) struct OverTcp<M> {
    origin: MockOrigin,
    connection: Option<Connection>,
    manner: PhantomData<M>,
}

/// A path of a case, from the account's root, with the account in front: so a directory that is called
/// like the account is not taken for it.
fn absolute(path: &str) -> String {
    format!("/{ACCOUNT}/{path}")
}

impl<M: Manner> Adapter for OverTcp<M> {
    fn start(given: &Given) -> Self {
        // Many cases are wrong requests.
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
        for (limit, figure) in &given.limits {
            builder = builder.limit(*limit, *figure);
        }
        for (name, value) in &given.options {
            builder = builder.set(name, value);
        }
        if let Some(keys) = &given.keys {
            builder = builder.key_pair(&keys.access_key, &keys.secret_key);
        }
        let start = UNIX_EPOCH + Duration::from_secs(START);
        let origin = builder.clock_at(start).clock_stopped().start();
        Self { origin, connection: None, manner: PhantomData }
    }

    fn token(&mut self, user: &str) -> String {
        self.origin.issue_token(user)
    }

    fn advance(&mut self, seconds: u64) {
        self.origin.advance(Duration::from_secs(seconds));
    }

    fn exchange(
        &mut self,
        sent: &Sent,
        interfere_before: &mut dyn FnMut(&mut Self) -> Result<(), String>,
    ) -> Result<Answer, String> {
        let mut connection = match self.connection.take() {
            Some(kept) => kept,
            None => Connection::open(&self.origin.url()).map_err(|why| why.to_string())?,
        };
        let answer = if sent.waits() {
            connection.exchange_waiting::<M>(sent, || interfere_before(self))?
        } else {
            connection.exchange::<M>(sent)?
        };
        if connection::ends(sent, &answer) {
            connection.end()?;
        } else {
            self.connection = Some(connection);
        }
        Ok(answer)
    }
}
