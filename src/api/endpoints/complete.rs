//! `/multipart/complete` (§4.3).

use crate::api::context::RequestContext;
use crate::api::response::ResponseBuilder;
use crate::journal::Call;
use crate::protocol::{COMPLETE, ErrorKind, Join};
use crate::storage::{Actor, Change, Storage, UserId};

/// A request to complete an upload, whose head was accepted.
#[derive(Clone, Debug)]
pub(in crate::api) struct Complete {
    user: UserId,
    upload: String,
    /// The join, if it differs from the option `join`, and the actor that wants it.
    join: Option<(Join, Actor)>,
}

pub(in crate::api) fn open(
    context: &RequestContext<'_>,
    call: &mut Call,
) -> Result<Complete, ErrorKind> {
    call.upload = context.text("X-Agile-Multipart");
    let principal = context.principal(call)?;
    let upload = call.upload.clone().ok_or(ErrorKind::UnknownUpload)?;
    record_upload(context, call, principal.user, &upload);
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
            .with("X-Agile-Parts", parts.to_string().into_bytes())
            .with("X-Agile-Multipart", self.upload.clone().into_bytes()))
    }
}

/// Records the upload of a request, and its path if the upload belongs to the caller.
pub(super) fn record_upload(context: &RequestContext<'_>, call: &mut Call, user: UserId, id: &str) {
    call.upload = Some(id.to_owned());
    if let Some(upload) = context.storage.uploads().get(id).filter(|upload| upload.owner == user) {
        context.record_path(call, &upload.path);
    }
}
