//! `/post/directory` (§6).

use crate::journal::Call;
use crate::origin::{Origin, Parents, Path, Spelling, Timestamp, UserId};
use crate::spec::{Cause, DIRECTORY};
use crate::wire::answer::Draft;
use crate::wire::ask::Ask;

/// A directory that may be made.
#[derive(Debug)]
pub(in crate::wire) struct MakeDirectory {
    user: UserId,
    path: Path,
    parents: Parents,
}

pub(in crate::wire) fn open(ask: &Ask<'_>, call: &mut Call) -> Result<MakeDirectory, Cause> {
    let caller = ask.caller(call)?;
    let parents = parents(ask.header("X-Agile-Recursive"))?;
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
        now: Timestamp,
    ) -> Result<Draft, Cause> {
        origin.make_directory(now, self.user, &self.path, self.parents)?;
        let row = &DIRECTORY.rows[0];
        Ok(Draft::coded(row).with_message(row))
    }
}

/// `X-Agile-Recursive`: parents are made unless it says no.
fn parents(header: Option<&[u8]>) -> Result<Parents, Cause> {
    const WORDS: [(&str, Parents); 6] = [
        ("true", Parents::Made),
        ("yes", Parents::Made),
        ("1", Parents::Made),
        ("false", Parents::Required),
        ("no", Parents::Required),
        ("0", Parents::Required),
    ];
    let Some(text) = header else { return Ok(Parents::Made) };
    let said = WORDS.iter().find(|(word, _)| word.as_bytes().eq_ignore_ascii_case(text));
    said.map(|(_, parents)| *parents).ok_or(Cause::Flag)
}
