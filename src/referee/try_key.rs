//! The identity of a request, by which its tries are found. Start with [`TryKey`].

use crate::journal::{Call, Exchange};
use crate::protocol::{Interface, Operation};

/// Two requests with the same key ask for the same thing for the same user. The body and the token do not
/// matter.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum TryKey<'a> {
    /// A request to an HTTP endpoint or for a stored file: the user, method, target, the headers
    /// that say what is asked for, and the path that a form names.
    Http(Option<&'a str>, &'a [u8], &'a [u8], Vec<(String, &'a [u8])>, Option<&'a str>),
    /// A call of a method: its name, the user, and what it is about.
    JsonRpc(&'a str, Option<&'a str>, Option<&'a str>, Option<&'a str>),
}

/// Headers that differ between two tries of the same request.
const NOT_IDENTIFYING: [&str; 3] =
    ["x-agile-authorization", "x-agile-signature", "x-agile-checksum"];

impl<'a> TryKey<'a> {
    pub(crate) fn new(exchange: &'a Exchange, call: &'a Call) -> Self {
        if call.interface == Interface::JsonRpc {
            let path = call.path.as_deref().filter(|_| !call.is_named_by_origin);
            let upload = call.upload.as_deref().filter(|_| call.operation != Operation::Create);
            return Self::JsonRpc(&call.name, call.user.as_deref(), path, upload);
        }
        let head = &exchange.head;
        let mut headers: Vec<_> = head
            .headers()
            .map(|(name, value)| (String::from_utf8_lossy(name).to_lowercase(), value))
            .filter(|(name, _)| {
                let is_ours = name.starts_with("x-agile-") || name == "range";
                is_ours && !NOT_IDENTIFYING.contains(&&**name)
            })
            .collect();
        headers.sort();
        let is_form = call.operation == Operation::PostFile;
        let path = call.path.as_deref().filter(|_| is_form && !call.is_named_by_origin);
        Self::Http(call.user.as_deref(), head.method(), head.target(), headers, path)
    }
}
