//! From a request line to an endpoint (§1.3, §1.4).

use crate::journal::{Call, Head};
use crate::spec::{
    EGRESS, Endpoint, HttpMethod, Interface, Operation, RESERVED_PREFIXES, endpoint_at,
};

use super::answer::Draft;

/// Where a request goes.
pub(super) struct Route {
    /// None for OPTIONS, which is answered alike everywhere.
    pub(super) endpoint: Option<&'static Endpoint>,
    pub(super) method: HttpMethod,
    /// The path without query, repeated slashes collapsed, still percent-encoded.
    pub(super) path: String,
}

impl Route {
    /// The call that this request makes, before anything else is known.
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
/// 404 for a POST to no endpoint and for anything to what only looks like one, 405 with `Allow` for an endpoint
/// with a method that it does not take. Neither carries a code.
pub(super) fn find(head: &Head) -> Result<Route, Box<Draft>> {
    let path = collapsed(head.target());
    let endpoint = endpoint_at(&path);
    let unmatched = |answer: Draft| {
        Box::new(answer.about(Call::new(Operation::Unmatched, Interface::Http, path.clone())))
    };
    if endpoint.is_none() && is_reserved(&path) && head.method() != b"OPTIONS" {
        return Err(unmatched(Draft::plain(404)));
    }
    let Some(method) = HttpMethod::parse(head.method()) else {
        return Err(unmatched(not_allowed(endpoint.unwrap_or(&EGRESS))));
    };
    match endpoint {
        _ if method == HttpMethod::Options => Ok(Route { endpoint: None, method, path }),
        Some(found) if found.methods.contains(&method) => Ok(Route { endpoint, method, path }),
        Some(found) => Err(unmatched(not_allowed(found))),
        None if method == HttpMethod::Post => Err(unmatched(Draft::plain(404))),
        None => Ok(Route { endpoint: Some(&EGRESS), method, path }),
    }
}

fn not_allowed(endpoint: &Endpoint) -> Draft {
    let methods = endpoint.methods.iter().chain([&HttpMethod::Options]);
    let allow: Vec<_> = methods.map(|method| method.name()).collect();
    Draft::plain(405).with("Allow", allow.join(", ").into_bytes())
}

fn is_reserved(path: &str) -> bool {
    path.split('/').nth(1).is_some_and(|first| RESERVED_PREFIXES.contains(&first))
}

/// The path of a request target, in origin or absolute form, with repeated slashes made one.
fn collapsed(target: &[u8]) -> String {
    let target = String::from_utf8_lossy(target);
    let path = target.split(['?', '#']).next().unwrap_or_default();
    let path = match path.split_once("://") {
        Some((scheme, rest)) if !scheme.contains('/') => {
            rest.find('/').map_or("/", |at| &rest[at..])
        }
        _ => path,
    };
    let mut collapsed = String::with_capacity(path.len());
    for byte in path.chars() {
        if byte != '/' || !collapsed.ends_with('/') {
            collapsed.push(byte);
        }
    }
    collapsed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slashes_collapse_and_query_and_host_are_left_out() {
        for (target, path) in [
            ("//jsonrpc", "/jsonrpc"),
            ("/account///login?a=//b", "/account/login"),
            ("http://host:80/a//b", "/a/b"),
            ("http://host", "/"),
            ("*", "*"),
            ("/a://b", "/a:/b"),
        ] {
            assert_eq!(collapsed(target.as_bytes()), path);
        }
    }
}
