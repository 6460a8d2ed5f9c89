//! From a request to its response: the method, its parameters, the token, in this order (§7.1.6).
//! Start with [`Dispatcher`].

use crate::blob::Blob;
use crate::journal::Call;
use crate::protocol::{
    self, ENVELOPE_RESULTS, ErrorKind, Interface, Method, Operation, ResultCode, ResultShape,
    Shape, result_code_for,
};
use crate::storage::{Change, Principal, Storage};

use crate::api::CallOverride;

use super::envelope::Message;
use super::json::Json;
use super::method_context::{MethodContext, MethodError};
use super::params::Params;
use super::{classify, fetch, files, listing, multipart, mutations, session};

/// The handler of each method.
const HANDLERS: &[(&Method, Handler)] = &[
    (&protocol::MAKE_DIR, files::make_dir),
    (&protocol::MAKE_DIR2, files::make_dir2),
    (&protocol::DELETE_DIR, files::delete_dir),
    (&protocol::LIST_DIR, listing::list_dir),
    (&protocol::LIST_FILE, listing::list_file),
    (&protocol::LIST_PATH, listing::list_path),
    (&protocol::STAT, files::stat),
    (&protocol::RENAME, mutations::rename),
    (&protocol::SET_MTIME, mutations::set_mtime),
    (&protocol::SET_CONTENT_TYPE, mutations::set_content_type),
    (&protocol::DELETE_FILE, files::delete_file),
    (&protocol::FETCH_FILE_HTTP, fetch::fetch_file),
    (&protocol::MEDIA_VAULT_URL, fetch::media_vault_url),
    (&protocol::MEDIA_VAULT_URL_ALIAS, fetch::media_vault_url),
    (&protocol::COPY_FILE, mutations::copy_file),
    (&protocol::DELETE_OBJECT, mutations::delete_object),
    (&protocol::RENAME_FILE, mutations::rename),
    (&protocol::CREATE_MULTIPART, multipart::create),
    (&protocol::GET_MULTIPART_STATUS, multipart::status),
    (&protocol::GET_MULTIPART_STATUS_MAP, multipart::status_map),
    (&protocol::LIST_MULTIPART, multipart::list_uploads),
    (&protocol::LIST_MULTIPART_PIECE, multipart::list_pieces),
    (&protocol::COMPLETE_MULTIPART, multipart::complete),
    (&protocol::ABORT_MULTIPART, multipart::abort),
    (&protocol::RESTART_MULTIPART, multipart::restart),
    (&protocol::LOGIN_METHOD, session::login),
    (&protocol::AUTHENTICATE, session::authenticate),
    (&protocol::LOGOUT, session::logout),
    (&protocol::CHECK_TOKEN, session::check_token),
    (&protocol::UPDATE_SESSION, session::update_session),
    (&protocol::NOOP, session::echo),
    (&protocol::PING, session::echo),
    (&protocol::INIT_KEY_PAIR, session::init_key_pair),
];

type Handler = fn(&mut MethodContext<'_>) -> Result<Json, MethodError>;

/// Executes the requests of a body.
pub(super) struct Dispatcher<'a> {
    pub(super) storage: &'a mut Storage,
    /// The time and the actor of its changes.
    pub(super) change: Change,
    pub(super) host: &'a str,
    /// The override of the call, and a flag that is set if the override has changed the result.
    pub(super) call_override: Option<(&'a CallOverride, &'a mut bool)>,
    /// The principal, if authentication has been done before.
    pub(super) principals: Option<&'a Principal>,
    /// Whether the response is never read.
    pub(super) is_response_unread: bool,
}

impl Dispatcher<'_> {
    /// Executes one request and returns its response, or the blobs whose digests the response needs.
    pub(super) fn response(&mut self, message: &Message) -> Result<(String, Call), Vec<Blob>> {
        if let Some((CallOverride::Reject(result_code), _)) = self.call_override {
            return Ok(self.reject(message, result_code));
        }
        let rpc_call = match &message.rpc_call {
            Ok(rpc_call) => rpc_call,
            Err(cause) => return Ok(reject_unknown_method(message, "", *cause)),
        };
        let named = HANDLERS.iter().find(|(method, _)| method.name == rpc_call.method);
        let Some((method, handler)) = named else {
            return Ok(reject_unknown_method(message, &rpc_call.method, ErrorKind::NoSuchMethod));
        };
        let mut call = Call::new(method.operation, Interface::JsonRpc, method.name);
        let args = match Params::bind(method, rpc_call.params.as_deref()) {
            Ok(args) => args,
            Err(cause) => return Ok(self.fail(message, method, None, call, cause)),
        };
        match self.run(*handler, &args, &mut call) {
            Ok(result) => {
                call.result_code.get_or_insert(&method.results[0]);
                let result = match &mut self.call_override {
                    Some((call_override, is_done)) => {
                        listing::apply_override(result, call_override, &args, is_done)
                    }
                    None => result,
                };
                Ok((message.result(&result), call))
            }
            Err(MethodError::Rejected(cause)) => {
                Ok(self.fail(message, method, Some(&args), call, cause))
            }
            Err(MethodError::NeedsDigests(blobs)) => Err(blobs),
        }
    }

    /// Rejects a request with the result code of a fault.
    fn reject(&self, message: &Message, result_code: &'static ResultCode) -> (String, Call) {
        let call = classify::classify(self.storage, self.change.at, message);
        let (Ok(rpc_call), Some(method)) = (&message.rpc_call, protocol::method_named(&call.name))
        else {
            return (message.error(result_code), Call { result_code: Some(result_code), ..call });
        };
        let args = Params::bind(method, rpc_call.params.as_deref()).ok();
        self.respond_with(message, method, args.as_ref(), call, result_code)
    }

    fn run(
        &mut self,
        handler: Handler,
        args: &Params,
        call: &mut Call,
    ) -> Result<Json, MethodError> {
        let Self { storage, change, host, principals, is_response_unread, .. } = self;
        let token = match args.token() {
            None => None,
            Some(token) => {
                let token = token?;
                let principal = match principals {
                    Some(principal) => (*principal).clone(),
                    None => storage.sessions().principal(change.at, &token).inspect_err(|_| {
                        call.ended_token =
                            storage.sessions().ended(change.at, &token).map(Box::new);
                    })?,
                };
                Some((token, principal))
            }
        };
        let join = match self.call_override {
            Some((CallOverride::Join(join, by), _)) => Some((*join, *by)),
            _ => None,
        };
        let (change, is_response_unread) = (*change, *is_response_unread);
        let mut context =
            MethodContext { storage, change, args, call, host, join, is_response_unread, token };
        context.record_user();
        handler(&mut context)
    }

    /// Returns an error response: with the method's own result code if it has one for the cause,
    /// else an error object.
    fn fail(
        &self,
        message: &Message,
        method: &Method,
        args: Option<&Params>,
        call: Call,
        cause: ErrorKind,
    ) -> (String, Call) {
        let general = || {
            result_code_for(ENVELOPE_RESULTS, cause)
                .or_else(|| result_code_for(ENVELOPE_RESULTS, ErrorKind::Internal))
        };
        match result_code_for(method.results, cause).or_else(general) {
            Some(result_code) => self.respond_with(message, method, args, call, result_code),
            None => (String::new(), call),
        }
    }

    /// Returns the response of a result code: a result if the method has this code, else an error
    /// object.
    fn respond_with(
        &self,
        message: &Message,
        method: &Method,
        args: Option<&Params>,
        call: Call,
        result_code: &'static ResultCode,
    ) -> (String, Call) {
        let text = if method.results.contains(result_code) {
            message.result(&self.failure_json(self.result_shape(method), args, result_code))
        } else {
            message.error(result_code)
        };
        (text, Call { result_code: Some(result_code), ..call })
    }

    /// Returns the shape of the result of a method. For two methods, the option `result_shape`
    /// decides (§10).
    fn result_shape(&self, method: &Method) -> Shape {
        let is_switched = matches!(method.operation, Operation::Abort | Operation::Restart);
        match self.storage.options().result_shape {
            ResultShape::Object if is_switched => Shape::Object,
            ResultShape::Object | ResultShape::Bare => method.shape,
        }
    }

    /// Returns the result of a method for a code other than 0 (§7.1.10).
    fn failure_json(&self, shape: Shape, args: Option<&Params>, result_code: &ResultCode) -> Json {
        let code = ("code", Json::int(result_code.code));
        let (uid, gid) = (("uid", Json::int(0)), ("gid", Json::int(0)));
        let wants_detail = || args.is_some_and(|args| args.boolean("detail") == Ok(Some(true)));
        match shape {
            Shape::Bare => Json::int(result_code.code),
            Shape::Detailed if wants_detail() => {
                Json::Object(vec![uid, code, gid, ("checksum", Json::text(""))])
            }
            Shape::Object | Shape::Detailed => Json::Object(vec![code]),
            Shape::Session => {
                let subdir = args.and_then(|args| args.text("subdir").ok().flatten());
                let path = format!("/{}{}", self.storage.account(), subdir.unwrap_or_default());
                let path = ("path", Json::text(path));
                Json::Object(vec![uid, gid, code, path, ("token", Json::Null)])
            }
        }
    }
}

/// Returns the error response to a request without a known method.
fn reject_unknown_method(message: &Message, name: &str, cause: ErrorKind) -> (String, Call) {
    let mut call =
        Call::new(Operation::UnknownMethod, Interface::JsonRpc, classify::shorten_name(name));
    call.result_code = result_code_for(ENVELOPE_RESULTS, cause);
    (call.result_code.map(|result_code| message.error(result_code)).unwrap_or_default(), call)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_of_the_tables_has_a_handler() {
        let handled: Vec<_> = HANDLERS.iter().map(|(method, _)| method.name).collect();
        let specified: Vec<_> = protocol::METHODS.iter().map(|method| method.name).collect();
        assert_eq!(handled, specified);
    }
}
