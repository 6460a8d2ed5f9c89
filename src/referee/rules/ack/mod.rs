//! Acknowledgements: a client reads what a response says before it goes on.

pub(super) mod checksum;
pub(super) mod code;
pub(super) mod header;
pub(super) mod size;
pub(super) mod status;

use std::collections::{HashMap, HashSet};

use crate::protocol::{ErrorKind, Operation};
use crate::referee::conduct::Conduct;
use crate::referee::request::{Flaw, Reply, Request};
use crate::referee::upload::UploadConduct;
use crate::referee::violations::Violations;

/// A failed request, and the first later request that builds on its success.
pub(super) struct Ignored<'a> {
    pub(super) failed: Request<'a>,
    pub(super) next: Request<'a>,
}

/// Returns the logins, creations and completions that failed although the client went on as if
/// they had succeeded: without a token, without a multipart id, or with the file.
pub(super) fn ignored<'a>(conduct: &Conduct<'a>) -> Vec<Ignored<'a>> {
    let mut found = Vec::new();
    if conduct.failures.is_empty() {
        return found;
    }
    let (mut login, mut create): (Option<Request<'_>>, Option<Request<'_>>) = (None, None);
    let mut completes: HashMap<&str, Request<'_>> = HashMap::new();
    let mut without_response: HashSet<&str> = HashSet::new();
    for request in conduct.requests.iter().copied() {
        let has_failed =
            matches!(request.reply(), Reply::Rejected(_) | Reply::Flawed(Flaw::Credential));
        let failed = has_failed.then_some(request);
        match request.operation() {
            Operation::Login => login = failed,
            Operation::Create => create = failed,
            Operation::Complete => {
                let Some(path) = request.call.path.as_deref() else { continue };
                // After a lost response, a rejection may mean that the upload is complete.
                if request.has_no_response() {
                    without_response.insert(path);
                }
                match failed.filter(|_| !without_response.contains(path)) {
                    Some(failed) => completes.insert(path, failed),
                    None => completes.remove(path),
                };
            }
            Operation::SetMTime
            | Operation::SetContentType
            | Operation::Rename
            | Operation::Copy => {
                let failed = request.call.path.as_deref().and_then(|path| completes.remove(path));
                push(&mut found, failed, request);
            }
            Operation::List | Operation::ListUploads => completes = HashMap::new(),
            _ if completes.is_empty() => {}
            _ => {
                request.call.path.as_deref().and_then(|path| completes.remove(path));
            }
        }
        if is_without_token(request) {
            push(&mut found, login.take(), request);
        } else if is_without_upload(conduct, request) {
            push(&mut found, create.take(), request);
        }
    }
    found
}

fn push<'a>(found: &mut Vec<Ignored<'a>>, failed: Option<Request<'a>>, next: Request<'a>) {
    let known = failed.filter(|failed| failed.ended_before(next));
    found.extend(known.map(|failed| Ignored { failed, next }));
}

fn is_without_token(request: Request<'_>) -> bool {
    request.operation() != Operation::Login && request.is_rejected_for(ErrorKind::NoCredentials)
}

/// Returns whether a request names no upload, or one that was never created.
fn is_without_upload(conduct: &Conduct<'_>, request: Request<'_>) -> bool {
    let is_unknown = |upload: &UploadConduct<'_>| upload.facts.is_none() && !upload.is_created();
    request.is_rejected_for(ErrorKind::UnknownUpload)
        && conduct.upload_of(request).is_none_or(is_unknown)
}

/// Adds the uploads that the client completed although its latest response to a piece has this flaw.
/// `what` is the value that differs.
fn judge_flaw(conduct: &Conduct<'_>, violations: &mut Violations, flaw: Flaw, what: &str) {
    let is_it = |reply| reply == Reply::Flawed(flaw);
    for (upload, complete, parts) in completed_in_spite_of(conduct, is_it) {
        let exchanges = parts.iter().map(|part| part.index());
        violations.add(exchanges.chain([complete.index()]), parts.len(), || {
            let first = parts[0];
            format!(
                "{}: the response to piece {} ({}) has another {what} than the sent bytes, and \
                 the client completed the upload ({})",
                upload.name(),
                first.call.part.unwrap_or_default(),
                first.number(),
                complete.number()
            )
        });
    }
}

/// Returns the uploads that the client completed although its latest response to these parts was
/// one that `is_it` accepts.
pub(super) fn completed_in_spite_of<'c, 'a: 'c>(
    conduct: &'c Conduct<'a>,
    is_it: impl Fn(Reply) -> bool + Copy + 'c,
) -> impl Iterator<Item = (&'c UploadConduct<'a>, Request<'a>, Vec<Request<'a>>)> {
    conduct.uploads.iter().filter_map(move |upload| {
        upload.unacknowledged.iter().find_map(|(complete, parts)| {
            let parts: Vec<_> = parts
                .iter()
                .map(|(_, latest)| *latest)
                .filter(|latest| latest.ended_before(*complete) && is_it(latest.reply()))
                .collect();
            (!parts.is_empty()).then_some((upload, *complete, parts))
        })
    })
}
