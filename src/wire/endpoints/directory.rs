//! `/post/directory` (§6).

use crate::journal::Call;
use crate::origin::{Change, Origin, Parents, Path, Spelling, UserId};
use crate::spec::{Cause, DIRECTORY};
use crate::wire::answer::Draft;
use crate::wire::ask::Ask;

use super::post::recursive;

/// A directory that may be made.
#[derive(Clone, Debug)]
pub(in crate::wire) struct MakeDirectory {
    user: UserId,
    path: Path,
    parents: Parents,
}

pub(in crate::wire) fn open(ask: &Ask<'_>, call: &mut Call) -> Result<MakeDirectory, Cause> {
    let caller = ask.caller(call)?;
    // Here alone parents are made unless the client says no.
    let parents = recursive(ask)?.unwrap_or(Parents::Made);
    let text = ask.header("X-Agile-Directory").ok_or(Cause::EmptyPath)?;
    let path = ask.path(text, Spelling::Plain, &caller)?;
    ask.note_path(call, &path);
    ask.origin.check_directory(&path, parents)?;
    Ok(MakeDirectory { user: caller.user, path, parents })
}

impl MakeDirectory {
    pub(in crate::wire) fn commit(
        &self,
        origin: &mut Origin,
        change: Change,
    ) -> Result<Draft, Cause> {
        origin.make_directory(change, self.user, &self.path, self.parents)?;
        let row = &DIRECTORY.rows[0];
        Ok(Draft::coded(row).with_message(row))
    }
}

/// Whether parents are made, in one of the words for yes and no.
pub(super) fn flag(text: &[u8]) -> Result<Parents, Cause> {
    const WORDS: [(&str, Parents); 6] = [
        ("true", Parents::Made),
        ("yes", Parents::Made),
        ("1", Parents::Made),
        ("false", Parents::Required),
        ("no", Parents::Required),
        ("0", Parents::Required),
    ];
    let said = WORDS.iter().find(|(word, _)| word.as_bytes().eq_ignore_ascii_case(text));
    said.map(|(_, parents)| *parents).ok_or(Cause::Flag)
}
