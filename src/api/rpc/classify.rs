//! Determines the calls of a JSON-RPC request without executing it. Start with [`classify`].

use crate::journal::Call;
use crate::protocol::{Interface, Limit, Operation, method_named};
use crate::storage::{Path, PathEncoding, Principal, Storage, Timestamp};

use super::envelope::Message;
use super::params::Params;

/// The parameters with the path of a method. A method has at most one of them.
const PATHS: [&str; 3] = ["path", "oldpath", "from"];

/// Returns the call of a request, as far as its parameters determine it.
pub(super) fn classify(storage: &Storage, now: Timestamp, message: &Message) -> Call {
    let unknown =
        |name: &str| Call::new(Operation::UnknownMethod, Interface::JsonRpc, shorten_name(name));
    let Ok(rpc_call) = &message.rpc_call else { return unknown("") };
    let Some(method) = method_named(&rpc_call.method) else { return unknown(&rpc_call.method) };
    let call = Call::new(method.operation, Interface::JsonRpc, method.name);
    match Params::bind(method, rpc_call.params.as_deref()) {
        Ok(args) => describe_call(storage, now, &args, call),
        Err(_) => call,
    }
}

/// Returns the principal of a request with a valid token.
pub(super) fn principal(storage: &Storage, now: Timestamp, message: &Message) -> Option<Principal> {
    let rpc_call = message.rpc_call.as_ref().ok()?;
    let args = Params::bind(method_named(&rpc_call.method)?, rpc_call.params.as_deref()).ok()?;
    storage.sessions().principal(now, &args.token()?.ok()?).ok()
}

/// Returns a method name for the journal, shortened to 64 characters.
pub(super) fn shorten_name(name: &str) -> String {
    name.chars().take(64).collect()
}

fn describe_call(storage: &Storage, now: Timestamp, args: &Params, mut call: Call) -> Call {
    let text = |name: &str| args.text(name).ok().flatten();
    let Some(Ok(token)) = args.token() else {
        let login = text("username").zip(text("password"));
        let known =
            login.filter(|(name, password)| storage.sessions().check(name, password).is_ok());
        return Call { user: known.map(|(name, _)| name.into()), ..call };
    };
    let Ok(principal) = storage.sessions().principal(now, &token) else { return call };
    call.user = Some(storage.sessions().user(principal.user).name.clone());
    call.session = principal.session;
    call.upload = text("mpid").map(Into::into);
    let of_upload = call.upload.as_deref().and_then(|id| storage.uploads().get(id));
    let of_upload = of_upload.filter(|upload| upload.owner == principal.user);
    let path = PATHS.iter().find_map(|name| text(name));
    call.path = path
        .and_then(|path| resolve_path(storage, &principal, &path))
        .or_else(|| of_upload.map(|upload| upload.path.clone()))
        .map(|path| path.absolute(storage.account()).into());
    call
}

fn resolve_path(storage: &Storage, principal: &Principal, path: &str) -> Option<Path> {
    let max = storage.limits().get(Limit::PathBytes);
    Path::parse(path.as_bytes(), PathEncoding::Raw, max)
        .ok()
        .map(|path| path.under(&principal.root))
}
