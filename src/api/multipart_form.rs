//! Parses `multipart/form-data` (§5.2).
//!
//! This is a push parser: the caller passes the body frame by frame, and the parser keeps no more
//! of it than the length of a boundary. Files are written to blobs at once; the few text fields are
//! kept as text. The parser does not interpret fields. Start with [`FormReader`].

use std::borrow::Cow;
use std::io;

use percent_encoding::percent_decode_str;

use crate::blob::{Blob, BlobStore, BlobWriter, Digest, Hasher};
use crate::protocol::essence;

use super::START_BYTES;
use super::parameters::{Quoting, parameter};

/// The maximum length of the head of a part and of a text field. No client sends longer ones.
const MOST_TEXT: usize = 64 * 1024;

const LINE_END: &[u8] = b"\r\n";

/// The end of the head of a part.
const HEAD_END: &[u8] = b"\r\n\r\n";

/// The maximum number of parts. No client sends more.
const MOST_PARTS: usize = 100;

/// A form that was read to its end, or to the first error.
#[derive(Clone, Debug, Default)]
pub struct FilledForm {
    /// The text fields in the order of arrival.
    pub fields: Vec<(String, Vec<u8>)>,
    /// The files in the order of arrival.
    pub files: Vec<FormFile>,
    /// Whether the closing boundary was received.
    pub is_whole: bool,
}

/// A file in a form.
#[derive(Clone, Debug)]
pub struct FormFile {
    /// The name of the field.
    pub field: String,
    /// The file name that the client declares, as received.
    pub name: Option<Vec<u8>>,
    /// The content type of the part.
    pub content_type: Option<String>,
    /// The bytes.
    pub content: Blob,
    /// The digest of the bytes.
    pub digest: Digest,
    /// The first bytes.
    pub start: Vec<u8>,
}

impl FormFile {
    /// Returns whether it is a list of files: a nested `multipart/mixed` part.
    pub(super) fn is_nested(&self) -> bool {
        self.content_type.as_deref().is_some_and(is_nested)
    }
}

fn is_nested(content_type: &str) -> bool {
    essence(content_type).eq_ignore_ascii_case("multipart/mixed")
}

impl FilledForm {
    /// Returns a text field as received. The first of several counts, and an empty one counts as
    /// not sent (§1.13).
    pub fn field(&self, name: &str) -> Option<&[u8]> {
        let named = self.fields.iter().find(|(field, _)| field == name);
        named.map(|(_, text)| text.as_slice()).filter(|text| !text.is_empty())
    }
}

/// Returns the boundary in a content type of `multipart/form-data`, which may have other parameters
/// too.
pub(super) fn parse_boundary(content_type: &str) -> Option<String> {
    let (kind, parameters) = content_type.split_once(';')?;
    let boundary = parameter(parameters, "boundary", Quoting::Http)?;
    let is_form = kind.trim().eq_ignore_ascii_case("multipart/form-data");
    (is_form && (1..=70).contains(&boundary.len())).then_some(boundary)
}

/// The state of a form that is being read.
#[derive(Debug)]
pub struct FormReader {
    store: BlobStore,
    /// The separator between parts: a line end, two dashes, the boundary.
    delimiter: Vec<u8>,
    at: At,
    /// The received bytes that cannot be parsed yet.
    pending: Vec<u8>,
    /// The offset in `pending` at which the search for the end of a head or a line continues, so
    /// that bytes are not searched again for every new byte.
    resume_at: usize,
    form: FilledForm,
    parts: usize,
}

#[derive(Debug)]
enum At {
    Preamble,
    Delimiter,
    Head,
    Part(Part),
    End,
    /// The form is malformed; the rest is ignored.
    Lost,
}

#[derive(Debug)]
enum Part {
    Field { name: String, text: Vec<u8> },
    File(Box<OpenFile>),
}

#[derive(Debug)]
struct OpenFile {
    field: String,
    name: Option<Vec<u8>>,
    content_type: Option<String>,
    writer: BlobWriter,
    hasher: Hasher,
    start: Vec<u8>,
}

impl FormReader {
    /// Creates a parser for a form with this boundary.
    pub fn new(boundary: &str, store: BlobStore) -> Self {
        Self {
            store,
            delimiter: format!("\r\n--{boundary}").into_bytes(),
            at: At::Preamble,
            // The first boundary may follow a line end, but need not.
            pending: b"\r\n".to_vec(),
            resume_at: 0,
            form: FilledForm::default(),
            parts: 0,
        }
    }

    /// Parses the next bytes of the body.
    ///
    /// # Errors
    ///
    /// The error of writing the bytes of a file.
    pub fn push(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.pending.extend_from_slice(bytes);
        while self.step()? {}
        Ok(())
    }

    /// Returns whether the next bytes go to the temporary file.
    pub fn is_spooling(&self) -> bool {
        matches!(&self.at, At::Part(Part::File(file)) if file.writer.is_spooling())
    }

    /// Ends the form.
    pub fn finish(mut self) -> FilledForm {
        self.form.is_whole = matches!(self.at, At::End);
        self.form
    }

    /// Parses the next element, and returns whether that was possible.
    fn step(&mut self) -> io::Result<bool> {
        match std::mem::replace(&mut self.at, At::Lost) {
            At::Preamble => Ok(self.preamble()),
            At::Delimiter => Ok(self.delimiter()),
            At::Head => Ok(self.head()),
            At::Part(part) => self.part(part),
            over @ (At::End | At::Lost) => {
                self.pending.clear();
                self.at = over;
                Ok(false)
            }
        }
    }

    fn preamble(&mut self) -> bool {
        let Some(at) = find(&self.pending, &self.delimiter) else {
            let keep = self.pending.len().min(self.delimiter.len() - 1);
            self.pending.drain(..self.pending.len() - keep);
            self.at = At::Preamble;
            return false;
        };
        self.pending.drain(..at + self.delimiter.len());
        self.at = At::Delimiter;
        true
    }

    /// Parses the text after a boundary: two dashes end the form, white space and a line end begin
    /// a part.
    fn delimiter(&mut self) -> bool {
        if self.pending.starts_with(b"--") {
            self.at = At::End;
            return true;
        }
        let found = self.find_end(LINE_END);
        if self.is_too_far(found, LINE_END) {
            return true;
        }
        let Some(end) = found else {
            self.at = At::Delimiter;
            return false;
        };
        if self.pending[..end].iter().all(|byte| b" \t".contains(byte)) {
            // The line end stays, because a head may have no lines.
            self.pending.drain(..end);
            self.at = At::Head;
        }
        true
    }

    fn head(&mut self) -> bool {
        let found = self.find_end(HEAD_END);
        if self.is_too_far(found, HEAD_END) {
            return true;
        }
        let Some(end) = found else {
            self.at = At::Head;
            return false;
        };
        let head: Vec<u8> = self.pending.drain(..end + HEAD_END.len()).collect();
        self.parts += 1;
        if self.parts <= MOST_PARTS
            && let Some(part) = self.begin(&bytes_to_chars(&head))
        {
            self.at = At::Part(part);
        }
        true
    }

    /// Finds `end` in the received bytes. If it is missing, the next search continues where this
    /// one stopped.
    fn find_end(&mut self, end: &[u8]) -> Option<usize> {
        let found = find(&self.pending[self.resume_at..], end).map(|at| self.resume_at + at);
        let searched = (self.pending.len() + 1).saturating_sub(end.len());
        self.resume_at = if found.is_some() { 0 } else { searched };
        found
    }

    /// Returns whether `end` comes, at the earliest, after more text than any client sends. The
    /// result does not depend on frame boundaries.
    fn is_too_far(&self, found: Option<usize>, end: &[u8]) -> bool {
        found.unwrap_or((self.pending.len() + 1).saturating_sub(end.len())) > MOST_TEXT
    }

    /// Begins the part with this head, whose characters are bytes.
    fn begin(&self, head: &str) -> Option<Part> {
        let header = |name: &str| {
            let mut lines = head.lines().filter_map(|line| line.split_once(':'));
            lines.find(|(given, _)| given.trim().eq_ignore_ascii_case(name)).map(|(_, value)| value)
        };
        let (_, parameters) = header("Content-Disposition")?.split_once(';')?;
        let parameter = |name: &str| parameter(parameters, name, Quoting::Form);
        let field = parameter("name")?;
        let name = parameter("filename*").and_then(|name| decode_extended(&name));
        let plain = || parameter("filename").map(|name| chars_to_bytes(&name));
        let name = name.map(String::into_bytes).or_else(plain);
        let content_type = header("Content-Type").map(|given| given.trim().to_owned());
        let is_nested = content_type.as_deref().is_some_and(is_nested);
        if name.is_none() && field != FILE_FIELD && !is_nested {
            return Some(Part::Field { name: field, text: Vec::new() });
        }
        Some(Part::File(Box::new(OpenFile {
            field,
            name: name.filter(|name| !name.is_empty()),
            content_type,
            writer: self.store.writer(None),
            hasher: Hasher::new(),
            start: Vec::new(),
        })))
    }

    /// Passes on the bytes that certainly belong to the part, up to the boundary or to where one
    /// may begin.
    fn part(&mut self, mut part: Part) -> io::Result<bool> {
        let found = find(&self.pending, &self.delimiter);
        let spare = self.pending.len().saturating_sub(self.delimiter.len() - 1);
        let sure = found.unwrap_or(spare);
        if !part.take(&self.pending[..sure])? {
            return Ok(true);
        }
        self.pending.drain(..sure);
        if found.is_none() {
            self.at = At::Part(part);
            return Ok(false);
        }
        self.pending.drain(..self.delimiter.len());
        self.end(part);
        self.at = At::Delimiter;
        Ok(true)
    }

    fn end(&mut self, part: Part) {
        match part {
            Part::Field { name, text } => {
                self.form.fields.push((name, text));
            }
            Part::File(file) => {
                let OpenFile { field, name, content_type, writer, hasher, start } = *file;
                let digest = hasher.finish();
                let content = writer.finish(digest);
                self.form.files.push(FormFile {
                    field,
                    name,
                    content_type,
                    content,
                    digest,
                    start,
                });
            }
        }
    }
}

/// The field that contains the file (§5.2).
pub(super) const FILE_FIELD: &str = "uploadFile";

impl Part {
    /// Adds bytes, and returns whether the part is still well formed.
    fn take(&mut self, bytes: &[u8]) -> io::Result<bool> {
        match self {
            Self::Field { text, .. } => {
                text.extend_from_slice(bytes);
                Ok(text.len() <= MOST_TEXT)
            }
            Self::File(file) => {
                let wanted = START_BYTES - file.start.len();
                file.start.extend_from_slice(&bytes[..wanted.min(bytes.len())]);
                file.hasher.update(bytes);
                file.writer.write(bytes)?;
                Ok(true)
            }
        }
    }
}

/// Converts bytes to characters one by one, in any encoding.
fn bytes_to_chars(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

/// Converts such characters back to bytes.
fn chars_to_bytes(chars: &str) -> Vec<u8> {
    chars.chars().filter_map(|char| u8::try_from(char).ok()).collect()
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    #[cfg(test)]
    tests::SEARCHED.with(|searched| searched.set(searched.get() + bytes.len()));
    let mut from = 0;
    while let Some(at) = bytes[from..].iter().position(|byte| *byte == wanted[0]) {
        if bytes[from + at..].starts_with(wanted) {
            return Some(from + at);
        }
        from += at + 1;
    }
    None
}

/// Decodes a parameter value in the form of RFC 5987: `UTF-8''na%C3%AFve`.
fn decode_extended(value: &str) -> Option<String> {
    let (charset, rest) = value.split_once('\'')?;
    let (_, text) = rest.split_once('\'')?;
    let is_utf_8 = charset.eq_ignore_ascii_case("UTF-8");
    percent_decode_str(text).decode_utf8().ok().filter(|_| is_utf_8).map(Cow::into_owned)
}

#[cfg(test)]
mod tests;
