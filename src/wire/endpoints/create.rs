//! `/multipart/create` (§4.1).

use crate::journal::Call;
use crate::origin::{Caller, NewUpload, Origin, Path, Spelling, Timestamp, UserId, last_component};
use crate::spec::{CREATE, Cause, is_well_formed};
use crate::wire::answer::Draft;
use crate::wire::answer::path_header;
use crate::wire::ask::{Ask, digits};

/// An upload that may begin.
#[derive(Debug)]
pub(in crate::wire) struct Create {
    user: UserId,
    new: NewUpload,
    spelling: Spelling,
}

pub(in crate::wire) fn open(ask: &Ask<'_>, call: &mut Call) -> Result<Create, Cause> {
    let caller = ask.caller(call)?;
    let spelling = ask.spelling()?;
    let (directory, name) = destination(ask, spelling, &caller)?;
    if let Some(name) = &name {
        ask.note_path(call, &directory.child(name));
    }
    let content_type = ask.text("X-Agile-Content-Type");
    if content_type.as_deref().is_some_and(|given| !is_content_type(given)) {
        return Err(Cause::ContentType);
    }
    let mtime = ask.header("X-Agile-MTime").map(mtime).transpose()?;
    let new = NewUpload { directory, name, content_type, mtime };
    ask.origin.check_create(&new)?;
    Ok(Create { user: caller.user, new, spelling })
}

impl Create {
    pub(in crate::wire) fn commit(
        &self,
        origin: &mut Origin,
        now: Timestamp,
        call: &mut Call,
    ) -> Result<Draft, Cause> {
        let account = origin.account().to_owned();
        let upload = origin.create(now, self.user, self.new.clone())?;
        call.upload = Some(upload.id.clone());
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

/// Directory and name. They are read as one path, so that the whole is measured as it came (§3.2).
fn destination(
    ask: &Ask<'_>,
    spelling: Spelling,
    caller: &Caller,
) -> Result<(Path, Option<String>), Cause> {
    let directory = ask.header("X-Agile-Directory").unwrap_or_default();
    let Some(basename) = ask.header("X-Agile-Basename") else {
        return Ok((ask.path(directory, spelling, caller)?, None));
    };
    let name = last_component(basename, spelling);
    if name.is_empty() {
        return Err(Cause::InvalidPath);
    }
    let path = ask.path(&[directory, b"/", name].concat(), spelling, caller)?;
    let (directory, name) = path.split_last().ok_or(Cause::InvalidPath)?;
    Ok((directory, Some(name.to_owned())))
}

/// A content type, or a legacy word that asks for one to be found (§3.9).
pub(in crate::wire) fn is_content_type(given: &str) -> bool {
    is_well_formed(given) || ["name", "content", "auto"].contains(&given)
}

/// Seconds since the epoch; 0 is as good as none.
fn mtime(text: &[u8]) -> Result<u64, Cause> {
    digits(text).and_then(|text| text.parse().ok()).ok_or(Cause::MTime)
}
