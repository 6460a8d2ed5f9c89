//! `/post/file`: a file in a form (§5.2).

use crate::api::context::RequestContext;
use crate::api::multipart_form::{FILE_FIELD, FilledForm, FormFile, parse_boundary};
use crate::api::response::ResponseBuilder;
use crate::api::{BodyData, RequestBody};
use crate::journal::Call;
use crate::protocol::{ErrorKind, FILE, Limit, Policy};
use crate::storage::{Change, MissingParents, NewFile, Path, PathEncoding, Storage};

use super::post::{PostHeaders, UploadedFile, check_expose, destination, mtime};
use super::recursive;

/// A form whose head was accepted.
#[derive(Clone, Debug)]
pub(in crate::api) struct File {
    common: PostHeaders,
    boundary: String,
    referer: Option<Vec<u8>>,
}

pub(in crate::api) fn open(
    context: &RequestContext<'_>,
    call: &mut Call,
) -> Result<File, ErrorKind> {
    let principal = context.principal(call)?;
    let recursive = recursive::read(context)?;
    let common = PostHeaders::read(context, principal.clone(), recursive)?;
    let boundary = context.text("Content-Type").and_then(|given| parse_boundary(&given));
    let boundary = boundary.ok_or(ErrorKind::NotAForm)?;
    Ok(File { common, boundary, referer: context.header("Referer").map(<[u8]>::to_vec) })
}

impl File {
    /// The boundary of the form.
    pub(in crate::api) fn boundary(&self) -> &str {
        &self.boundary
    }

    pub(in crate::api) fn commit(
        &self,
        storage: &mut Storage,
        change: Change,
        call: &mut Call,
        body: &RequestBody,
    ) -> Result<ResponseBuilder, ErrorKind> {
        let BodyData::Form(form) = &body.kept else { return Err(ErrorKind::NotAForm) };
        let file = single_file(storage, form)?;
        let new = self.new_file(storage, form, file)?;
        storage.check_parent(&new)?;
        storage.check_quota(Some(file.content.len()))?;
        if file.content.is_empty() && storage.options().empty_form_file == Policy::Reject {
            return Err(ErrorKind::EmptyFile);
        }
        let part_type = file.content_type.as_deref();
        let (content, start) = (file.content.clone(), file.start.as_slice());
        let wait = UploadedFile { content, digest: file.digest, start, part_type };
        let (response, path) =
            self.common.store(storage, change, &FILE, new, &wait, PathEncoding::Raw)?;
        call.path = Some(path.absolute(storage.account()).into());
        Ok(match self.redirect_address(form) {
            Some(address) => response.with_redirect(&FILE.results[1], address),
            None => response,
        })
    }

    /// Records the path of the file, if the fields determine it and the origin does not generate
    /// the name.
    pub(in crate::api) fn classify(&self, storage: &Storage, body: &RequestBody) -> Option<Path> {
        let BodyData::Form(form) = &body.kept else { return None };
        let new = self.new_file(storage, form, single_file(storage, form).ok()?).ok()?;
        new.name.map(|name| new.directory.child(&name))
    }

    /// Reads the fields and checks them in the order of §1.14.
    fn new_file(
        &self,
        storage: &Storage,
        form: &FilledForm,
        file: &FormFile,
    ) -> Result<NewFile, ErrorKind> {
        let field = |name: &str| form.field(name);
        let said = field("recursive").map(recursive::parse).transpose()?;
        let max = storage.limits().get(Limit::PathBytes);
        let root = &self.common.principal.root;
        let path = |text: &[u8]| Ok(Path::parse(text, PathEncoding::Raw, max)?.under(root));
        let name = field("basename").or(file.name.as_deref());
        let directory = field("directory").unwrap_or_default();
        let (directory, name) = destination(path, directory, name, PathEncoding::Raw)?;
        let parents = self.common.recursive.or(said).unwrap_or(MissingParents::Reject);
        let mut new = NewFile { directory, name, parents, mtime: None };
        storage.check_name(&new)?;
        new.mtime = field("mtime").map(mtime).transpose()?;
        check_expose(field("expose_egress"))?;
        Ok(new)
    }

    /// Returns the address to which the browser is redirected.
    fn redirect_address<'a>(&'a self, form: &'a FilledForm) -> Option<&'a [u8]> {
        let wants_referer = form.field("return_referer").is_some();
        let referer = self.referer.as_deref().filter(|_| wants_referer);
        form.field("return_url").or(referer)
    }
}

/// Returns the one file of a form. A part without a file name is not a file, unless the option
/// `form_part_without_filename` accepts it.
fn single_file<'a>(storage: &Storage, form: &'a FilledForm) -> Result<&'a FormFile, ErrorKind> {
    let accepts_nameless = storage.options().form_part_without_filename == Policy::Accept;
    let is_file = |file: &&FormFile| {
        let is_accepted = accepts_nameless && file.field == FILE_FIELD;
        file.name.is_some() || file.is_nested() || is_accepted
    };
    let mut files = form.files.iter().filter(is_file);
    match (files.next(), files.next()) {
        (None, _) => Err(ErrorKind::NoBody),
        (Some(_), Some(_)) => Err(ErrorKind::SeveralFiles),
        (Some(_), None) if !form.is_whole => Err(ErrorKind::NotAForm),
        (Some(file), None) if file.is_nested() => Err(ErrorKind::SeveralFiles),
        (Some(file), None) if file.field != FILE_FIELD => Err(ErrorKind::NotAForm),
        (Some(file), None) => Ok(file),
    }
}
