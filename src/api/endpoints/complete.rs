//! `/multipart/complete` (§4.3).

use std::sync::Arc;

use crate::api::context::RequestContext;
use crate::api::response::ResponseBuilder;
use crate::journal::Call;
use crate::protocol::{COMPLETE, ErrorKind, Join};
use crate::storage::{Actor, Change, Storage, UserId};

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
    let id = record_upload_id(context, call);
    let principal = context.principal(call)?;
    let upload = id.ok_or(ErrorKind::UnknownUpload)?;
    record_upload_path(context, call, principal.user, &upload);
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

/// Records the upload of a request, even if another user owns it. Returns its identifier.
pub(super) fn record_upload_id(context: &RequestContext<'_>, call: &mut Call) -> Option<Arc<str>> {
    let id = context.text("X-Agile-Multipart")?;
    // The calls of an upload share its identifier.
    let known = context.storage.uploads().get(&id).map(|upload| Arc::clone(&upload.id));
    call.upload = Some(known.unwrap_or_else(|| id.into()));
    call.upload.clone()
}

/// Records the path of an upload if it belongs to the caller.
pub(super) fn record_upload_path(
    context: &RequestContext<'_>,
    call: &mut Call,
    user: UserId,
    id: &str,
) {
    if let Some(upload) = context.storage.uploads().get(id).filter(|upload| upload.owner == user) {
        call.path = Some(Arc::clone(&upload.absolute_path));
    }
}
