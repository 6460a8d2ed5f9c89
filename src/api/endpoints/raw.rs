//! `/post/raw` (§5.1).

use crate::api::context::RequestContext;
use crate::api::response::ResponseBuilder;
use crate::api::{BodyData, RequestBody};
use crate::journal::{Call, Framing};
use crate::protocol::{ErrorKind, RAW};
use crate::storage::{Change, MissingParents, NewFile, PathEncoding, Storage};

use super::post::{PostHeaders, UploadedFile, check_expose, destination, mtime};
use super::recursive;

/// A file whose head was accepted.
#[derive(Clone, Debug)]
pub(in crate::api) struct Raw {
    common: PostHeaders,
    new: NewFile,
    path_encoding: PathEncoding,
}

pub(in crate::api) fn open(
    context: &RequestContext<'_>,
    call: &mut Call,
) -> Result<Raw, ErrorKind> {
    let principal = context.principal(call)?;
    let path_encoding = context.path_encoding()?;
    let recursive = recursive::read(context)?;
    let path = |text: &[u8]| context.path(text, path_encoding, principal);
    let directory = context.header("X-Agile-Directory").unwrap_or_default();
    let (directory, name) =
        destination(path, directory, context.header("X-Agile-Basename"), path_encoding)?;
    if let Some(name) = &name {
        context.record_path(call, &directory.child(name));
    }
    let parents = recursive.unwrap_or(MissingParents::Reject);
    let mut new = NewFile { directory, name, parents, mtime: None };
    context.storage.check_name(&new)?;
    let common = PostHeaders::read(context, principal.clone(), recursive)?;
    new.mtime = context.header("X-Agile-MTime").map(mtime).transpose()?;
    check_expose(context.header("X-Agile-Expose-Egress"))?;
    let framing = context.head.framing();
    if framing == Framing::None {
        return Err(ErrorKind::NoBody);
    }
    context.storage.check_parent(&new)?;
    context.storage.check_quota(framing.declared())?;
    Ok(Raw { common, new, path_encoding })
}

impl Raw {
    pub(in crate::api) fn commit(
        &self,
        storage: &mut Storage,
        change: Change,
        call: &mut Call,
        body: &RequestBody,
    ) -> Result<ResponseBuilder, ErrorKind> {
        let BodyData::Stored(content) = &body.kept else { return Err(ErrorKind::NoBody) };
        let (content, start) = (content.clone(), body.start.as_slice());
        let file = UploadedFile { content, digest: body.digest, start, part_type: None };
        let (response, path) = self.common.store(
            storage,
            change,
            &RAW,
            self.new.clone(),
            &file,
            self.path_encoding,
        )?;
        call.is_named_by_origin = call.path.is_none();
        call.path = Some(path.absolute(storage.account()).into());
        Ok(response)
    }
}
