//! `/multipart/complete` (§4.3).

use crate::journal::Call;
use crate::origin::{Change, Origin, UserId};
use crate::spec::{COMPLETE, Cause};
use crate::wire::answer::Draft;
use crate::wire::ask::Ask;

/// An upload that may be completed.
#[derive(Clone, Debug)]
pub(in crate::wire) struct Complete {
    user: UserId,
    upload: String,
}

pub(in crate::wire) fn open(ask: &Ask<'_>, call: &mut Call) -> Result<Complete, Cause> {
    call.upload = ask.text("X-Agile-Multipart");
    let caller = ask.caller(call)?;
    let upload = call.upload.clone().ok_or(Cause::UnknownUpload)?;
    note_upload(ask, call, caller.user, &upload);
    ask.origin.check_complete(caller.user, &upload)?;
    Ok(Complete { user: caller.user, upload })
}

impl Complete {
    pub(in crate::wire) fn commit(
        &self,
        origin: &mut Origin,
        change: Change,
    ) -> Result<Draft, Cause> {
        let parts = origin.complete(change, self.user, &self.upload)?;
        Ok(Draft::coded(&COMPLETE.rows[0])
            .with("X-Agile-Parts", parts.to_string().into_bytes())
            .with("X-Agile-Multipart", self.upload.clone().into_bytes()))
    }
}

/// Notes which upload a request is about, and its path, if the upload is the caller's to know.
pub(super) fn note_upload(ask: &Ask<'_>, call: &mut Call, user: UserId, id: &str) {
    call.upload = Some(id.to_owned());
    if let Some(upload) = ask.origin.uploads().get(id).filter(|upload| upload.owner == user) {
        ask.note_path(call, &upload.path);
    }
}
