//! `/multipart/complete` (§4.3).

use std::sync::Arc;

use crate::api::context::RequestContext;
use crate::api::response::ResponseBuilder;
use crate::journal::Call;
use crate::protocol::{COMPLETE, ErrorKind, Join};
use crate::storage::{Actor, Change, Storage, Upload, UserId};

/// A request to complete an upload, whose head was accepted.
#[derive(Clone, Debug)]
pub(in crate::api) struct Complete {
    user: UserId,
    upload: Arc<str>,
    /// The join, if it differs from the option `join`, and the actor that wants it.
    join: Option<(Join, Actor)>,
}

pub(in crate::api) fn open(
    context: &RequestContext<'_>,
    call: &mut Call,
) -> Result<Complete, ErrorKind> {
    let recorded = record_upload(context, call);
    let principal = context.principal(call)?;
    let (upload, _) = recorded.ok_or(ErrorKind::UnknownUpload)?;
    context.storage.check_complete(principal.user, &upload)?;
    Ok(Complete { user: principal.user, upload, join: None })
}

impl Complete {
    /// Overrides the join on behalf of `by`.
    pub(in crate::api) fn join_as(&mut self, join: Join, by: Actor) {
        self.join = Some((join, by));
    }

    pub(in crate::api) fn commit(
        &self,
        storage: &mut Storage,
        change: Change,
    ) -> Result<ResponseBuilder, ErrorKind> {
        let parts = storage.complete(change, self.user, &self.upload, self.join)?;
        Ok(ResponseBuilder::from_result_code(&COMPLETE.results[0])
            .with("X-Agile-Parts", parts.to_string())
            .with("X-Agile-Multipart", self.upload.as_bytes()))
    }
}

/// Records the upload of a request, even if another user owns it, and its path if the caller owns it.
/// Returns its identifier and, if there is one, the upload.
pub(super) fn record_upload<'a>(
    context: &RequestContext<'a>,
    call: &mut Call,
) -> Option<(Arc<str>, Option<&'a Upload>)> {
    let id = context.text("X-Agile-Multipart")?;
    let upload = context.storage.uploads().get(&id);
    // The calls of an upload share its identifier and its path.
    let id = upload.map_or_else(|| id.into(), |upload| Arc::clone(&upload.id));
    call.upload = Some(Arc::clone(&id));
    if let (Some(upload), Ok(principal)) = (upload, context.principal)
        && upload.owner == principal.user
    {
        call.path = Some(Arc::clone(&upload.absolute_path));
    }
    Some((id, upload.map(AsRef::as_ref)))
}
