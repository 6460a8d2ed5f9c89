//! The flag `recursive`, a header or a form field: whether missing parents are created (§5, §6).

use crate::api::context::RequestContext;
use crate::protocol::ErrorKind;
use crate::storage::MissingParents;

/// Parses `X-Agile-Recursive`, if it was sent.
pub(super) fn read(context: &RequestContext<'_>) -> Result<Option<MissingParents>, ErrorKind> {
    context.header("X-Agile-Recursive").map(parse).transpose()
}

/// Parses whether parents are created: one of the words for yes and no.
pub(super) fn parse(text: &[u8]) -> Result<MissingParents, ErrorKind> {
    const WORDS: [(&str, MissingParents); 6] = [
        ("true", MissingParents::Create),
        ("yes", MissingParents::Create),
        ("1", MissingParents::Create),
        ("false", MissingParents::Reject),
        ("no", MissingParents::Reject),
        ("0", MissingParents::Reject),
    ];
    let found = WORDS.iter().find(|(word, _)| word.as_bytes().eq_ignore_ascii_case(text));
    found.map(|(_, parents)| *parents).ok_or(ErrorKind::Flag)
}
