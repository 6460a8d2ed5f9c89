//! Finds the endpoint of a request line (§1.3, §1.4). Start with [`find`].

use crate::journal::{Call, Head};
use crate::protocol::{
    EGRESS, Endpoint, HttpMethod, Interface, Operation, RESERVED_PREFIXES, endpoint_at,
};
use crate::storage::{Path, Storage};

use super::download;
use super::response::ResponseBuilder;

/// The destination of a request.
pub(super) struct Route {
    /// `None` for OPTIONS, which has the same response on every path.
    pub(super) endpoint: Option<&'static Endpoint>,
    pub(super) method: HttpMethod,
    /// The path without query, as [`normalized`] returns it: percent-encoded except for unreserved
    /// characters.
    pub(super) path: String,
}

impl Route {
    /// Returns the call of this request, before anything else is known.
    pub(super) fn call(&self) -> Call {
        match self.endpoint {
            Some(endpoint) if endpoint.path.is_empty() => {
                Call::new(endpoint.operation, endpoint.interface, self.path.clone())
            }
            Some(endpoint) => Call::new(endpoint.operation, endpoint.interface, endpoint.path),
            None => Call::new(Operation::Preflight, Interface::Http, self.path.clone()),
        }
    }
}

/// Finds the endpoint of a request.
///
/// # Errors
///
/// 404 for a POST to an unknown path, and for a path that begins like an endpoint but is neither an
/// endpoint nor in a directory of the account. 405 with `Allow` for an endpoint with a method that
/// it does not take. Neither has a code.
pub(super) fn find(storage: &Storage, head: &Head) -> Result<Route, Box<ResponseBuilder>> {
    let path = normalize(&String::from_utf8_lossy(head.target()));
    let endpoint = endpoint_at(&path);
    let unmatched = |response: ResponseBuilder| {
        Box::new(response.with_call(Call::new(Operation::Unmatched, Interface::Http, path.clone())))
    };
    let method = HttpMethod::parse(head.method());
    if endpoint.is_none() && is_reserved(&path) && method != Some(HttpMethod::Options) {
        let may_read = method.is_some_and(|method| EGRESS.methods.contains(&method));
        if !may_read || !is_in_account(storage, &path) {
            return Err(unmatched(ResponseBuilder::from_status(404)));
        }
    }
    let Some(method) = method else {
        return Err(unmatched(not_allowed(endpoint.unwrap_or(&EGRESS))));
    };
    match endpoint {
        _ if method == HttpMethod::Options => Ok(Route { endpoint: None, method, path }),
        Some(found) if found.methods.contains(&method) => Ok(Route { endpoint, method, path }),
        Some(found) => Err(unmatched(not_allowed(found))),
        None if method == HttpMethod::Post => Err(unmatched(ResponseBuilder::from_status(404))),
        None => Ok(Route { endpoint: Some(&EGRESS), method, path }),
    }
}

fn not_allowed(endpoint: &Endpoint) -> ResponseBuilder {
    let methods = endpoint.methods.iter().chain([&HttpMethod::Options]);
    let allow: Vec<_> = methods.map(|method| method.name()).collect();
    ResponseBuilder::from_status(405).with("Allow", allow.join(", ").into_bytes())
}

fn is_reserved(path: &str) -> bool {
    path.split('/').nth(1).is_some_and(|first| RESERVED_PREFIXES.contains(&first))
}

/// Returns whether the account has an entry with the first name of the path. The path then belongs
/// to a stored file, not to a mistyped endpoint (§8).
fn is_in_account(storage: &Storage, path: &str) -> bool {
    let path = download::decoded(path);
    let first = path.as_ref().and_then(|path| path.segments().next());
    first.is_some_and(|first| storage.tree().get(&Path::root().child(first)).is_ok())
}

/// Returns the path of a request target in origin or absolute form. Repeated slashes are collapsed
/// (§1.4), and unreserved characters are decoded; `%2F` stays encoded.
fn normalize(target: &str) -> String {
    let path = target.split(['?', '#']).next().unwrap_or_default();
    let path = match path.split_once("://") {
        Some((scheme, rest)) if !scheme.contains('/') => {
            rest.find('/').map_or("/", |at| &rest[at..])
        }
        _ => path,
    };
    let mut collapsed = String::with_capacity(path.len());
    for char in path.chars() {
        if char != '/' || !collapsed.ends_with('/') {
            collapsed.push(char);
        }
    }
    decode_unreserved(&collapsed)
}

/// Decodes the percent-encoded unreserved characters of a path (RFC 3986 §6.2.2.2).
pub(super) fn decode_unreserved(path: &str) -> String {
    let mut decoded = String::with_capacity(path.len());
    let mut rest = path;
    while let Some(at) = rest.find('%') {
        let (before, escape) = rest.split_at(at);
        decoded.push_str(before);
        let unreserved = unreserved_escape(escape);
        decoded.push(unreserved.unwrap_or('%'));
        rest = &escape[unreserved.map_or(1, |_| ESCAPE_LENGTH)..];
    }
    decoded + rest
}

const ESCAPE_LENGTH: usize = "%41".len();

/// Returns the unreserved character at the start of a text, if it is percent-encoded
/// (RFC 3986 §2.3).
fn unreserved_escape(text: &str) -> Option<char> {
    let digits = text.strip_prefix('%')?.get(..ESCAPE_LENGTH - 1)?;
    let is_hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    let byte = u8::from_str_radix(digits, 16).ok().filter(|_| is_hex)?;
    let is_unreserved = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    is_unreserved.then(|| char::from(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normalize_collapses_slashes_and_drops_query_and_host() {
        for (target, path) in [
            ("//jsonrpc", "/jsonrpc"),
            ("/account///login?a=//b", "/account/login"),
            ("http://host:80/a//b", "/a/b"),
            ("http://host", "/"),
            ("*", "*"),
            ("/a://b", "/a:/b"),
        ] {
            assert_eq!(normalize(target), path);
        }
    }

    #[test]
    fn only_unreserved_characters_are_decoded() {
        for (target, path) in [
            ("/multipart/%63reate", "/multipart/create"),
            ("/%6d%75ltipart/create", "/multipart/create"),
            ("/a%2Db%2e%5F%7e", "/a-b._~"),
            ("/multipart%2Fcreate", "/multipart%2Fcreate"),
            ("/multipart%2fcreate", "/multipart%2fcreate"),
            ("/%2563reate", "/%2563reate"),
            ("/a%20%c3%b6", "/a%20%c3%b6"),
            ("/%", "/%"),
            ("/%4", "/%4"),
            ("/%+1", "/%+1"),
            ("/%6ö", "/%6ö"),
        ] {
            assert_eq!(normalize(target), path);
        }
    }
}
