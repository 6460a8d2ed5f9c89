//! `/post/raw` (§5.1).

use crate::journal::{Call, Framing};
use crate::origin::{Change, NewFile, Origin, Parents, Spelling};
use crate::spec::{Cause, RAW};
use crate::wire::answer::Draft;
use crate::wire::ask::Ask;
use crate::wire::{Kept, Received};

use super::post::{Arrived, Common, check_expose, destination, mtime, recursive};

/// A file whose head has been accepted.
#[derive(Clone, Debug)]
pub(in crate::wire) struct Raw {
    common: Common,
    new: NewFile,
    spelling: Spelling,
}

pub(in crate::wire) fn open(ask: &Ask<'_>, call: &mut Call) -> Result<Raw, Cause> {
    let caller = ask.caller(call)?;
    let spelling = ask.spelling()?;
    let recursive = recursive(ask)?;
    let path = |text: &[u8]| ask.path(text, spelling, &caller);
    let directory = ask.header("X-Agile-Directory").unwrap_or_default();
    let (directory, name) = destination(path, directory, ask.header("X-Agile-Basename"), spelling)?;
    if let Some(name) = &name {
        ask.note_path(call, &directory.child(name));
    }
    let parents = recursive.unwrap_or(Parents::Required);
    let mut new = NewFile { directory, name, parents, mtime: None };
    ask.origin.check_name(&new)?;
    let common = Common::read(ask, caller.clone(), recursive)?;
    new.mtime = ask.header("X-Agile-MTime").map(mtime).transpose()?;
    check_expose(ask.header("X-Agile-Expose-Egress"))?;
    let framing = ask.head.framing();
    if framing == Framing::None {
        return Err(Cause::NoBody);
    }
    ask.origin.check_parent(&new)?;
    ask.origin.check_quota(framing.declared())?;
    Ok(Raw { common, new, spelling })
}

impl Raw {
    pub(in crate::wire) fn commit(
        &self,
        origin: &mut Origin,
        change: Change,
        call: &mut Call,
        body: &Received,
    ) -> Result<Draft, Cause> {
        let Kept::Stored(content) = &body.kept else { return Err(Cause::NoBody) };
        let (content, start) = (content.clone(), body.start.as_slice());
        let file = Arrived { content, digest: body.digest, start, part_type: None };
        let (answer, path) =
            self.common.store(origin, change, &RAW, self.new.clone(), &file, self.spelling)?;
        call.is_named_by_origin = call.path.is_none();
        call.path = Some(path.absolute(origin.account()));
        Ok(answer)
    }
}
