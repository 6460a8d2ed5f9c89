//! The common part of `/post/raw` and `/post/file` (§5).

use std::borrow::Cow;

use crate::api::content_type::ContentTypeRule;
use crate::api::context::{RequestContext, parse_digits};
use crate::api::response::{ResponseBuilder, path_header};
use crate::blob::{Blob, Digest};
use crate::protocol::{Endpoint, ErrorKind};
use crate::storage::{
    Change, MissingParents, NewFile, Path, PathEncoding, Principal, Storage, check_digest,
    last_component,
};

/// The headers that both read.
#[derive(Clone, Debug)]
pub(super) struct PostHeaders {
    pub(super) principal: Principal,
    pub(super) recursive: Option<MissingParents>,
    pub(super) typing: ContentTypeRule,
    checksum: Option<String>,
}

/// A file that was received completely.
pub(super) struct UploadedFile<'a> {
    pub(super) content: Blob,
    pub(super) digest: Digest,
    pub(super) start: &'a [u8],
    /// The declared type of the form part.
    pub(super) part_type: Option<&'a str>,
}

impl PostHeaders {
    pub(super) fn read(
        context: &RequestContext<'_>,
        principal: Principal,
        recursive: Option<MissingParents>,
    ) -> Result<Self, ErrorKind> {
        let typing = ContentTypeRule::read(context)?;
        let checksum = context.text("X-Agile-Checksum").map(Cow::into_owned);
        Ok(Self { principal, recursive, typing, checksum })
    }

    /// Checks the checksum, stores the file and returns the common response: status, checksum,
    /// size, path.
    pub(super) fn store(
        &self,
        storage: &mut Storage,
        change: Change,
        endpoint: &'static Endpoint,
        new: NewFile,
        file: &UploadedFile<'_>,
        path_encoding: PathEncoding,
    ) -> Result<(ResponseBuilder, Path), ErrorKind> {
        check_digest(self.checksum.as_deref(), file.digest)?;
        let name = new.name.clone().unwrap_or_default();
        let content_type = self.typing.decide(file.part_type, &name, file.start);
        let user = self.principal.user;
        let path = storage.post(change, user, new, file.content.clone(), content_type)?;
        let response = ResponseBuilder::from_result_code(&endpoint.results[0])
            .with("X-Agile-Checksum", file.digest.to_hex())
            .with_number("X-Agile-Size", file.content.len())
            .with("X-Agile-Path", path_header(&path, storage.account(), path_encoding));
        Ok((response, path))
    }
}

/// Parses directory and name as one path, because the limit applies to the whole path as received
/// (§3.2).
pub(super) fn destination(
    ask_path: impl Fn(&[u8]) -> Result<Path, ErrorKind>,
    directory: &[u8],
    basename: Option<&[u8]>,
    path_encoding: PathEncoding,
) -> Result<(Path, Option<String>), ErrorKind> {
    let Some(basename) = basename else { return Ok((ask_path(directory)?, None)) };
    let name = last_component(basename, path_encoding);
    if name.is_empty() {
        return Err(ErrorKind::InvalidPath);
    }
    let path = ask_path(&[directory, b"/", name].concat())?;
    let (directory, name) = path.split_last().ok_or(ErrorKind::InvalidPath)?;
    Ok((directory, Some(name.to_owned())))
}

/// Parses seconds since the epoch, in digits.
pub(super) fn mtime(text: &[u8]) -> Result<u64, ErrorKind> {
    parse_digits(text).and_then(|text| text.parse().ok()).ok_or(ErrorKind::MTime)
}

/// Checks whether a value is an egress policy. None has an effect here.
pub(super) fn check_expose(text: Option<&[u8]>) -> Result<(), ErrorKind> {
    const POLICIES: [&[u8]; 3] = [b"PARTIAL", b"COMPLETE", b"POLICY"];
    match text {
        Some(text) if !POLICIES.contains(&text) => Err(ErrorKind::Expose),
        _ => Ok(()),
    }
}
