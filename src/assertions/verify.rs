//! The verdict over everything that happened.

use std::collections::HashMap;
use std::fmt;

use crate::fault::{FaultRecord, near_misses};
use crate::journal::{Call, Escaped, Journal, RecordedRequest, RecordedRequests};
use crate::protocol::{ENDPOINTS, ErrorKind, Interface, METHODS, Operation, endpoint_at};
use crate::wording::{counted, nearest};

use super::{AssertionFailure, connections};

/// All that speaks against a run.
///
/// Its `Display` is the text that `finish()` panics with.
#[derive(Clone, Debug)]
pub struct VerificationError {
    failures: Vec<AssertionFailure>,
    omitted: usize,
}

/// More failures of one kind would hide those of the others.
const MOST_OF_A_KIND: usize = 20;

impl VerificationError {
    /// Returns the failures, in the order in which they came about: at most 20 of each kind. Requests
    /// that failed in the same way are one failure.
    pub fn failures(&self) -> &[AssertionFailure] {
        &self.failures
    }

    /// Returns how many more failures there are.
    pub fn omitted(&self) -> usize {
        self.omitted
    }

    /// Adds failures of one kind, up to the limit; only these are written out.
    fn extend<T>(
        &mut self,
        of_a_kind: impl Iterator<Item = T>,
        fail: impl Fn(T) -> AssertionFailure,
    ) {
        let mut of_a_kind = of_a_kind;
        self.failures.extend(of_a_kind.by_ref().take(MOST_OF_A_KIND).map(fail));
        self.omitted += of_a_kind.count();
    }
}

impl fmt::Display for VerificationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, failure) in self.failures.iter().enumerate() {
            let gap = if at == 0 { "" } else { "\n\n" };
            write!(f, "{gap}{failure}")?;
        }
        match self.omitted {
            0 => Ok(()),
            more => write!(f, "\n\n… and {}", counted(more, "more failure")),
        }
    }
}

impl std::error::Error for VerificationError {}

/// Judges a whole journal, and the faults that were to act in it.
///
/// # Errors
///
/// What speaks against the run: bytes from which no request could be read, requests that matched no
/// endpoint or no method, faults that never acted, held an answer or put something off to the end, and what went wrong in the origin itself.
pub fn verify(journal: &Journal, faults: &[FaultRecord]) -> Result<(), VerificationError> {
    let requests = RecordedRequests::new(journal.exchanges());
    let mut verdict = VerificationError { failures: Vec::new(), omitted: 0 };
    verdict.extend(connections::unparsed(journal), |(connection, unparsed)| {
        connections::no_request(connection, unparsed, journal)
    });
    verdict.extend(alike(&requests).iter(), |alike| lost(alike));
    let unfired = faults.iter().filter(|fault| fault.fired == 0 && fault.is_judged);
    verdict.extend(unfired, |fault| never_acted(fault, journal));
    verdict.extend(faults.iter().filter(|fault| fault.unreleased), never_ended);
    verdict.extend(journal.internal_errors().iter(), |bug| internal_error(bug));
    if verdict.failures.is_empty() { Ok(()) } else { Err(verdict) }
}

/// Requests that found nothing, grouped by what they asked for and how they were answered.
fn alike(requests: &RecordedRequests) -> Vec<Vec<&RecordedRequest>> {
    let mut groups: Vec<Vec<&RecordedRequest>> = Vec::new();
    let mut places: HashMap<(Interface, &str, Option<u16>), usize> = HashMap::new();
    for request in requests.iter().filter(|request| is_lost(request)) {
        let call = request.call();
        let key = (call.interface, &*call.name, request.status());
        let location = *places.entry(key).or_insert_with(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        groups[location].push(request);
    }
    groups
}

/// Whether a request turned to nothing that exists. Bodies that are no requests were refused as
/// such; a method that is not known is a mistyped one, and so is a file that is not there if its
/// path is almost an endpoint's.
fn is_lost(request: &RecordedRequest) -> bool {
    let call = request.call();
    let is_unknown =
        || call.result_code.is_some_and(|row| row.causes.contains(&ErrorKind::NoSuchMethod));
    match call.operation {
        Operation::Unmatched => true,
        Operation::Read => request.status() == Some(404) && meant(call).is_some(),
        _ => is_unknown(),
    }
}

/// The failure of requests that are alike.
fn lost(requests: &[&RecordedRequest]) -> AssertionFailure {
    let request = requests[0];
    let call = request.call();
    let (claim, expected) = if call.interface == Interface::JsonRpc {
        ("every call finds its method", "one of the methods of §7.2 to §7.4")
    } else {
        ("every request finds its endpoint", "an endpoint that takes the request's method (§1.3)")
    };
    let answered = request.status().map_or("nothing".to_owned(), |status| status.to_string());
    let times = match requests.len() {
        1 => String::new(),
        times => format!(", {times} times"),
    };
    let name = Escaped::new(&*call.name);
    let failure =
        AssertionFailure::new(claim, expected, format!("{name}, answered {answered}{times}"))
            .showing(requests.iter().map(|request| request.shared()), |_| true);
    match (endpoint_at(&call.name), meant(call)) {
        (Some(endpoint), _) => {
            let methods: Vec<_> = endpoint.methods.iter().map(|method| method.name()).collect();
            *failure.hint(format!("{} takes {}", endpoint.path, methods.join(", ")))
        }
        (None, Some(near)) => *failure.hint(format!("did the client mean {near}?")),
        (None, None) => *failure,
    }
}

fn never_acted(fault: &FaultRecord, journal: &Journal) -> AssertionFailure {
    let found = format!("never: {}", near_misses(fault, journal));
    let failure =
        AssertionFailure::new(format!("this fault acts: {}", fault.name), "at least once", found);
    *failure.because(added_at(fault))
}

fn never_ended(fault: &FaultRecord) -> AssertionFailure {
    if fault.holds() { never_released(fault) } else { never_done(fault) }
}

fn never_done(fault: &FaultRecord) -> AssertionFailure {
    let claim = format!("this fault does what it has put off: {}", fault.name);
    let failure =
        AssertionFailure::new(claim, "that its time comes", "an end of the origin before that");
    *failure.because(added_at(fault)).hint("origin.advance(..) lets protocol time go by")
}

fn never_released(fault: &FaultRecord) -> AssertionFailure {
    let claim = format!("this fault lets go of what it holds: {}", fault.name);
    let failure =
        AssertionFailure::new(claim, "a release by the test", "an answer that was never released");
    *failure
        .because(added_at(fault))
        .hint("held.release() in a test, or POST /__mock/faults/ID/release from outside")
}

fn added_at(fault: &FaultRecord) -> Option<String> {
    fault.location.as_ref().map(|location| format!("it was added at {location}"))
}

fn internal_error(bug: &str) -> AssertionFailure {
    *AssertionFailure::new("the origin works", "no fault of its own", bug)
        .hint("this is a bug of mock-origin or of the machine it runs on, not of the client")
}

/// The endpoint or method whose name is like the one that was called.
fn meant(call: &Call) -> Option<&'static str> {
    match call.interface {
        Interface::JsonRpc => nearest(&call.name, METHODS.iter().map(|method| method.name)),
        _ => nearest(&call.name, ENDPOINTS.iter().map(|endpoint| endpoint.path)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_name_finds_the_one_that_was_meant() {
        let http = |name: &'static str| Call::new(Operation::Unmatched, Interface::Http, name);
        for (mistyped, meant) in [
            ("/multipart/peice", Some("/multipart/piece")),
            ("/Multipart/create", Some("/multipart/create")),
            ("/acount/login", Some("/account/login")),
            ("/jsonrpc/", Some("/jsonrpc")),
            ("/something/else/altogether", None),
            ("/videos/a.mp4", None),
            ("/foo", None),
        ] {
            assert_eq!(super::meant(&http(mistyped)), meant, "{mistyped}");
        }
        let rpc = Call::new(Operation::UnknownMethod, Interface::JsonRpc, "getMultipartState");
        assert_eq!(meant(&rpc), Some("getMultipartStatus"));
    }
}
