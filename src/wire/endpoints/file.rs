//! `/post/file`: a file in a form (§5.2).

use crate::journal::Call;
use crate::origin::{Change, NewFile, Origin, Parents, Path, Spelling};
use crate::spec::{Cause, FILE, Limit, Tolerance};
use crate::wire::answer::Draft;
use crate::wire::ask::Ask;
use crate::wire::form::{FILE_FIELD, FilledForm, FormFile, boundary_of};
use crate::wire::{Kept, Received};

use super::directory::flag;
use super::post::{Arrived, Common, check_expose, destination, mtime, recursive};

/// A form whose head has been accepted.
#[derive(Clone, Debug)]
pub(in crate::wire) struct File {
    common: Common,
    boundary: String,
    referer: Option<Vec<u8>>,
}

pub(in crate::wire) fn open(ask: &Ask<'_>, call: &mut Call) -> Result<File, Cause> {
    let caller = ask.caller(call)?;
    let recursive = recursive(ask)?;
    let common = Common::read(ask, caller, recursive)?;
    let boundary = ask.text("Content-Type").and_then(|given| boundary_of(&given));
    let boundary = boundary.ok_or(Cause::NotAForm)?;
    Ok(File { common, boundary, referer: ask.header("Referer").map(<[u8]>::to_vec) })
}

impl File {
    /// What stands between the parts of the form.
    pub(in crate::wire) fn boundary(&self) -> &str {
        &self.boundary
    }

    pub(in crate::wire) fn commit(
        &self,
        origin: &mut Origin,
        change: Change,
        call: &mut Call,
        body: &Received,
    ) -> Result<Draft, Cause> {
        let Kept::Form(form) = &body.kept else { return Err(Cause::NotAForm) };
        let file = the_file(origin, form)?;
        let new = self.new_file(origin, form, file)?;
        origin.check_parent(&new)?;
        origin.check_quota(Some(file.content.len()))?;
        if file.content.is_empty() && origin.switches().empty_form_file == Tolerance::Refuse {
            return Err(Cause::EmptyFile);
        }
        let part_type = file.content_type.as_deref();
        let (content, start) = (file.content.clone(), file.start.as_slice());
        let arrived = Arrived { content, digest: file.digest, start, part_type };
        let (answer, path) =
            self.common.store(origin, change, &FILE, new, &arrived, Spelling::Plain)?;
        call.path = Some(path.absolute(origin.account()));
        Ok(match self.back_to(form) {
            Some(address) => answer.redirected(&FILE.rows[1], address),
            None => answer,
        })
    }

    /// Where the file will be, if its fields tell, and the origin does not make up its name.
    pub(in crate::wire) fn foresee(&self, origin: &Origin, body: &Received) -> Option<Path> {
        let Kept::Form(form) = &body.kept else { return None };
        let new = self.new_file(origin, form, the_file(origin, form).ok()?).ok()?;
        new.name.map(|name| new.directory.child(&name))
    }

    /// What the fields say, judged in the order of §1.14.
    fn new_file(
        &self,
        origin: &Origin,
        form: &FilledForm,
        file: &FormFile,
    ) -> Result<NewFile, Cause> {
        let field = |name: &str| form.field(name);
        let said = field("recursive").map(flag).transpose()?;
        let max = origin.limits().of(Limit::PathBytes);
        let root = &self.common.caller.root;
        let path = |text: &[u8]| Ok(Path::parse(text, Spelling::Plain, max)?.under(root));
        let name = field("basename").or(file.name.as_deref());
        let directory = field("directory").unwrap_or_default();
        let (directory, name) = destination(path, directory, name, Spelling::Plain)?;
        let parents = self.common.recursive.or(said).unwrap_or(Parents::Required);
        let mut new = NewFile { directory, name, parents, mtime: None };
        origin.check_name(&new)?;
        new.mtime = field("mtime").map(mtime).transpose()?;
        check_expose(field("expose_egress"))?;
        Ok(new)
    }

    /// Where the browser is to be sent.
    fn back_to<'a>(&'a self, form: &'a FilledForm) -> Option<&'a [u8]> {
        let wants_referer = form.field("return_referer").is_some();
        let referer = self.referer.as_deref().filter(|_| wants_referer);
        form.field("return_url").or(referer)
    }
}

/// Returns the one file of a form. A part without a file name is no file, unless the switch accepts it.
fn the_file<'a>(origin: &Origin, form: &'a FilledForm) -> Result<&'a FormFile, Cause> {
    let accepts_nameless = origin.switches().form_part_without_filename == Tolerance::Accept;
    let is_file = |file: &&FormFile| {
        let is_accepted = accepts_nameless && file.field == FILE_FIELD;
        file.name.is_some() || file.is_nested() || is_accepted
    };
    let mut files = form.files.iter().filter(is_file);
    match (files.next(), files.next()) {
        (None, _) => Err(Cause::NoBody),
        (Some(_), Some(_)) => Err(Cause::SeveralFiles),
        (Some(_), None) if !form.is_whole => Err(Cause::NotAForm),
        (Some(file), None) if file.is_nested() => Err(Cause::SeveralFiles),
        (Some(file), None) if file.field != FILE_FIELD => Err(Cause::NotAForm),
        (Some(file), None) => Ok(file),
    }
}
