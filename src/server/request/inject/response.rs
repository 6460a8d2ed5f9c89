//! Decides how a fault applies to the response of a request. Start with [`at_response`].

use std::time::Duration;

use crate::api::{Body, Response};
use crate::fault::{Disconnect, FaultAction, HeaderMutation, MalformedResponse};
use crate::journal::ResponseHead;
use crate::wording::counted;

use crate::server::pacing::pacing_quantum;
use crate::server::request::inject::header::{alter, is_about_framing};
use crate::server::request::inject::{Ending, rejection};

/// What happens to the response.
#[derive(Debug, PartialEq)]
pub(crate) enum AtResponse {
    /// It is sent unchanged, and the fault is skipped with this reason.
    Skip(String),
    End(Ending),
    /// Only its first `room` bytes are written.
    Truncate {
        room: u64,
        disconnect: Disconnect,
    },
    /// It is written as malformed HTTP.
    Malform(MalformedResponse),
    Delay(Duration),
    Hold,
    /// Its head is replaced. If that changes the framing, it is written until the connection closes.
    ReplaceHead {
        head: ResponseHead,
        is_framing: bool,
    },
    /// It is written at this rate in bytes per second.
    Pace(u64),
}

/// Decides what happens to a response, by the action of a fault on a call of the request.
pub(crate) fn at_response(action: &FaultAction, call: usize, response: &Response) -> AtResponse {
    if action.needs_commit() && !response.has_done(call) {
        return AtResponse::Skip(rejection(response, call));
    }
    match action {
        FaultAction::CommitThen(loss) => AtResponse::End((*loss).into()),
        FaultAction::CutResponse(room, disconnect) => {
            let length = response_length(response);
            if length < *room {
                let length = counted(length, "byte");
                return AtResponse::Skip(format!("the response has only {length}"));
            }
            AtResponse::Truncate { room: *room, disconnect: *disconnect }
        }
        FaultAction::Garble(malformed) => match explain_no_effect(malformed, response) {
            Some(why) => AtResponse::Skip(why),
            None => AtResponse::Malform(malformed.clone()),
        },
        FaultAction::Delay(by) => AtResponse::Delay(*by),
        FaultAction::Hold => AtResponse::Hold,
        FaultAction::Alter(change) => replace_head(&response.head, change),
        FaultAction::RespondSlowly(rate) => {
            let length = response_length(response);
            if length <= pacing_quantum(*rate).0 {
                let length = counted(length, "byte");
                let why = format!("the response fits into one write at that rate: {length}");
                return AtResponse::Skip(why);
            }
            AtResponse::Pace(*rate)
        }
        // These act before there is a response, if the request gets that far.
        FaultAction::Reject(_)
        | FaultAction::RejectAfter(..)
        | FaultAction::CutAfter(..)
        | FaultAction::ReadSlowly(_)
        | FaultAction::SendInterim(_)
        | FaultAction::WithholdContinue
        | FaultAction::DelayContinue(_)
        | FaultAction::GarbleContinue(_)
        | FaultAction::Lose(_)
        | FaultAction::CommitLater(_)
        | FaultAction::Join(_)
        | FaultAction::Stale
        | FaultAction::Listing(_)
        | FaultAction::InterfereBefore(_)
        | FaultAction::InterfereAfter(_) => AtResponse::Skip(rejection(response, call)),
    }
}

fn replace_head(before: &ResponseHead, change: &HeaderMutation) -> AtResponse {
    let mut head = before.clone();
    match alter(&mut head, change) {
        Err(why) => AtResponse::Skip(why),
        Ok(()) if head == *before => {
            AtResponse::Skip("the response already has this value".to_owned())
        }
        Ok(()) => AtResponse::ReplaceHead { head, is_framing: is_about_framing(change) },
    }
}

/// Returns why the malformed response would equal the normal one.
fn explain_no_effect(malformed: &MalformedResponse, response: &Response) -> Option<String> {
    let length = body_length(response);
    match malformed {
        MalformedResponse::Truncate(bytes) if *bytes >= length => {
            Some(format!("the response body has only {}", counted(length, "byte")))
        }
        MalformedResponse::ContentLength(claimed) if *claimed == response.body.len() => {
            Some(format!("the response body already has {}", counted(length, "byte")))
        }
        _ => None,
    }
}

/// Returns the length of a response in bytes, its head included.
fn response_length(response: &Response) -> u64 {
    response.head.to_bytes("HTTP/1.1").len() as u64 + body_length(response)
}

fn body_length(response: &Response) -> u64 {
    match &response.body {
        Body::HeadOnly(_) => 0,
        body => body.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{InjectedError, build_error_response};
    use crate::fault::{Disconnect, ResponseLoss};
    use crate::protocol::Options;
    use crate::storage::{Setup, Storage, Timestamp};

    /// Returns a response without calls: `503 Service Unavailable` with these headers and no body.
    fn response(headers: &[(String, String)]) -> Box<Response> {
        let now = Timestamp::from_secs(1_000);
        let (account, options) = ("acme".to_owned(), Options::default());
        let storage = Storage::new(Setup { account, users: vec![], options, seed: 1 }, now);
        let error = InjectedError {
            result_code: None,
            status: 503,
            code: None,
            reason: None,
            headers,
            body: Some(("text/plain", b"later")),
            is_head: false,
        };
        build_error_response(&storage, now, &[], &error)
    }

    fn decide(action: &FaultAction) -> AtResponse {
        at_response(action, 0, &response(&[("X-One".to_owned(), "1".to_owned())]))
    }

    #[test]
    fn a_fault_that_needs_a_commit_is_skipped_if_the_call_failed() {
        let decision = decide(&FaultAction::CommitThen(ResponseLoss::Reset));
        assert!(matches!(decision, AtResponse::Skip(why) if why.contains("503")));
    }

    #[test]
    fn a_response_is_cut_only_within_its_length() {
        let disconnect = Disconnect::Reset;
        let length = response_length(&response(&[("X-One".to_owned(), "1".to_owned())]));
        for room in [0, length] {
            let decision = decide(&FaultAction::CutResponse(room, disconnect));
            assert_eq!(decision, AtResponse::Truncate { room, disconnect });
        }
        let why = format!("the response has only {length} bytes");
        let decision = decide(&FaultAction::CutResponse(length + 1, disconnect));
        assert_eq!(decision, AtResponse::Skip(why));
    }

    #[test]
    fn a_change_of_the_head_must_change_something() {
        let with = |name: &str, value: &str| {
            decide(&FaultAction::Alter(HeaderMutation::With(name.into(), value.into())))
        };
        let why = "the response already has this value".to_owned();
        assert_eq!(with("X-One", "1"), AtResponse::Skip(why));
        for (name, is_unframed) in [("X-One", false), ("Content-Length", true)] {
            let AtResponse::ReplaceHead { head, is_framing } = with(name, "2") else {
                panic!("the head was not replaced")
            };
            assert_eq!((head.header(name), is_framing), (Some(&b"2"[..]), is_unframed));
        }
        let missing = FaultAction::Alter(HeaderMutation::Without("X-Two".to_owned()));
        assert_eq!(decide(&missing), AtResponse::Skip("the response has no X-Two".to_owned()));
    }

    #[test]
    fn a_malformed_response_must_differ() {
        let garble = |malformed| decide(&FaultAction::Garble(malformed));
        let same = garble(MalformedResponse::ContentLength(5));
        assert_eq!(same, AtResponse::Skip("the response body already has 5 bytes".to_owned()));
        let other = MalformedResponse::ContentLength(6);
        assert_eq!(garble(other.clone()), AtResponse::Malform(other));
        let whole = garble(MalformedResponse::Truncate(5));
        assert_eq!(whole, AtResponse::Skip("the response body has only 5 bytes".to_owned()));
    }

    #[test]
    fn a_slow_response_must_be_longer_than_one_write() {
        assert_eq!(decide(&FaultAction::RespondSlowly(50)), AtResponse::Pace(50));
        let fast = decide(&FaultAction::RespondSlowly(1_000_000));
        assert!(matches!(fast, AtResponse::Skip(why) if why.contains("one write")));
    }

    #[test]
    fn a_fault_on_an_earlier_stage_is_skipped() {
        assert!(matches!(decide(&FaultAction::ReadSlowly(1)), AtResponse::Skip(_)));
    }
}
