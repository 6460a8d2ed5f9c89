//! `/multipart/create` (§4.1).

use std::borrow::Cow;
use std::sync::Arc;

use crate::api::content_type::check;
use crate::api::context::RequestContext;
use crate::api::response::ResponseBuilder;
use crate::api::response::path_header;
use crate::journal::Call;
use crate::protocol::{CREATE, ErrorKind};
use crate::storage::{Change, NewUpload, PathEncoding, Storage, UserId};

use super::post::{destination, mtime};

/// A request to create an upload, whose head was accepted.
#[derive(Clone, Debug)]
pub(in crate::api) struct Create {
    user: UserId,
    new: NewUpload,
    path_encoding: PathEncoding,
}

pub(in crate::api) fn open(
    context: &RequestContext<'_>,
    call: &mut Call,
) -> Result<Create, ErrorKind> {
    let principal = context.principal(call)?;
    let path_encoding = context.path_encoding()?;
    let path = |text: &[u8]| context.path(text, path_encoding, principal);
    let directory = context.header("X-Agile-Directory").unwrap_or_default();
    let (directory, name) =
        destination(path, directory, context.header("X-Agile-Basename"), path_encoding)?;
    if let Some(name) = &name {
        context.record_path(call, &directory.child(name));
    }
    let content_type = context.text("X-Agile-Content-Type").map(Cow::into_owned);
    content_type.as_deref().map(|given| check(context.storage, given)).transpose()?;
    let mtime = context.header("X-Agile-MTime").map(mtime).transpose()?;
    let new = NewUpload { directory, name, content_type, mtime };
    context.storage.check_create(&new)?;
    Ok(Create { user: principal.user, new, path_encoding })
}

impl Create {
    pub(in crate::api) fn commit(
        &self,
        storage: &mut Storage,
        change: Change,
        call: &mut Call,
    ) -> Result<ResponseBuilder, ErrorKind> {
        let account = storage.account().to_owned();
        let upload = storage.create(change, self.user, self.new.clone())?;
        call.upload = Some(upload.id.clone());
        call.is_named_by_origin = call.path.is_none();
        call.path = Some(Arc::clone(&upload.absolute_path));
        Ok(ResponseBuilder::from_result_code(&CREATE.results[0])
            .with("X-Agile-Meta", self.meta())
            .with("X-Agile-Multipart", upload.id.as_bytes())
            .with("X-Agile-Path", path_header(&upload.path, &account, self.path_encoding)))
    }

    /// Returns the parameters as they were sent. Derived values appear only in listings.
    fn meta(&self) -> String {
        let content_type = self.new.content_type.as_deref().unwrap_or("None");
        format!("content_type={content_type} mtime={}", self.new.mtime.unwrap_or(0))
    }
}
