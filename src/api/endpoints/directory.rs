//! `/post/directory` (§6).

use crate::api::context::RequestContext;
use crate::api::response::ResponseBuilder;
use crate::journal::Call;
use crate::protocol::{DIRECTORY, ErrorKind};
use crate::storage::{Change, MissingParents, Path, PathEncoding, Storage, UserId};

use super::recursive;

/// A request to create a directory, whose head was accepted.
#[derive(Clone, Debug)]
pub(in crate::api) struct MakeDirectory {
    user: UserId,
    path: Path,
    parents: MissingParents,
}

pub(in crate::api) fn open(
    context: &RequestContext<'_>,
    call: &mut Call,
) -> Result<MakeDirectory, ErrorKind> {
    let principal = context.principal(call)?;
    // Only this endpoint creates parents by default.
    let parents = recursive::read(context)?.unwrap_or(MissingParents::Create);
    let text = context.header("X-Agile-Directory").ok_or(ErrorKind::EmptyPath)?;
    let path = context.path(text, PathEncoding::Raw, principal)?;
    context.record_path(call, &path);
    context.storage.check_directory(&path, parents)?;
    Ok(MakeDirectory { user: principal.user, path, parents })
}

impl MakeDirectory {
    pub(in crate::api) fn commit(
        &self,
        storage: &mut Storage,
        change: Change,
    ) -> Result<ResponseBuilder, ErrorKind> {
        storage.make_directory(change, self.user, &self.path, self.parents)?;
        let result_code = &DIRECTORY.results[0];
        Ok(ResponseBuilder::from_result_code(result_code).with_message(result_code))
    }
}
