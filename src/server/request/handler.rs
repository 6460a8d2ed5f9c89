//! Serves one request for hyper: opens its exchange, runs its task and passes on the response. Start
//! with [`serve`].

use std::sync::Arc;

use hyper::Request;
use hyper::body::Incoming;

use crate::api::{self, PendingRequest, Response};
use crate::journal::{Exchange, Head};

use crate::server::connection::recorder::ConnectionRecorder;
use crate::server::request::disposition::Disposition;
use crate::server::request::exchange_recorder::ExchangeRecorder;
use crate::server::request::inject::select::select_at_head;
use crate::server::request::response::{HyperBody, respond};
use crate::server::request::task::RequestTask;

/// The error with which a connection is given up without a response.
#[derive(Debug)]
pub(crate) struct ConnectionAborted;

impl std::fmt::Display for ConnectionAborted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the client has gone")
    }
}

impl std::error::Error for ConnectionAborted {}

/// Serves the request whose head the recording stream has just read.
pub(crate) async fn serve(
    recorder: Arc<ConnectionRecorder>,
    request: Request<Incoming>,
) -> Result<hyper::Response<HyperBody>, ConnectionAborted> {
    let head = recorder.take_head().ok_or(ConnectionAborted)?;
    let framing = head.framing();
    let (version, body) = (request.version(), request.into_body());
    let (mut task, opened) = open(&recorder, head);
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

/// Opens the exchange, passes the head to the API and selects a fault.
fn open(
    recorder: &Arc<ConnectionRecorder>,
    head: Head,
) -> (RequestTask, Result<Box<PendingRequest>, Box<Response>>) {
    let mut state = recorder.shared.lock();
    state.run_due();
    let instants = state.instants();
    let mut opened = api::open(&mut state.storage, instants, &head);
    let (calls, rejected, head_error) = match &opened {
        Ok(request) => (request.call().clone().into(), None, head.accepted_error()),
        Err(response) => {
            (response.calls.clone(), Some(response.head.status), response.head_error())
        }
    };
    let (pending, ended) = select_at_head(&mut state, &calls[0], rejected, &head);
    let exchange = state.journal.open(|index| {
        let mut exchange = Exchange::new(index, recorder.index, head, calls, instants);
        exchange.head_error = head_error;
        exchange.faults.extend(ended);
        exchange
    });
    let mut exchange = ExchangeRecorder::new(recorder, exchange, &mut state);
    if let (Err(response), None) = (&mut opened, &pending) {
        exchange.begin_response_in(&mut state, response);
    }
    (RequestTask::new(exchange, pending), opened)
}
