//! `/multipart/create` (§4.1).

use crate::journal::Call;
use crate::origin::{Change, NewUpload, Origin, Spelling, UserId};
use crate::spec::{CREATE, Cause};
use crate::wire::answer::Draft;
use crate::wire::answer::path_header;
use crate::wire::ask::Ask;
use crate::wire::detect::check;

use super::post::{destination, mtime};

/// An upload that may begin.
#[derive(Clone, Debug)]
pub(in crate::wire) struct Create {
    user: UserId,
    new: NewUpload,
    spelling: Spelling,
}

pub(in crate::wire) fn open(ask: &Ask<'_>, call: &mut Call) -> Result<Create, Cause> {
    let caller = ask.caller(call)?;
    let spelling = ask.spelling()?;
    let path = |text: &[u8]| ask.path(text, spelling, &caller);
    let directory = ask.header("X-Agile-Directory").unwrap_or_default();
    let (directory, name) = destination(path, directory, ask.header("X-Agile-Basename"), spelling)?;
    if let Some(name) = &name {
        ask.note_path(call, &directory.child(name));
    }
    let content_type = ask.text("X-Agile-Content-Type");
    content_type.as_deref().map(|given| check(ask.origin, given)).transpose()?;
    let mtime = ask.header("X-Agile-MTime").map(mtime).transpose()?;
    let new = NewUpload { directory, name, content_type, mtime };
    ask.origin.check_create(&new)?;
    Ok(Create { user: caller.user, new, spelling })
}

impl Create {
    pub(in crate::wire) fn commit(
        &self,
        origin: &mut Origin,
        change: Change,
        call: &mut Call,
    ) -> Result<Draft, Cause> {
        let account = origin.account().to_owned();
        let upload = origin.create(change, self.user, self.new.clone())?;
        call.upload = Some(upload.id.clone());
        call.is_named_by_origin = call.path.is_none();
        call.path = Some(upload.path.absolute(&account));
        Ok(Draft::coded(&CREATE.rows[0])
            .with("X-Agile-Meta", self.meta().into_bytes())
            .with("X-Agile-Multipart", upload.id.clone().into_bytes())
            .with("X-Agile-Path", path_header(&upload.path, &account, self.spelling)))
    }

    /// What was passed, as it was passed; what is derived from it shows in listings only.
    fn meta(&self) -> String {
        let content_type = self.new.content_type.as_deref().unwrap_or("None");
        format!("content_type={content_type} mtime={}", self.new.mtime.unwrap_or(0))
    }
}
