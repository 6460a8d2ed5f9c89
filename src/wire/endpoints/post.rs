//! What `/post/raw` and `/post/file` have in common (§5).

use crate::content::{Content, Digest};
use crate::origin::{
    Caller, Change, NewFile, Origin, Parents, Path, Spelling, check_digest, last_component,
};
use crate::spec::{Cause, Endpoint};
use crate::wire::answer::{Draft, path_header};
use crate::wire::ask::{Ask, digits};
use crate::wire::detect::Typing;

use super::directory::flag;

/// What the headers of both say.
#[derive(Clone, Debug)]
pub(super) struct Common {
    pub(super) caller: Caller,
    pub(super) recursive: Option<Parents>,
    pub(super) typing: Typing,
    checksum: Option<String>,
}

/// A file that has come whole.
pub(super) struct Arrived<'a> {
    pub(super) content: Content,
    pub(super) digest: Digest,
    pub(super) start: &'a [u8],
    /// The type that the form's part has.
    pub(super) part_type: Option<&'a str>,
}

impl Common {
    pub(super) fn read(
        ask: &Ask<'_>,
        caller: Caller,
        recursive: Option<Parents>,
    ) -> Result<Self, Cause> {
        let typing = Typing::read(ask)?;
        Ok(Self { caller, recursive, typing, checksum: ask.text("X-Agile-Checksum") })
    }

    /// Judges the checksum, stores the file and answers as both do: status, checksum, size, path.
    pub(super) fn store(
        &self,
        origin: &mut Origin,
        change: Change,
        endpoint: &'static Endpoint,
        new: NewFile,
        file: &Arrived<'_>,
        spelling: Spelling,
    ) -> Result<(Draft, Path), Cause> {
        check_digest(self.checksum.as_deref(), file.digest)?;
        let name = new.name.clone().unwrap_or_default();
        let content_type = self.typing.decide(file.part_type, &name, file.start);
        let user = self.caller.user;
        let path = origin.post(change, user, new, file.content.clone(), content_type)?;
        let answer = Draft::coded(&endpoint.rows[0])
            .with("X-Agile-Checksum", file.digest.to_string().into_bytes())
            .with("X-Agile-Size", file.content.len().to_string().into_bytes())
            .with("X-Agile-Path", path_header(&path, origin.account(), spelling));
        Ok((answer, path))
    }
}

/// What `X-Agile-Recursive` says, if it says anything.
pub(super) fn recursive(ask: &Ask<'_>) -> Result<Option<Parents>, Cause> {
    ask.header("X-Agile-Recursive").map(flag).transpose()
}

/// Directory and name, read as one path, so that the whole is measured as it came (§3.2).
pub(super) fn destination(
    ask_path: impl Fn(&[u8]) -> Result<Path, Cause>,
    directory: &[u8],
    basename: Option<&[u8]>,
    spelling: Spelling,
) -> Result<(Path, Option<String>), Cause> {
    let Some(basename) = basename else { return Ok((ask_path(directory)?, None)) };
    let name = last_component(basename, spelling);
    if name.is_empty() {
        return Err(Cause::InvalidPath);
    }
    let path = ask_path(&[directory, b"/", name].concat())?;
    let (directory, name) = path.split_last().ok_or(Cause::InvalidPath)?;
    Ok((directory, Some(name.to_owned())))
}

/// Seconds since the epoch, in digits.
pub(super) fn mtime(text: &[u8]) -> Result<u64, Cause> {
    digits(text).and_then(|text| text.parse().ok()).ok_or(Cause::MTime)
}

/// Whether that is an egress policy. None has an effect here.
pub(super) fn check_expose(text: Option<&[u8]>) -> Result<(), Cause> {
    const POLICIES: [&[u8]; 3] = [b"PARTIAL", b"COMPLETE", b"POLICY"];
    match text {
        Some(text) if !POLICIES.contains(&text) => Err(Cause::Expose),
        _ => Ok(()),
    }
}
