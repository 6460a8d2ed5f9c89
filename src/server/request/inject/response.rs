//! Decides how a fault applies to the response of a request. Start with [`at_response`].

use std::time::Duration;

use crate::api::{Body, Response};
use crate::fault::{Disconnect, FaultAction, HeaderMutation, MalformedResponse};
use crate::journal::ResponseHead;
use crate::wording::counted;

use crate::server::pacing::pacing_quantum;
use crate::server::request::inject::header::{alter, is_about_framing};
use crate::server::request::inject::{Ending, PendingInjection, rejection};

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

/// Decides what happens to a response.
pub(crate) fn at_response(pending: &PendingInjection, response: &Response) -> AtResponse {
    let (action, call) = (&pending.injection.action, pending.call);
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
