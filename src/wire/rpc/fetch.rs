//! The methods about addresses (§7.2).

use std::time::Duration;

use crate::origin::Parents;
use crate::spec::{Cause, Limit};
use crate::wire::{egress, vault};

use super::json::Json;
use super::method::{Stop, Turn};

/// `fetchFileHTTP`. The one origin that it can reach is this account, under its own name as host.
pub(super) fn fetch_file(turn: &mut Turn<'_>) -> Result<Json, Stop> {
    let to = turn.path().map_err(|_| Cause::Params)?;
    let parents = flags(turn)?;
    let uri = turn.args.text("uri")?.ok_or(Cause::Uri)?;
    let host = format!("http://{}/", turn.origin.account());
    let from = uri.strip_prefix(&host).ok_or(Cause::Uri)?;
    let from = egress::decoded(from).ok_or(Cause::Uri)?;
    let user = turn.caller()?.user;
    turn.origin.fetch_later(turn.change, user, from, to, parents);
    Ok(Json::int(0))
}

fn flags(turn: &Turn<'_>) -> Result<Parents, Cause> {
    match turn.args.json("flags") {
        None | Some("null" | "0" | "\"0\"" | "\"\"") => Ok(Parents::Required),
        Some("1" | "\"1\"" | "\"FF_CREATE_DESTDIR\"") => Ok(Parents::Made),
        Some(_) => Err(Cause::FetchFlags),
    }
}

/// `mediaVaultUrl`: addresses on this origin that work until they expire. The file need not exist.
pub(super) fn media_vault_url(turn: &mut Turn<'_>) -> Result<Json, Stop> {
    const DEFAULT: i128 = 3600;
    let path = turn.path()?;
    if turn.origin.tree().directory(&path).is_ok() {
        return Err(Cause::IsDirectory.into());
    }
    let longest = i128::from(turn.origin.limits().of(Limit::MediaVaultExpiry));
    let given = turn.args.integer("expiry")?.filter(|expiry| *expiry != 0);
    let expiry = given.unwrap_or(DEFAULT.min(longest));
    let seconds = Some(expiry).filter(|expiry| (1..=longest).contains(expiry));
    let seconds = seconds.and_then(|expiry| u64::try_from(expiry).ok()).ok_or(Cause::Expiry)?;
    // What expires beyond all time cannot be written (§12).
    let expires = turn.change.at.after(Duration::from_secs(seconds)).ok_or(Cause::Params)?;
    let address = vault::address(turn.origin, turn.host, &path, expires.secs());
    Ok(Json::Object(vec![
        ("code", Json::int(0)),
        ("message", Json::text("success")),
        ("download_url", Json::text(&address)),
        ("preview_url", Json::text(address)),
    ]))
}
