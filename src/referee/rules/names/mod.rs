//! Names: paths, content types and headers that arrive as they were meant.

pub(super) mod legacy;
pub(super) mod mangled;
pub(super) mod type_unknown;
pub(super) mod unquoted;

use crate::referee::conduct::Conduct;
use crate::referee::head_facts::{HeadMark, NAMES};
use crate::referee::request::Request;

/// A header with a name or a path.
struct Named<'a> {
    request: Request<'a>,
    header: &'static str,
    value: &'a [u8],
    /// Whether the client declared it as URI-quoted.
    is_quoted: bool,
}

/// Returns every name that a client sent in a header.
fn names<'c, 'a>(conduct: &'c Conduct<'a>) -> impl Iterator<Item = Named<'a>> + 'c {
    conduct.marked(HeadMark::Name).iter().copied().filter(|it| !it.call.is_json_rpc()).flat_map(
        |request| {
            let is_quoted = request
                .header("X-Agile-Encoding")
                .or(request.header("X-Agile-Content-Encoding"))
                .is_some_and(|encoding| encoding.eq_ignore_ascii_case(b"UTF8"));
            NAMES.into_iter().filter_map(move |header| {
                let value = request.header(header)?;
                Some(Named { request, header, value, is_quoted })
            })
        },
    )
}

/// Returns whether bytes contain `%` and two hexadecimal digits.
fn has_escape(value: &[u8]) -> bool {
    value.windows(3).any(|it| it[0] == b'%' && it[1..].iter().all(u8::is_ascii_hexdigit))
}
