//! `/account/login` (§2.4–§2.6).

use crate::api::context::{RequestContext, parse_digits, path_encoding};
use crate::api::response::ResponseBuilder;
use crate::api::response::path_header;
use crate::journal::Call;
use crate::protocol::{ErrorKind, LOGIN, Limit, TOKEN_LIFE_SECS};
use crate::storage::{Change, Path, PathEncoding, Storage, TokenLifetime, TokenSource, UserId};

/// A login with the right name and password.
#[derive(Clone, Debug)]
pub(in crate::api) struct Login {
    user: UserId,
    subdir: Path,
    life: TokenLifetime,
}

pub(in crate::api) fn open(
    context: &RequestContext<'_>,
    call: &mut Call,
) -> Result<Login, ErrorKind> {
    let name = context.text("X-Agile-Username").unwrap_or_default();
    let password = context.text("X-Agile-Password").unwrap_or_default();
    let user = context.storage.sessions().check(&name, &password)?;
    call.user = Some(name.into());
    let seconds = expiry(context.header("X-Agile-Expiry"))?;
    let (subdir, life) = subdirectory(context, seconds)?;
    let root = subdir.clone().under(&context.storage.sessions().user(user).root);
    if life != TokenLifetime::None && context.storage.tree().directory(&root).is_err() {
        return Err(ErrorKind::NoSubdirectory);
    }
    context.record_path(call, &root);
    Ok(Login { user, subdir, life })
}

impl Login {
    pub(in crate::api) fn commit(
        &self,
        storage: &mut Storage,
        change: Change,
    ) -> Result<ResponseBuilder, ErrorKind> {
        let (token, principal) =
            storage.grant(change, self.user, self.subdir.clone(), self.life, TokenSource::Http)?;
        let user = storage.sessions().user(principal.user);
        Ok(ResponseBuilder::from_result_code(&LOGIN.results[0])
            .with("X-Agile-Token", token)
            .with("X-Agile-Uid", user.uid.to_string())
            .with("X-Agile-Gid", user.gid.to_string())
            .with(
                "X-Agile-Path",
                path_header(&principal.root, storage.account(), PathEncoding::Raw),
            ))
    }
}

/// Parses the lifetime of a token in seconds. A number that overflows means no end.
fn expiry(header: Option<&[u8]>) -> Result<u64, ErrorKind> {
    let Some(text) = header else { return Ok(TOKEN_LIFE_SECS) };
    let seconds = parse_digits(text).map(|text| text.parse().unwrap_or(u64::MAX));
    seconds.filter(|seconds| *seconds > 0).ok_or(ErrorKind::Expiry)
}

/// Returns the subdirectory and the lifetime of the token. A subdirectory that could not be read
/// gives an expired token (§2.6).
fn subdirectory(
    context: &RequestContext<'_>,
    seconds: u64,
) -> Result<(Path, TokenLifetime), ErrorKind> {
    let encoding =
        context.header("X-Agile-Encoding").or_else(|| context.header("X-Agile-Content-Encoding"));
    let text = context.header("X-Agile-Subdir").unwrap_or_default();
    let read = |path_encoding| {
        Path::parse(text, path_encoding, context.storage.limits().get(Limit::PathBytes))
    };
    let alive = match path_encoding(encoding) {
        Ok(PathEncoding::PercentEncoded) => read_utf8(text, read),
        Ok(PathEncoding::Raw) if text.is_ascii() => read(PathEncoding::Raw),
        _ => return Ok((read(PathEncoding::Raw).unwrap_or_default(), TokenLifetime::None)),
    };
    alive.map(|path| (path, TokenLifetime::Seconds(seconds))).map_err(|_| ErrorKind::NoSubdirectory)
}

/// Reads a subdirectory in UTF8, which may be raw or quoted. Bytes that only raw text can have
/// decide.
fn read_utf8(
    text: &[u8],
    read: impl Fn(PathEncoding) -> Result<Path, ErrorKind>,
) -> Result<Path, ErrorKind> {
    if text.is_ascii() { read(PathEncoding::PercentEncoded) } else { read(PathEncoding::Raw) }
}
