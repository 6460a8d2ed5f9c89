//! `/multipart/complete` (§4.3).

use crate::journal::Call;
use crate::origin::{Actor, Change, Origin, UserId};
use crate::spec::{COMPLETE, Cause, Join};
use crate::wire::answer::Draft;
use crate::wire::ask::Ask;

/// An upload that may be completed.
#[derive(Clone, Debug)]
pub(in crate::wire) struct Complete {
    user: UserId,
    upload: String,
    /// How its join goes, if not as the switch says, and who wants that.
    join: Option<(Join, Actor)>,
}

pub(in crate::wire) fn open(ask: &Ask<'_>, call: &mut Call) -> Result<Complete, Cause> {
    call.upload = ask.text("X-Agile-Multipart");
    let caller = ask.caller(call)?;
    let upload = call.upload.clone().ok_or(Cause::UnknownUpload)?;
    note_upload(ask, call, caller.user, &upload);
    ask.origin.check_complete(caller.user, &upload)?;
    Ok(Complete { user: caller.user, upload, join: None })
}

impl Complete {
    /// Lets the join go like that because `by` wants it, whatever the switch says.
    pub(in crate::wire) fn join_as(&mut self, join: Join, by: Actor) {
        self.join = Some((join, by));
    }

    pub(in crate::wire) fn commit(
        &self,
        origin: &mut Origin,
        change: Change,
    ) -> Result<Draft, Cause> {
        let parts = origin.complete(change, self.user, &self.upload, self.join)?;
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
