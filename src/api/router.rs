//! Finds the endpoint of a request line (§1.3, §1.4). Start with [`find`].

use std::borrow::Cow;

use crate::journal::{Call, Head};
use crate::protocol::{
    EGRESS, Endpoint, HttpMethod, Interface, Operation, RESERVED_PREFIXES, endpoint_at,
};
use crate::storage::{Path, Storage};

use super::response::ResponseBuilder;
use super::url;

/// The destination of a request.
pub(super) struct Route<'a> {
    /// `None` for OPTIONS, which has the same response on every path.
    pub(super) endpoint: Option<&'static Endpoint>,
    pub(super) method: HttpMethod,
    /// The path without query, as [`url::normalize_path`] returns it: percent-encoded except for unreserved
    /// characters.
    pub(super) path: Cow<'a, str>,
}

impl Route<'_> {
    /// Returns the call of this request, before anything else is known.
    pub(super) fn call(&self) -> Call {
        match self.endpoint {
            Some(endpoint) if endpoint.path.is_empty() => {
                Call::new(endpoint.operation, endpoint.interface, self.path.to_string())
            }
            Some(endpoint) => Call::new(endpoint.operation, endpoint.interface, endpoint.path),
            None => Call::new(Operation::Preflight, Interface::Http, self.path.to_string()),
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
pub(super) fn find<'a>(
    storage: &Storage,
    head: &'a Head,
) -> Result<Route<'a>, Box<ResponseBuilder>> {
    let path = url::normalize_path(url::lossy(head.target()));
    let endpoint = endpoint_at(&path);
    let unmatched = |response: ResponseBuilder| {
        Box::new(response.with_call(Call::new(
            Operation::Unmatched,
            Interface::Http,
            path.to_string(),
        )))
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
    ResponseBuilder::from_status(405).with("Allow", allow.join(", "))
}

fn is_reserved(path: &str) -> bool {
    path.split('/').nth(1).is_some_and(|first| RESERVED_PREFIXES.contains(&first))
}

/// Returns whether the account has an entry with the first name of the path. The path then belongs
/// to a stored file, not to a mistyped endpoint (§8).
fn is_in_account(storage: &Storage, path: &str) -> bool {
    let path = url::parse_path(path);
    let first = path.as_ref().and_then(|path| path.segments().next());
    first.is_some_and(|first| storage.tree().get(&Path::root().child(first)).is_ok())
}
