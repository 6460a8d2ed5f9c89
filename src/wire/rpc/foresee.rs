//! What a request asks for, before anything is done.

use crate::journal::Call;
use crate::origin::{Caller, Origin, Path, Spelling, Timestamp};
use crate::spec::{Interface, Limit, Operation, method_named};

use super::args::Args;
use super::envelope::Message;
use super::method;

/// The parameters that say what a method is about; a method has one of them at most.
const PATHS: [&str; 3] = ["path", "oldpath", "from"];

/// The call that a request makes, as far as its parameters tell.
pub(super) fn foresee(origin: &Origin, now: Timestamp, message: &Message) -> Call {
    let unknown =
        |name: &str| Call::new(Operation::UnknownMethod, Interface::JsonRpc, method::shown(name));
    let Ok(asks) = &message.asks else { return unknown("") };
    let Some(method) = method_named(&asks.method) else { return unknown(&asks.method) };
    let call = Call::new(method.operation, Interface::JsonRpc, method.name);
    match Args::bind(method, asks.params.as_deref()) {
        Ok(args) => about(origin, now, &args, call),
        Err(_) => call,
    }
}

/// Who asks, if the request has a token that works.
pub(super) fn caller(origin: &Origin, now: Timestamp, message: &Message) -> Option<Caller> {
    let asks = message.asks.as_ref().ok()?;
    let args = Args::bind(method_named(&asks.method)?, asks.params.as_deref()).ok()?;
    origin.sessions().caller(now, &args.token()?.ok()?).ok()
}

fn about(origin: &Origin, now: Timestamp, args: &Args, mut call: Call) -> Call {
    let text = |name: &str| args.text(name).ok().flatten();
    let Some(Ok(token)) = args.token() else {
        let login = text("username").zip(text("password"));
        let known =
            login.filter(|(name, password)| origin.sessions().check(name, password).is_ok());
        return Call { user: known.map(|(name, _)| name), ..call };
    };
    let Ok(caller) = origin.sessions().caller(now, &token) else { return call };
    call.user = Some(origin.sessions().user(caller.user).name.clone());
    call.session = caller.session;
    call.upload = text("mpid");
    let of_upload = call.upload.as_deref().and_then(|id| origin.uploads().get(id));
    let of_upload = of_upload.filter(|upload| upload.owner == caller.user);
    let path = PATHS.iter().find_map(|name| text(name));
    call.path = path
        .and_then(|path| seen_by(origin, &caller, &path))
        .or_else(|| of_upload.map(|upload| upload.path.clone()))
        .map(|path| path.absolute(origin.account()));
    call
}

fn seen_by(origin: &Origin, caller: &Caller, path: &str) -> Option<Path> {
    let max = origin.limits().of(Limit::PathBytes);
    Path::parse(path.as_bytes(), Spelling::Plain, max).ok().map(|path| path.under(&caller.root))
}
