//! From a request to its answer: the method, its parameters, the token, in this order (§7.1.6).

use crate::content::Content;
use crate::journal::Call;
use crate::origin::{Actor, Caller, Change, File, Origin, Path, Spelling};
use crate::spec::{
    self, Cause, ENVELOPE, Interface, Join, Limit, Method, Operation, ResultShape, Row, Shape,
    row_for,
};

use crate::wire::Twist;

use super::args::Args;
use super::envelope::Message;
use super::json::Json;
use super::{changes, fetch, files, foresee, lists, multipart, session};

/// Which function does what a method is for.
const HANDLERS: &[(&Method, Handler)] = &[
    (&spec::MAKE_DIR, files::make_dir),
    (&spec::MAKE_DIR2, files::make_dir2),
    (&spec::DELETE_DIR, files::delete_dir),
    (&spec::LIST_DIR, lists::list_dir),
    (&spec::LIST_FILE, lists::list_file),
    (&spec::LIST_PATH, lists::list_path),
    (&spec::STAT, files::stat),
    (&spec::RENAME, changes::rename),
    (&spec::SET_MTIME, changes::set_mtime),
    (&spec::SET_CONTENT_TYPE, changes::set_content_type),
    (&spec::DELETE_FILE, files::delete_file),
    (&spec::FETCH_FILE_HTTP, fetch::fetch_file),
    (&spec::MEDIA_VAULT_URL, fetch::media_vault_url),
    (&spec::MEDIA_VAULT_URL_ALIAS, fetch::media_vault_url),
    (&spec::COPY_FILE, changes::copy_file),
    (&spec::DELETE_OBJECT, changes::delete_object),
    (&spec::RENAME_FILE, changes::rename),
    (&spec::CREATE_MULTIPART, multipart::create),
    (&spec::GET_MULTIPART_STATUS, multipart::status),
    (&spec::GET_MULTIPART_STATUS_MAP, multipart::status_map),
    (&spec::LIST_MULTIPART, multipart::list_uploads),
    (&spec::LIST_MULTIPART_PIECE, multipart::list_pieces),
    (&spec::COMPLETE_MULTIPART, multipart::complete),
    (&spec::ABORT_MULTIPART, multipart::abort),
    (&spec::RESTART_MULTIPART, multipart::restart),
    (&spec::LOGIN_METHOD, session::login),
    (&spec::AUTHENTICATE, session::authenticate),
    (&spec::LOGOUT, session::logout),
    (&spec::CHECK_TOKEN, session::check_token),
    (&spec::UPDATE_SESSION, session::update_session),
    (&spec::NOOP, session::echo),
    (&spec::PING, session::echo),
    (&spec::INIT_KEY_PAIR, session::init_key_pair),
];

type Handler = fn(&mut Turn<'_>) -> Result<Json, Stop>;

/// A method at work.
pub(super) struct Turn<'a> {
    pub(super) origin: &'a mut Origin,
    /// When it does its work, and for which call.
    pub(super) change: Change,
    pub(super) args: &'a Args,
    pub(super) call: &'a mut Call,
    /// The name by which the client called this origin.
    pub(super) host: &'a str,
    /// How a join that it begins goes, if not as the switch says, and who wants that.
    pub(super) join: Option<(Join, Actor)>,
    is_unanswered: bool,
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

    /// The page size that was given under `name`, within the limit: 100 by default, or what the
    /// limit leaves of that.
    pub(super) fn page_size(&self, name: &str) -> Result<usize, Cause> {
        let max = i128::from(self.origin.limits().of(Limit::PageSize));
        let size = self.args.integer(name)?.unwrap_or(max.min(100));
        let size = Some(size).filter(|size| (1..=max).contains(size));
        size.and_then(|size| usize::try_from(size).ok()).ok_or(Cause::PageSize)
    }

    /// A file's checksum; empty if it is not known, and nobody reads it.
    pub(super) fn checksum(&self, file: &File) -> Result<String, Stop> {
        match file.content.known_digest() {
            Some(digest) => Ok(digest.to_string()),
            None if self.is_unanswered => Ok(String::new()),
            None => Err(Stop::NeedsDigest(file.content.clone())),
        }
    }

    /// Notes which path this is about.
    pub(super) fn note_path(&mut self, path: &Path) {
        self.call.path = Some(path.absolute(self.origin.account()));
    }

    fn note_user(&mut self) {
        let user = self.token.as_ref().map(|(_, caller)| self.origin.sessions().user(caller.user));
        self.call.user = user.map(|user| user.name.clone());
        self.call.session = self.token.as_ref().and_then(|(_, caller)| caller.session);
    }
}

/// Where requests are answered.
pub(super) struct Desk<'a> {
    pub(super) origin: &'a mut Origin,
    /// When it does its work, and for which call.
    pub(super) change: Change,
    pub(super) host: &'a str,
    /// What is done to the answer; it is noted there whether that has changed anything.
    pub(super) twist: Option<(&'a Twist, &'a mut bool)>,
    /// Who asks, if that has been judged before.
    pub(super) admitted: Option<&'a Caller>,
    /// Whether nobody reads the answer.
    pub(super) is_unanswered: bool,
}

impl Desk<'_> {
    /// Answers one request, or names the content whose digest the answer needs.
    pub(super) fn answer(&mut self, message: &Message) -> Result<(String, Call), Content> {
        if let Some((Twist::Refuse(row), _)) = self.twist {
            return Ok(self.rejected(message, row));
        }
        let asks = match &message.asks {
            Ok(asks) => asks,
            Err(cause) => return Ok(refused(message, "", *cause)),
        };
        let named = HANDLERS.iter().find(|(method, _)| method.name == asks.method);
        let Some((method, handler)) = named else {
            return Ok(refused(message, &asks.method, Cause::NoSuchMethod));
        };
        let mut call = Call::new(method.operation, Interface::JsonRpc, method.name);
        let args = match Args::bind(method, asks.params.as_deref()) {
            Ok(args) => args,
            Err(cause) => return Ok(self.failed(message, method, None, call, cause)),
        };
        match self.run(*handler, &args, &mut call) {
            Ok(result) => {
                call.row.get_or_insert(&method.rows[0]);
                let result = match &mut self.twist {
                    Some((twist, is_done)) => lists::twisted(result, twist, &args, is_done),
                    None => result,
                };
                Ok((message.result(&result), call))
            }
            Err(Stop::Refused(cause)) => Ok(self.failed(message, method, Some(&args), call, cause)),
            Err(Stop::NeedsDigest(content)) => Err(content),
        }
    }

    /// Refuses a request as a test wants it, whatever it is.
    fn rejected(&self, message: &Message, row: &'static Row) -> (String, Call) {
        let call = foresee::foresee(self.origin, self.change.at, message);
        let (Ok(asks), Some(method)) = (&message.asks, spec::method_named(&call.name)) else {
            return (message.error(row), Call { row: Some(row), ..call });
        };
        let args = Args::bind(method, asks.params.as_deref()).ok();
        self.answered_with(message, method, args.as_ref(), call, row)
    }

    fn run(&mut self, handler: Handler, args: &Args, call: &mut Call) -> Result<Json, Stop> {
        let Self { origin, change, host, admitted, is_unanswered, .. } = self;
        let token = match args.token() {
            None => None,
            Some(token) => {
                let token = token?;
                let caller = match admitted {
                    Some(caller) => (*caller).clone(),
                    None => origin.sessions().caller(change.at, &token).inspect_err(|_| {
                        let ended = origin.sessions().ended(change.at, &token);
                        call.token_ended_by = ended.map(|ended| ended.by);
                    })?,
                };
                Some((token, caller))
            }
        };
        let join = match self.twist {
            Some((Twist::Join(join, by), _)) => Some((*join, *by)),
            _ => None,
        };
        let (change, is_unanswered) = (*change, *is_unanswered);
        let mut turn = Turn { origin, change, args, call, host, join, is_unanswered, token };
        turn.note_user();
        handler(&mut turn)
    }

    /// A refusal by a method: its own code if it has one for the cause, else an error object.
    fn failed(
        &self,
        message: &Message,
        method: &Method,
        args: Option<&Args>,
        call: Call,
        cause: Cause,
    ) -> (String, Call) {
        let general = || row_for(ENVELOPE, cause).or_else(|| row_for(ENVELOPE, Cause::Internal));
        match row_for(method.rows, cause).or_else(general) {
            Some(row) => self.answered_with(message, method, args, call, row),
            None => (String::new(), call),
        }
    }

    /// The answer of a row: as a result if it is the method's own, else as an error object.
    fn answered_with(
        &self,
        message: &Message,
        method: &Method,
        args: Option<&Args>,
        call: Call,
        row: &'static Row,
    ) -> (String, Call) {
        let text = if method.rows.contains(row) {
            message.result(&self.failure(self.shape(method), args, row))
        } else {
            message.error(row)
        };
        (text, Call { row: Some(row), ..call })
    }

    /// What a method answers with; a switch has a say in two of them (§10).
    fn shape(&self, method: &Method) -> Shape {
        let is_switched = matches!(method.operation, Operation::Abort | Operation::Restart);
        match self.origin.switches().result_shape {
            ResultShape::Object if is_switched => Shape::Object,
            ResultShape::Object | ResultShape::Bare => method.shape,
        }
    }

    /// How a method writes a code that is not 0 (§7.1.10).
    fn failure(&self, shape: Shape, args: Option<&Args>, row: &Row) -> Json {
        let code = ("code", Json::int(row.code));
        let (uid, gid) = (("uid", Json::int(0)), ("gid", Json::int(0)));
        let wants_detail = || args.is_some_and(|args| args.boolean("detail") == Ok(Some(true)));
        match shape {
            Shape::Bare => Json::int(row.code),
            Shape::Detailed if wants_detail() => {
                Json::Object(vec![uid, code, gid, ("checksum", Json::text(""))])
            }
            Shape::Object | Shape::Detailed => Json::Object(vec![code]),
            Shape::Session => {
                let subdir = args.and_then(|args| args.text("subdir").ok().flatten());
                let path = format!("/{}{}", self.origin.account(), subdir.unwrap_or_default());
                let path = ("path", Json::text(path));
                Json::Object(vec![uid, gid, code, path, ("token", Json::Null)])
            }
        }
    }
}

/// What was named for a method, as the record keeps it: if it is short.
pub(super) fn shown(name: &str) -> String {
    name.chars().take(64).collect()
}

/// A refusal before any method was found.
fn refused(message: &Message, name: &str, cause: Cause) -> (String, Call) {
    let mut call = Call::new(Operation::UnknownMethod, Interface::JsonRpc, shown(name));
    call.row = row_for(ENVELOPE, cause);
    (call.row.map(|row| message.error(row)).unwrap_or_default(), call)
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
