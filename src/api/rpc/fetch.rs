//! The methods for addresses (§7.2).

use std::time::Duration;

use crate::api::{signed_url, url};
use crate::protocol::{ErrorKind, Limit};
use crate::storage::MissingParents;

use super::json::Json;
use super::method_context::{MethodContext, MethodError};

/// Executes `fetchFileHTTP`. The only reachable origin is this account, with its name as host.
pub(super) fn fetch_file(context: &mut MethodContext<'_>) -> Result<Json, MethodError> {
    let to = context.path().map_err(|_| ErrorKind::Params)?;
    let parents = flags(context)?;
    let uri = context.args.text("uri")?.ok_or(ErrorKind::Uri)?;
    let host = format!("http://{}/", context.storage.account());
    let from = uri.strip_prefix(&host).ok_or(ErrorKind::Uri)?;
    let from = url::parse_path(from).ok_or(ErrorKind::Uri)?;
    let user = context.principal()?.user;
    context.storage.fetch_later(context.change, user, from, to, parents);
    Ok(Json::int(0))
}

fn flags(context: &MethodContext<'_>) -> Result<MissingParents, ErrorKind> {
    match context.args.json("flags") {
        None | Some("null" | "0" | "\"0\"" | "\"\"") => Ok(MissingParents::Reject),
        Some("1" | "\"1\"" | "\"FF_CREATE_DESTDIR\"") => Ok(MissingParents::Create),
        Some(_) => Err(ErrorKind::FetchFlags),
    }
}

/// Executes `mediaVaultUrl`: returns an address on this origin that is valid until it expires. The
/// file need not exist.
pub(super) fn media_vault_url(context: &mut MethodContext<'_>) -> Result<Json, MethodError> {
    const DEFAULT: i128 = 3600;
    let path = context.path()?;
    if context.storage.tree().directory(&path).is_ok() {
        return Err(ErrorKind::IsDirectory.into());
    }
    let longest = i128::from(context.storage.limits().get(Limit::MediaVaultExpiry));
    let given = context.args.integer("expiry")?.filter(|expiry| *expiry != 0);
    let expiry = given.unwrap_or(DEFAULT.min(longest));
    let seconds = Some(expiry).filter(|expiry| (1..=longest).contains(expiry));
    let seconds = seconds.and_then(|expiry| u64::try_from(expiry).ok()).ok_or(ErrorKind::Expiry)?;
    // An expiry that overflows cannot be written (§7.2).
    let expires = context.change.at.after(Duration::from_secs(seconds)).ok_or(ErrorKind::Params)?;
    let address = signed_url::build_address(context.storage, context.host, &path, expires.secs());
    Ok(Json::Object(vec![
        ("code", Json::int(0)),
        ("message", Json::text("success")),
        ("download_url", Json::text(&address)),
        ("preview_url", Json::text(address)),
    ]))
}
