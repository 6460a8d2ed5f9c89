//! Checks of how a client sent the pieces of an upload.
//!
//! They read the recorded requests only. Times are judged on the side that is certain: a request
//! begins when its head is complete and ends when its response begins, so that a client that is
//! faster than the record is never blamed. Start with [`Attempts`] and [`Violation`].

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use crate::referee::{Request, UploadConduct};
use crate::wording::counted;

use super::CountRange;
use super::state_view::{MAX_LISTED, pieces_in_words};

/// What was found instead of the expected conduct, and the exchanges that show it.
pub(super) struct Violation {
    pub(super) expected: String,
    pub(super) found: String,
    pub(super) culprits: Vec<u64>,
    pub(super) cause: Option<String>,
}

impl Violation {
    fn new(
        expected: impl Into<String>,
        found: impl Into<String>,
        culprits: impl IntoIterator<Item = u64>,
    ) -> Self {
        let (expected, found) = (expected.into(), found.into());
        Self { expected, found, culprits: culprits.into_iter().collect(), cause: None }
    }
}

/// The result of a check.
pub(super) type Judged = Result<(), Violation>;

/// The requests about one upload.
pub(super) struct Attempts<'a>(UploadConduct<'a>);

impl<'a> Attempts<'a> {
    pub(super) fn new(requests: impl Iterator<Item = Request<'a>>) -> Self {
        let mut conduct = UploadConduct::default();
        requests.for_each(|request| conduct.add(request));
        Self(conduct)
    }

    /// Returns an error unless each piece that was sent was acknowledged exactly once.
    pub(super) fn acknowledged_once(&self) -> Judged {
        let expected = "one acknowledgement of each piece that was sent";
        if self.0.pieces.is_empty() {
            return Err(Violation::new(expected, "no piece was sent", []));
        }
        let (mut found, mut culprits) = (Vec::new(), Vec::new());
        for (part, tries) in &self.0.pieces {
            let accepted: Vec<_> = tries.iter().filter(|it| it.is_accepted()).copied().collect();
            match (accepted.as_slice(), tries.last()) {
                ([_], _) => {}
                ([], Some(last)) => {
                    let (number, replied) = (last.number(), last.replied());
                    found.push(format!("piece {part} was never acknowledged ({number} {replied})"));
                    culprits.push(last.index());
                }
                (several, _) => {
                    let times = counted(several.len(), "time");
                    found.push(format!(
                        "piece {part} was acknowledged {times} ({})",
                        numbers(several)
                    ));
                    culprits.extend(several.iter().map(|it| it.index()));
                }
            }
        }
        if found.is_empty() { Ok(()) } else { Err(Violation::new(expected, join(found), culprits)) }
    }

    /// Returns an error unless each request to complete came after the acknowledgement of every piece.
    pub(super) fn completed_after_acknowledgements(&self) -> Judged {
        let expected = "each request to complete after the acknowledgement of every piece";
        if self.0.completes.is_empty() {
            return Err(Violation::new(expected, "no request to complete came", []));
        }
        for complete in &self.0.completes {
            let early = self.0.unacknowledged_before(*complete);
            let early = early.into_iter().map(|(part, last)| {
                let replied = if last.is_accepted() {
                    "had no response yet".to_owned()
                } else {
                    last.replied()
                };
                (format!("piece {part} ({} {replied})", last.number()), last.index())
            });
            let later = self.0.pieces.iter().filter_map(|(part, tries)| {
                let first = tries.first().filter(|first| first.index() > complete.index())?;
                Some((format!("piece {part} (first sent in {})", first.number()), first.index()))
            });
            let (missing, mut culprits): (Vec<_>, Vec<_>) = early.chain(later).unzip();
            if !missing.is_empty() {
                culprits.push(complete.index());
                let found = format!("{} came before {}", complete.number(), join(missing));
                return Err(Violation::new(expected, found, culprits));
            }
        }
        Ok(())
    }

    /// Returns an error unless the number of attempts of each piece is in `expected`.
    pub(super) fn number_per_piece(&self, expected: CountRange) -> Judged {
        let expected_text = format!("{expected} for each piece");
        if self.0.pieces.is_empty() {
            return Err(Violation::new(expected_text, "no piece was sent", []));
        }
        let is_wrong = |tries: &&Vec<_>| !expected.contains(tries.len());
        let wrong = || self.0.pieces.iter().filter(|(_, tries)| is_wrong(tries));
        let found: Vec<_> =
            wrong().map(|(part, tries)| format!("{} for piece {part}", tries.len())).collect();
        let culprits = wrong().flat_map(|(_, tries)| tries).map(|it| it.index());
        if found.is_empty() {
            return Ok(());
        }
        Err(Violation::new(expected_text, join(found), culprits))
    }

    /// Returns an error if more piece bytes were read than `most`. `stored` is the length of each
    /// stored piece.
    pub(super) fn bytes_at_most(&self, most: u64, stored: &BTreeMap<u32, u64>) -> Judged {
        let sent = |tries: &[Request<'_>]| tries.iter().map(|it| it.exchange.received).sum::<u64>();
        let total: u64 = self.0.pieces.values().map(|tries| sent(tries)).sum();
        if total <= most {
            return Ok(());
        }
        let file: u64 = stored.values().sum();
        let found = format!("{total}, for a file of {}", counted(file, "byte"));
        let (mut causes, mut culprits) = (Vec::new(), Vec::new());
        for (part, tries) in &self.0.pieces {
            let (bytes, kept) = (sent(tries), stored.get(part).copied().unwrap_or_default());
            if bytes > kept {
                let (kept, times) = (counted(kept, "byte"), counted(tries.len(), "attempt"));
                causes.push(format!("piece {part} has {kept}, and {times} sent {bytes}"));
                culprits.extend(tries.iter().map(|it| it.index()));
            }
        }
        let cause = (!causes.is_empty()).then(|| join(causes));
        Err(Violation { cause, ..Violation::new(format!("at most {most}"), found, culprits) })
    }

    /// Returns an error if more than `most` pieces were in flight at once: sent, and without a response.
    pub(super) fn in_flight_at_most(&self, most: usize) -> Judged {
        let mut sent: Vec<_> = self.0.pieces.values().flatten().copied().collect();
        sent.sort_by_key(|request| request.index());
        let (mut open, mut peak): (Vec<Request<'_>>, Vec<Request<'_>>) = (Vec::new(), Vec::new());
        for next in sent {
            open.retain(|request| !request.ended_before(next));
            open.push(next);
            if open.len() > peak.len() {
                peak.clone_from(&open);
            }
        }
        if peak.len() <= most {
            return Ok(());
        }
        let parts: Vec<_> = peak.iter().filter_map(|request| request.call.part).collect();
        let found = format!("{} at once: {}", peak.len(), sorted_pieces(parts));
        let culprits = peak.iter().map(|request| request.index());
        Err(Violation::new(format!("at most {most} in flight"), found, culprits))
    }

    /// Returns an error if a piece was sent after it was acknowledged, or if there is no request that
    /// continues the upload. `given` are the pieces that the test stored.
    pub(super) fn resumed(&self, given: &[u32]) -> Judged {
        let expected = "no acknowledged piece is sent again";
        let UploadConduct { pieces, completes, inquiries, .. } = &self.0;
        if pieces.is_empty() && completes.is_empty() && inquiries.is_empty() {
            return Err(Violation::new(expected, "no request continued the upload", []));
        }
        let (mut found, mut culprits) = (Vec::new(), Vec::new());
        for (part, tries) in pieces {
            let known = tries.iter().find(|it| it.is_accepted()).copied();
            let again: Vec<_> = match known {
                _ if given.contains(part) => tries.clone(),
                Some(known) => {
                    tries.iter().filter(|it| known.ended_before(**it)).copied().collect()
                }
                None => continue,
            };
            if again.is_empty() {
                continue;
            }
            let before = match known.filter(|_| !given.contains(part)) {
                Some(known) => format!("{} was acknowledged", known.number()),
                None => "the test had stored it".to_owned(),
            };
            found.push(format!("piece {part} again in {}, although {before}", numbers(&again)));
            culprits.extend(again.iter().map(|it| it.index()));
        }
        if found.is_empty() { Ok(()) } else { Err(Violation::new(expected, join(found), culprits)) }
    }

    /// Returns an error if the same request came again less than `least` after the response to its
    /// previous attempt had begun, or if none came again.
    pub(super) fn waited(&self, least: Duration) -> Judged {
        let UploadConduct { pieces, completes, aborts, restarts, .. } = &self.0;
        waited(pieces.values().chain([completes, aborts, restarts]), least)
    }
}

fn waited<'a: 'r, 'r>(
    groups: impl Iterator<Item = &'r Vec<Request<'a>>>,
    least: Duration,
) -> Judged {
    let expected = format!("at least {least:?} between attempts");
    let mut has_retry = false;
    for pair in groups.flat_map(|tries| tries.windows(2)) {
        has_retry = true;
        let [one, next] = pair else { continue };
        let found = if one.ended_before(*next) {
            match one.longest_wait_until(*next) {
                Some(wait) if wait < least => {
                    format!(
                        "{} came {wait:?} after the response to {}",
                        next.number(),
                        one.number()
                    )
                }
                _ => continue,
            }
        } else {
            format!("{} came before the end of {}", next.number(), one.number())
        };
        let found = format!("{}: {found}", one.describe());
        return Err(Violation::new(expected, found, [one.index(), next.index()]));
    }
    if has_retry {
        return Ok(());
    }
    Err(Violation::new(expected, "nothing was sent a second time", []))
}

/// Returns an error unless every request of a step began after the responses to those of the steps
/// before it. A request that several steps select belongs to the first of them. `steps` are the names
/// of the steps.
pub(super) fn in_order<'a>(
    requests: impl Iterator<Item = Request<'a>>,
    steps: &[String],
    step_of: impl Fn(Request<'a>) -> Option<usize>,
) -> Judged {
    let mut groups: HashMap<usize, Vec<Request<'_>>> = HashMap::new();
    for request in requests {
        if let Some(step) = step_of(request) {
            groups.entry(step).or_default().push(request);
        }
    }
    let expected = steps.join(", then ");
    let mut earlier: Vec<Request<'_>> = Vec::new();
    for (at, name) in steps.iter().enumerate() {
        let Some(group) = groups.remove(&at) else {
            return Err(Violation::new(expected, format!("no request with {name} came"), []));
        };
        for request in &group {
            let Some(late) = earlier.iter().rev().find(|it| !it.ended_before(*request)) else {
                continue;
            };
            let found = format!(
                "{} ({}) began before the response to {} ({})",
                request.number(),
                request.describe(),
                late.number(),
                late.describe()
            );
            return Err(Violation::new(expected, found, [request.index(), late.index()]));
        }
        earlier.extend(group);
    }
    Ok(())
}

fn numbers(requests: &[Request<'_>]) -> String {
    requests.iter().map(|request| request.number()).collect::<Vec<_>>().join(", ")
}

fn sorted_pieces(mut parts: Vec<u32>) -> String {
    parts.sort_unstable();
    parts.dedup();
    pieces_in_words(&parts)
}

/// Joins the first entries, and counts the others.
fn join(entries: Vec<String>) -> String {
    let more = entries.len().saturating_sub(MAX_LISTED);
    let text = entries.into_iter().take(MAX_LISTED).collect::<Vec<_>>().join("; ");
    if more == 0 { text } else { format!("{text}; and {more} more") }
}
