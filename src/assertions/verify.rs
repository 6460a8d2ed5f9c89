//! Verification of a whole run: [`verify`] checks the journal and the faults.

use std::collections::HashMap;
use std::fmt;

use crate::fault::{FaultRecord, near_misses};
use crate::journal::{Call, Escaped, Journal, UnparsedKind};
use crate::protocol::{ENDPOINTS, ErrorKind, Interface, METHODS, Operation, endpoint_at};
use crate::referee::{Finding, RefereeOptions, Report};
use crate::wording::{counted, nearest};

use super::request::RecordedRequest;
use super::requests::RecordedRequests;
use super::{AssertionFailure, connections};

/// The failures of a run.
///
/// Its `Display` is the text that `finish()` panics with.
#[derive(Clone, Debug)]
pub struct VerificationError {
    failures: Vec<AssertionFailure>,
    omitted: usize,
}

/// The limit keeps failures of other kinds visible.
const MAX_OF_A_KIND: usize = 20;

impl VerificationError {
    /// Returns the failures in the order in which they happened, at most 20 of each kind. Requests
    /// that failed in the same way are one failure.
    pub fn failures(&self) -> &[AssertionFailure] {
        &self.failures
    }

    /// Returns the number of failures beyond the limit.
    pub fn omitted(&self) -> usize {
        self.omitted
    }

    /// Adds failures of one kind up to the limit. Only these are formatted.
    fn extend<T>(
        &mut self,
        of_a_kind: impl Iterator<Item = T>,
        fail: impl Fn(T) -> AssertionFailure,
    ) {
        let mut of_a_kind = of_a_kind;
        self.failures.extend(of_a_kind.by_ref().take(MAX_OF_A_KIND).map(fail));
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

/// Checks a whole journal, its faults, and what the referee found.
///
/// # Errors
///
/// Returns an error if the client sent invalid HTTP, if a request matched no endpoint or no method,
/// if a fault was never injected, if a held response was not released, if a deferred operation was
/// not carried out, if the client violated a rule of the referee, or if the origin had an internal
/// error.
pub(crate) fn verify(
    journal: &Journal,
    faults: &[FaultRecord],
    report: &Report,
    options: &RefereeOptions,
) -> Result<(), VerificationError> {
    let (requests, dropped) = (RecordedRequests::new(journal), journal.dropped());
    let mut error = VerificationError { failures: Vec::new(), omitted: 0 };
    let invalid = connections::unparsed(journal).filter(|(_, unparsed)| {
        let is_behind = unparsed.kind == UnparsedKind::BytesBehindRequest;
        !options.is_allowed(if is_behind { "http.leftover" } else { "http.no_http" })
    });
    error.extend(invalid, |(connection, unparsed)| {
        connections::invalid_http(connection, unparsed, journal)
    });
    error.extend(group_unmatched(&requests).iter(), |group| unmatched(group));
    let unfired = faults.iter().filter(|fault| fault.fired == 0 && fault.is_judged);
    error.extend(unfired, |fault| never_injected(fault, journal));
    error.extend(faults.iter().filter(|fault| fault.unreleased), unfinished);
    // Bytes that are not a request are failures already.
    let is_new = |finding: &Finding| !["http.no_http", "http.leftover"].contains(&finding.id());
    let findings = options.select(report.findings.clone(), options.level).filter(is_new);
    error.extend(findings, |finding| misconduct(&finding, journal));
    error.extend(options.stale(report), |allowed| {
        let (id, reason) = (allowed.rule.id, &allowed.reason);
        let title = format!("allowed rule was never violated: {id}");
        *AssertionFailure::with_text(title, format!("the reason to allow it was: {reason}"))
            .hint("the .allow(..) of the test, which may be removed")
    });
    let errors = journal.internal_errors().iter().chain(&report.internal_errors);
    error.extend(errors, |text| internal_error(text));
    if error.failures.is_empty() {
        return Ok(());
    }
    let lacking = |failure: AssertionFailure| *Box::new(failure).lacking(dropped);
    error.failures = error.failures.into_iter().map(lacking).collect();
    Err(error)
}

/// Groups the requests that matched no endpoint or method, by name and response status.
fn group_unmatched(requests: &RecordedRequests) -> Vec<Vec<&RecordedRequest>> {
    let mut groups: Vec<Vec<&RecordedRequest>> = Vec::new();
    let mut positions: HashMap<(Interface, &str, Option<u16>), usize> = HashMap::new();
    for request in requests.iter().filter(|request| is_unmatched(request)) {
        let call = request.call();
        let key = (call.interface, &*call.name, request.status());
        let position = *positions.entry(key).or_insert_with(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        groups[position].push(request);
    }
    groups
}

/// Returns whether a request matched no endpoint or no method. A missing file counts if its path is
/// almost the path of an endpoint. A body that is not a JSON-RPC request does not count.
fn is_unmatched(request: &RecordedRequest) -> bool {
    let call = request.call();
    let is_unknown =
        || call.result_code.is_some_and(|row| row.causes.contains(&ErrorKind::NoSuchMethod));
    match call.operation {
        Operation::Unmatched => true,
        Operation::Read => request.status() == Some(404) && suggest(call).is_some(),
        _ => is_unknown(),
    }
}

/// Returns the failure of one group.
fn unmatched(requests: &[&RecordedRequest]) -> AssertionFailure {
    let request = requests[0];
    let call = request.call();
    let (title, expected) = if call.interface == Interface::JsonRpc {
        ("client called an unknown method", "one of the methods of §7.2 to §7.4")
    } else {
        (
            "client sent a request that no endpoint accepts",
            "an endpoint that accepts the request's method (§1.3)",
        )
    };
    let response =
        request.status().map_or("no response".to_owned(), |status| format!("response {status}"));
    let times = match requests.len() {
        1 => String::new(),
        times => format!(", {times} times"),
    };
    let name = Escaped::new(&*call.name);
    let failure =
        AssertionFailure::with_values(title, expected, format!("{name}, {response}{times}"))
            .showing(requests.iter().map(|request| request.shared()), |_| true);
    match (endpoint_at(&call.name), suggest(call)) {
        (Some(endpoint), _) => {
            let methods: Vec<_> = endpoint.methods.iter().map(|method| method.name()).collect();
            *failure.hint(format!(
                "the request's method: {} accepts {}",
                endpoint.path,
                methods.join(", ")
            ))
        }
        (None, Some(near)) => *failure.hint(format!("the spelling; did you mean {near}?")),
        (None, None) => *failure,
    }
}

fn never_injected(fault: &FaultRecord, journal: &Journal) -> AssertionFailure {
    let title = title_of("fault was never injected", fault);
    *AssertionFailure::with_text(title, near_misses(fault, journal))
}

fn unfinished(fault: &FaultRecord) -> AssertionFailure {
    if fault.holds() {
        let title = title_of("held response was never released", fault);
        *AssertionFailure::with_values(title, "a release by the test", "no release")
            .hint("HoldGuard::release() in a test, or POST /__mock/faults/ID/release from outside")
    } else {
        let title = title_of("deferred operation was never carried out", fault);
        let found = "the origin ended before that";
        *AssertionFailure::with_values(title, "its time comes", found)
            .hint("origin.advance(..), which moves protocol time forward")
    }
}

/// Returns the failure of a finding.
fn misconduct(finding: &Finding, journal: &Journal) -> AssertionFailure {
    let rule = finding.rule();
    let (sentence, section) = (rule.sentence.trim_end_matches('.'), rule.section);
    let title = format!("{} ({}): {sentence} ({section})", rule.id, rule.level);
    let exchanges = finding.exchanges().iter().filter_map(|it| journal.exchange(*it).cloned());
    *AssertionFailure::with_text(title, finding.text())
        .showing(exchanges, |_| true)
        .advising(rule.advice)
}

/// Returns `what: NAME  (FILE:LINE)`.
fn title_of(what: &str, fault: &FaultRecord) -> String {
    match &fault.location {
        Some(location) => format!("{what}: {}  ({location})", fault.name),
        None => format!("{what}: {}", fault.name),
    }
}

fn internal_error(text: &str) -> AssertionFailure {
    *AssertionFailure::with_text("mock-origin had an internal error", text).because(Some(
        "this is a bug of mock-origin or a problem of the machine, not of the client".to_owned(),
    ))
}

/// Returns the endpoint or method whose name resembles the called one.
fn suggest(call: &Call) -> Option<&'static str> {
    match call.interface {
        Interface::JsonRpc => nearest(&call.name, METHODS.iter().map(|method| method.name)),
        _ => nearest(&call.name, ENDPOINTS.iter().map(|endpoint| endpoint.path)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_name_gets_a_suggestion() {
        let http = |name: &'static str| Call::new(Operation::Unmatched, Interface::Http, name);
        for (mistyped, suggested) in [
            ("/multipart/peice", Some("/multipart/piece")),
            ("/Multipart/create", Some("/multipart/create")),
            ("/acount/login", Some("/account/login")),
            ("/jsonrpc/", Some("/jsonrpc")),
            ("/something/else/altogether", None),
            ("/videos/a.mp4", None),
            ("/foo", None),
        ] {
            assert_eq!(suggest(&http(mistyped)), suggested, "{mistyped}");
        }
        let rpc = Call::new(Operation::UnknownMethod, Interface::JsonRpc, "getMultipartState");
        assert_eq!(suggest(&rpc), Some("getMultipartStatus"));
    }
}
