//! `/multipart/complete` (§4.3).

use crate::api::context::RequestContext;
use crate::api::response::ResponseBuilder;
use crate::journal::Call;
use crate::protocol::{COMPLETE, ErrorKind, Join};
use crate::storage::{Actor, Change, Storage, UserId};

/// An upload that may be completed.
#[derive(Clone, Debug)]
pub(in crate::api) struct Complete {
    user: UserId,
    upload: String,
    /// How its join goes, if not as the switch says, and who wants that.
    join: Option<(Join, Actor)>,
}

pub(in crate::api) fn open(
    ask: &RequestContext<'_>,
    call: &mut Call,
) -> Result<Complete, ErrorKind> {
    call.upload = ask.text("X-Agile-Multipart");
    let principal = ask.principal(call)?;
    let upload = call.upload.clone().ok_or(ErrorKind::UnknownUpload)?;
    record_upload(ask, call, principal.user, &upload);
    ask.storage.check_complete(principal.user, &upload)?;
    Ok(Complete { user: principal.user, upload, join: None })
}

impl Complete {
    /// Lets the join go like that because `by` wants it, whatever the switch says.
    pub(in crate::api) fn join_as(&mut self, join: Join, by: Actor) {
        self.join = Some((join, by));
    }

    pub(in crate::api) fn commit(
        &self,
        storage: &mut Storage,
        change: Change,
    ) -> Result<ResponseBuilder, ErrorKind> {
        let parts = storage.complete(change, self.user, &self.upload, self.join)?;
        Ok(ResponseBuilder::coded(&COMPLETE.results[0])
            .with("X-Agile-Parts", parts.to_string().into_bytes())
            .with("X-Agile-Multipart", self.upload.clone().into_bytes()))
    }
}

/// Notes which upload a request is about, and its path, if the upload is the caller's to know.
pub(super) fn record_upload(ask: &RequestContext<'_>, call: &mut Call, user: UserId, id: &str) {
    call.upload = Some(id.to_owned());
    if let Some(upload) = ask.storage.uploads().get(id).filter(|upload| upload.owner == user) {
        ask.record_path(call, &upload.path);
    }
}
