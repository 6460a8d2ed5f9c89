//! `/account/login` (§2.4–§2.6).

use crate::journal::Call;
use crate::origin::{Change, GivenBy, Life, Origin, Path, Spelling, UserId};
use crate::spec::{Cause, LOGIN, Limit, TOKEN_LIFE_SECS};
use crate::wire::answer::Draft;
use crate::wire::answer::path_header;
use crate::wire::ask::{Ask, digits, spelling};

/// A login whose name and password are right.
#[derive(Clone, Debug)]
pub(in crate::wire) struct Login {
    user: UserId,
    subdir: Path,
    life: Life,
}

pub(in crate::wire) fn open(ask: &Ask<'_>, call: &mut Call) -> Result<Login, Cause> {
    let name = ask.text("X-Agile-Username").unwrap_or_default();
    let password = ask.text("X-Agile-Password").unwrap_or_default();
    let user = ask.origin.sessions().check(&name, &password)?;
    call.user = Some(name);
    let seconds = expiry(ask.header("X-Agile-Expiry"))?;
    let (subdir, life) = subdirectory(ask, seconds)?;
    let root = subdir.clone().under(&ask.origin.sessions().user(user).root);
    if life != Life::None && ask.origin.tree().directory(&root).is_err() {
        return Err(Cause::NoSubdirectory);
    }
    ask.note_path(call, &root);
    Ok(Login { user, subdir, life })
}

impl Login {
    pub(in crate::wire) fn commit(
        &self,
        origin: &mut Origin,
        change: Change,
    ) -> Result<Draft, Cause> {
        let (token, caller) =
            origin.grant(change, self.user, self.subdir.clone(), self.life, GivenBy::Http)?;
        let user = origin.sessions().user(caller.user);
        Ok(Draft::coded(&LOGIN.rows[0])
            .with("X-Agile-Token", token.into_bytes())
            .with("X-Agile-Uid", user.uid.to_string().into_bytes())
            .with("X-Agile-Gid", user.gid.to_string().into_bytes())
            .with("X-Agile-Path", path_header(&caller.root, origin.account(), Spelling::Plain)))
    }
}

/// Seconds that a token is to live. More than a number can hold is for ever.
fn expiry(header: Option<&[u8]>) -> Result<u64, Cause> {
    let Some(text) = header else { return Ok(TOKEN_LIFE_SECS) };
    let seconds = digits(text).map(|text| text.parse().unwrap_or(u64::MAX));
    seconds.filter(|seconds| *seconds > 0).ok_or(Cause::Expiry)
}

/// The subdirectory, and whether its token will live: one that could not be read gives a dead one
/// (§2.6).
fn subdirectory(ask: &Ask<'_>, seconds: u64) -> Result<(Path, Life), Cause> {
    let encoding =
        ask.header("X-Agile-Encoding").or_else(|| ask.header("X-Agile-Content-Encoding"));
    let text = ask.header("X-Agile-Subdir").unwrap_or_default();
    let read = |spelling| Path::parse(text, spelling, ask.origin.limits().of(Limit::PathBytes));
    let alive = match spelling(encoding) {
        Ok(Spelling::Quoted) => read_utf8(text, read),
        Ok(Spelling::Plain) if text.is_ascii() => read(Spelling::Plain),
        _ => return Ok((read(Spelling::Plain).unwrap_or_default(), Life::None)),
    };
    alive.map(|path| (path, Life::Seconds(seconds))).map_err(|_| Cause::NoSubdirectory)
}

/// With UTF8 a subdirectory may come raw or quoted; bytes that only raw text has tell which.
fn read_utf8(text: &[u8], read: impl Fn(Spelling) -> Result<Path, Cause>) -> Result<Path, Cause> {
    if text.is_ascii() { read(Spelling::Quoted) } else { read(Spelling::Plain) }
}
