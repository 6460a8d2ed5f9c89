//! Serves one request, for hyper or without it: opens its exchange, runs its task and passes on the
//! response. Start with [`serve`] and [`serve_whole`].

use std::sync::Arc;

use hyper::Request;
use hyper::body::Incoming;

use crate::api::{self, PendingRequest, Response};
use crate::journal::{Exchange, Framing, Outcome};

use crate::server::connection::recorder::ConnectionRecorder;
use crate::server::request::body;
use crate::server::request::disposition::Disposition;
use crate::server::request::exchange_recorder::ExchangeRecorder;
use crate::server::request::inject::select::select_at_head;
use crate::server::request::response::{HyperBody, respond};
use crate::server::request::task::RequestTask;
use crate::server::state_guard::StateGuard;

/// The error with which a connection is given up without a response.
#[derive(Debug)]
pub(crate) struct ConnectionAborted;

impl std::fmt::Display for ConnectionAborted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the client has gone")
    }
}

impl std::error::Error for ConnectionAborted {}

/// The task of a request, the decision of the API, and the framing of the body.
type Opened = (RequestTask, Result<Box<PendingRequest>, Box<Response>>, Framing);

/// Serves the request whose head the recording stream has just read.
pub(crate) async fn serve(
    recorder: Arc<ConnectionRecorder>,
    request: Request<Incoming>,
) -> Result<hyper::Response<HyperBody>, ConnectionAborted> {
    let (version, body) = (request.version(), request.into_body());
    let (mut task, opened, framing) =
        open(&recorder, &mut recorder.shared.lock()).ok_or(ConnectionAborted)?;
    match task.run(opened, body, framing).await {
        Disposition::Response(mut response, outcome) => {
            task.exchange.begin_response(&mut response);
            Ok(respond(recorder, *response, version, outcome))
        }
        Disposition::RawResponse(raw_response) => {
            recorder.update_outgoing(|outgoing| outgoing.set_raw_response(raw_response));
            Err(ConnectionAborted)
        }
        Disposition::ClientGone => Err(ConnectionAborted),
    }
}

/// Serves a request whose whole body has arrived, without hyper. Returns how it ends, and whether the
/// body was read; `None`, and nothing was done, if a fault may apply to it.
pub(crate) async fn serve_whole(
    recorder: &Arc<ConnectionRecorder>,
    body: &[u8],
) -> Option<(Disposition, bool)> {
    let (mut task, opened) = {
        let mut state = recorder.shared.lock();
        if !state.faults.is_idle() {
            return None;
        }
        let (task, opened, _) = open(recorder, &mut state)?;
        (task, opened)
    };
    let mut request = match opened {
        Ok(request) => request,
        Err(response) => return Some((Disposition::Response(response, Outcome::Responded), false)),
    };
    let prefix_lengths = std::mem::take(&mut task.exchange.cut_body_lengths);
    let mut body_read =
        match body::take_whole(recorder, body, request.body_policy(), prefix_lengths) {
            Ok(body_read) => body_read,
            Err(error) => {
                let response = task.exchange.record_internal_error(&request, &error.to_string());
                return Some((Disposition::Response(response, Outcome::Responded), false));
            }
        };
    let is_read = body_read.received.length == body.len() as u64;
    if let Some(response) = task.commit_without_fault(&mut request, &mut body_read) {
        return Some((Disposition::Response(response, body_read.outcome()), is_read));
    }
    // A fault was added meanwhile, or digests are needed. Boxed: otherwise every connection would reserve
    // memory for this future.
    let mut end = Box::pin(async {
        let end = task.finish_body(request, body_read).await;
        task.finish_response(end).await
    })
    .await;
    if let Disposition::Response(response, _) = &mut end {
        task.exchange.begin_response(response);
    }
    Some((end, is_read))
}

/// Opens the exchange of the head that was read last, passes the head to the API and selects a fault.
/// Returns `None` if there is no head.
fn open(recorder: &Arc<ConnectionRecorder>, state: &mut StateGuard<'_>) -> Option<Opened> {
    let head = recorder.take_head(state)?;
    let framing = head.framing();
    state.run_due();
    let instants = state.instants();
    let mut opened = api::open(&mut state.storage, instants, &head);
    let (calls, rejected, head_error) = match &opened {
        Ok(request) => (request.call().clone().into(), None, head.accepted_error()),
        Err(response) => {
            (response.calls.clone(), Some(response.head.status), response.head_error())
        }
    };
    let (pending, ended) = select_at_head(state, &calls[0], rejected, &head);
    let exchange = state.journal.open(|index| {
        let mut exchange = Exchange::new(index, recorder.index, head, calls, instants);
        exchange.head_error = head_error;
        exchange.faults.extend(ended);
        exchange
    });
    let mut exchange = ExchangeRecorder::new(recorder, exchange, state);
    if let (Err(response), None) = (&mut opened, &pending) {
        exchange.begin_response_in(state, response);
    }
    Some((RequestTask::new(exchange, pending), opened, framing))
}
