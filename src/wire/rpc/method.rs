//! From a request to its answer: the method, its parameters, the token, in this order (§7.1.6).

use crate::content::Content;
use crate::journal::Call;
use crate::origin::{Caller, Origin, Path, Spelling, Timestamp};
use crate::spec::{
    self, Cause, ENVELOPE, Interface, Limit, Method, Operation, Row, Shape, row_for,
};

use super::args::Args;
use super::envelope::{Asks, Message};
use super::json::Json;
use super::{files, multipart, session};

/// Which function does what a method is for.
const HANDLERS: &[(&Method, Handler)] = &[
    (&spec::MAKE_DIR, files::make_dir),
    (&spec::MAKE_DIR2, files::make_dir2),
    (&spec::DELETE_DIR, files::delete_dir),
    (&spec::STAT, files::stat),
    (&spec::DELETE_FILE, files::delete_file),
    (&spec::CREATE_MULTIPART, multipart::create),
    (&spec::GET_MULTIPART_STATUS, multipart::status),
    (&spec::LIST_MULTIPART_PIECE, multipart::list_pieces),
    (&spec::COMPLETE_MULTIPART, multipart::complete),
    (&spec::ABORT_MULTIPART, multipart::abort),
    (&spec::LOGIN_METHOD, session::login),
    (&spec::LOGOUT, session::logout),
    (&spec::NOOP, session::echo),
    (&spec::PING, session::echo),
];

type Handler = fn(&mut Turn<'_>) -> Result<Json, Stop>;

/// A method at work.
pub(super) struct Turn<'a> {
    pub(super) origin: &'a mut Origin,
    pub(super) now: Timestamp,
    pub(super) args: &'a Args,
    pub(super) call: &'a mut Call,
    token: Option<(String, Caller)>,
}

/// Why a method did not come to a result.
pub(super) enum Stop {
    /// It is refused.
    Refused(Cause),
    /// It needs that content's digest first; it has changed nothing.
    NeedsDigest(Content),
}

impl From<Cause> for Stop {
    fn from(cause: Cause) -> Self {
        Self::Refused(cause)
    }
}

impl Turn<'_> {
    /// Who asks.
    pub(super) fn caller(&self) -> Result<Caller, Cause> {
        self.token.as_ref().map(|(_, caller)| caller.clone()).ok_or(Cause::BadCredentials)
    }

    /// The token that was given, once it has been found good.
    pub(super) fn token(&self) -> Result<String, Cause> {
        self.token.as_ref().map(|(token, _)| token.clone()).ok_or(Cause::BadCredentials)
    }

    /// The parameter `path`, as the caller means it.
    pub(super) fn path(&mut self) -> Result<Path, Cause> {
        let text = self.args.text("path")?.ok_or(Cause::EmptyPath)?;
        let max = self.origin.limits().of(Limit::PathBytes);
        let path = Path::parse(text.as_bytes(), Spelling::Plain, max)?.under(&self.caller()?.root);
        self.note_path(&path);
        Ok(path)
    }

    /// Notes which path this is about.
    pub(super) fn note_path(&mut self, path: &Path) {
        self.call.path = Some(path.absolute(self.origin.account()));
    }

    fn note_user(&mut self) {
        let user = self.token.as_ref().map(|(_, caller)| self.origin.sessions().user(caller.user));
        self.call.user = user.map(|user| user.name.clone());
    }
}

/// Answers one request, or names the content whose digest the answer needs.
pub(super) fn answer(
    origin: &mut Origin,
    now: Timestamp,
    message: &Message,
) -> Result<(String, Call), Content> {
    match &message.asks {
        Ok(asks) => answer_method(origin, now, message, asks),
        Err(cause) => Ok(refused(message, "", *cause)),
    }
}

fn answer_method(
    origin: &mut Origin,
    now: Timestamp,
    message: &Message,
    asks: &Asks,
) -> Result<(String, Call), Content> {
    let Some((method, handler)) = HANDLERS.iter().find(|(method, _)| method.name == asks.method)
    else {
        return Ok(refused(message, &asks.method, Cause::NoSuchMethod));
    };
    let mut call = Call::new(method.operation, Interface::JsonRpc, method.name);
    let args = match Args::bind(method, asks.params.as_deref()) {
        Ok(args) => args,
        Err(cause) => return Ok(failed(message, method, None, call, cause)),
    };
    match run(*handler, origin, now, &args, &mut call) {
        Ok(result) => {
            call.row.get_or_insert(&method.rows[0]);
            Ok((message.result(&result), call))
        }
        Err(Stop::Refused(cause)) => Ok(failed(message, method, Some(&args), call, cause)),
        Err(Stop::NeedsDigest(content)) => Err(content),
    }
}

fn run(
    handler: Handler,
    origin: &mut Origin,
    now: Timestamp,
    args: &Args,
    call: &mut Call,
) -> Result<Json, Stop> {
    let token = match args.token() {
        None => None,
        Some(token) => {
            let token = token?;
            let caller = origin.sessions().caller(now, &token)?;
            Some((token, caller))
        }
    };
    let mut turn = Turn { origin, now, args, call, token };
    turn.note_user();
    handler(&mut turn)
}

/// A refusal before any method was found. What was named is kept for the record, if it is short.
fn refused(message: &Message, name: &str, cause: Cause) -> (String, Call) {
    let shown: String = name.chars().take(64).collect();
    let mut call = Call::new(Operation::UnknownMethod, Interface::JsonRpc, shown);
    call.row = row_for(ENVELOPE, cause);
    (call.row.map(|row| message.error(row)).unwrap_or_default(), call)
}

/// A refusal by a method: its own code if it has one for the cause, else an error object.
fn failed(
    message: &Message,
    method: &Method,
    args: Option<&Args>,
    mut call: Call,
    cause: Cause,
) -> (String, Call) {
    let own = row_for(method.rows, cause);
    call.row =
        own.or_else(|| row_for(ENVELOPE, cause)).or_else(|| row_for(ENVELOPE, Cause::Internal));
    let text = match (own, call.row) {
        (Some(row), _) => message.result(&failure(method.shape, args, row)),
        (None, Some(row)) => message.error(row),
        (None, None) => String::new(),
    };
    (text, call)
}

/// How a method writes a code that is not 0 (§7.1.10).
fn failure(shape: Shape, args: Option<&Args>, row: &Row) -> Json {
    let code = ("code", Json::int(row.code));
    let wants_detail = || args.is_some_and(|args| args.boolean("detail") == Ok(Some(true)));
    match shape {
        Shape::Bare => Json::int(row.code),
        Shape::Detailed if wants_detail() => Json::Object(vec![
            ("uid", Json::int(0)),
            code,
            ("gid", Json::int(0)),
            ("checksum", Json::text("")),
        ]),
        Shape::Object | Shape::Detailed => Json::Object(vec![code]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_of_the_tables_has_a_handler() {
        let handled: Vec<_> = HANDLERS.iter().map(|(method, _)| method.name).collect();
        let specified: Vec<_> = spec::METHODS.iter().map(|method| method.name).collect();
        assert_eq!(handled, specified);
    }
}
