//! Reads a request body, frame by frame. Start with [`read`].

use std::error::Error as _;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::time::{Duration, Instant};

use bytes::Bytes;
use hyper::body::{Body as _, Incoming};

use crate::api::{BodyEnd, BodyPolicy};
use crate::journal::Framing;

use crate::server::connection::outgoing::CONTINUE;
use crate::server::connection::recorder::{ConnectionRecorder, Interrupted};
use crate::server::connection::state::ConnectionEvent;
use crate::server::pacing::pacing_quantum;
use crate::server::request::inject::before_commit::{BodyThrottle, Unasked};
use crate::server::request::sink::{BodySink, ReadBody};
use crate::server::request::sink_worker::SinkWorker;

/// A body yields to other tasks after this many bytes.
const QUANTUM_BYTES: u64 = 256 * 1024;

/// Why there is no body to respond to.
pub(crate) enum BodyError {
    /// The connection broke or the origin was reset. The second field is what was read.
    Interrupted(Interrupted, Box<ReadBody>),
    /// The temporary file could not be written.
    Spool(io::Error),
    /// A fault stopped the reading. The field is what was read.
    Stopped(Box<ReadBody>),
}

/// Reads a body as `policy` requires. Calls `slowed` when the throttle first delays it. The digest of
/// the first bytes is also taken at each of the `prefix_lengths`.
pub(crate) async fn read(
    recorder: &ConnectionRecorder,
    mut body: Incoming,
    policy: &BodyPolicy,
    framing: Framing,
    throttle: BodyThrottle,
    prefix_lengths: Vec<u64>,
    mut slowed: impl FnMut(),
) -> Result<ReadBody, BodyError> {
    let declared = framing.length();
    let shared = &recorder.shared;
    let sink =
        BodySink::new(&shared.store, shared.records_bodies, policy, declared, prefix_lengths);
    let mut reading = Reading {
        limit: body_limit(policy),
        length: 0,
        quantum_end: QUANTUM_BYTES,
        sink: SinkWorker::new(sink, declared),
        started: shared.started,
        last_byte: None,
    };
    let end = loop {
        // A body that is announced to be too large is not requested from the client.
        if declared.is_some_and(|length| length > reading.limit) {
            break BodyEnd::TooLarge;
        }
        match next_frame(&mut body, recorder).await {
            Next::Data(frame) => {
                let frame = reading.cut_at(frame, throttle);
                if let Some(rate) = throttle.rate {
                    // Boxed, as below: a small body would move the memory of these futures.
                    let taken = Box::pin(reading.take_slowly(frame, rate, recorder, &mut slowed));
                    let taken = taken.await;
                    if let Err(why) = taken.map_err(BodyError::Spool)? {
                        let body_read = reading.finish(BodyEnd::Truncated).await?;
                        return Err(BodyError::Interrupted(why, Box::new(body_read)));
                    }
                } else if !reading.take_small(&frame).map_err(BodyError::Spool)? {
                    Box::pin(reading.take(frame)).await.map_err(BodyError::Spool)?;
                }
            }
            Next::End(end) => break end,
            Next::Broken => {
                let body_read = reading.finish(BodyEnd::Truncated).await?;
                return Err(BodyError::Interrupted(Interrupted::ClientGone, Box::new(body_read)));
            }
        }
        recorder.report(ConnectionEvent::BodyRead(reading.length));
        if throttle.stop_at == Some(reading.length) {
            return Err(BodyError::Stopped(Box::new(reading.finish(BodyEnd::Truncated).await?)));
        }
        if reading.length > reading.limit {
            break BodyEnd::TooLarge;
        }
        if reading.is_quantum_over() {
            // Waits until the runtime has looked for events of other connections.
            tokio::task::yield_now().await;
        }
    };
    reading.finish(end).await
}

/// Takes a whole body at once, as `policy` requires.
///
/// # Errors
///
/// Returns the error of writing to the temporary file.
pub(crate) fn take_whole(
    recorder: &ConnectionRecorder,
    body: &[u8],
    policy: &BodyPolicy,
    prefix_lengths: Vec<u64>,
) -> io::Result<ReadBody> {
    let (shared, length) = (&recorder.shared, body.len() as u64);
    let declared = Some(length);
    let mut sink =
        BodySink::new(&shared.store, shared.records_bodies, policy, declared, prefix_lengths);
    if length > body_limit(policy) {
        return Ok(sink.finish(BodyEnd::TooLarge, None));
    }
    let mut last_byte = None;
    if length > 0 {
        sink.take(body)?;
        last_byte = Some(shared.started.elapsed());
        recorder.report(ConnectionEvent::BodyRead(length));
    }
    Ok(sink.finish(BodyEnd::Complete, last_byte))
}

/// Waits for `reading` of the body of a client that got no `100 Continue`. Returns `None` if the client
/// sends nothing in time and gets no `100 Continue` either.
pub(crate) async fn wait_unasked<T>(
    recorder: &ConnectionRecorder,
    unasked: Unasked,
    mut reading: Pin<&mut impl Future<Output = T>>,
) -> Option<T> {
    if let Ok(read) = tokio::time::timeout(unasked.time, reading.as_mut()).await {
        return Some(read);
    }
    match (recorder.has_received(), unasked.asks) {
        (false, false) => return None,
        (false, true) => recorder.update_outgoing(|outgoing| outgoing.push(CONTINUE)),
        (true, _) => {}
    }
    Some(reading.await)
}

/// Returns the largest number of bytes to read.
fn body_limit(policy: &BodyPolicy) -> u64 {
    match policy {
        BodyPolicy::Discard | BodyPolicy::Form(_) => u64::MAX,
        BodyPolicy::Store(limit) | BodyPolicy::Whole(limit) => *limit,
    }
}

/// The progress of reading one body.
struct Reading {
    limit: u64,
    length: u64,
    /// The length at which the task yields next.
    quantum_end: u64,
    sink: SinkWorker,
    /// When the origin started.
    started: Instant,
    /// When the last byte was read, since then.
    last_byte: Option<Duration>,
}

impl Reading {
    /// Returns as much of a frame as the throttle allows.
    fn cut_at(&self, mut frame: Bytes, throttle: BodyThrottle) -> Bytes {
        if let Some(stop_at) = throttle.stop_at {
            let left = stop_at.saturating_sub(self.length);
            frame.truncate(usize::try_from(left).unwrap_or(usize::MAX));
        }
        frame
    }

    /// Reads a frame at `rate` bytes per second. Returns what interrupted it, if anything did.
    async fn take_slowly(
        &mut self,
        mut frame: Bytes,
        rate: u64,
        recorder: &ConnectionRecorder,
        mut slowed: impl FnMut(),
    ) -> io::Result<Result<(), Interrupted>> {
        let (bytes, time) = pacing_quantum(rate);
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        while !frame.is_empty() {
            self.take(frame.split_to(bytes.min(frame.len()))).await?;
            recorder.report(ConnectionEvent::BodyRead(self.length));
            recorder.report(ConnectionEvent::BodyPaused);
            slowed();
            if let Err(why) = recorder.wait_for(tokio::time::sleep(time)).await {
                return Ok(Err(why));
            }
        }
        Ok(Ok(()))
    }

    /// Takes a small frame at once, or returns `false`.
    fn take_small(&mut self, frame: &Bytes) -> io::Result<bool> {
        let is_taken = self.sink.take_small(frame)?;
        if is_taken {
            self.length += frame.len() as u64;
            self.last_byte = Some(self.started.elapsed());
        }
        Ok(is_taken)
    }

    async fn take(&mut self, frame: Bytes) -> io::Result<()> {
        self.length += frame.len() as u64;
        self.last_byte = Some(self.started.elapsed());
        self.sink.take(frame).await
    }

    fn is_quantum_over(&mut self) -> bool {
        let over = self.length >= self.quantum_end;
        if over {
            self.quantum_end = self.length + QUANTUM_BYTES;
        }
        over
    }

    async fn finish(self, end: BodyEnd) -> Result<ReadBody, BodyError> {
        let last_byte = self.last_byte;
        let sink = match self.sink.finish_here() {
            Ok(sink) => sink,
            Err(worker) => Box::pin(worker.finish()).await.map_err(BodyError::Spool)?,
        };
        Ok(sink.finish(end, last_byte))
    }
}

enum Next {
    Data(Bytes),
    End(BodyEnd),
    Broken,
}

/// Returns the next frame. Reports when no data is available yet.
async fn next_frame(body: &mut Incoming, recorder: &ConnectionRecorder) -> Next {
    loop {
        if body.is_end_stream() {
            return Next::End(BodyEnd::Complete);
        }
        let polled = poll_fn(|context| {
            let polled = Pin::new(&mut *body).poll_frame(context);
            if polled.is_pending() {
                recorder.report(ConnectionEvent::BodyPaused);
            }
            polled
        });
        match polled.await {
            None => return Next::End(BodyEnd::Complete),
            Some(Err(error)) => return classify_error(&error),
            // Trailers are ignored.
            Some(Ok(frame)) => {
                if let Ok(data) = frame.into_data() {
                    return Next::Data(data);
                }
            }
        }
    }
}

/// Classifies hyper's error.
fn classify_error(error: &hyper::Error) -> Next {
    let source = error.source().and_then(|source| source.downcast_ref::<io::Error>());
    match source.map(io::Error::kind) {
        _ if error.is_incomplete_message() => Next::End(BodyEnd::Truncated),
        Some(io::ErrorKind::UnexpectedEof) => Next::End(BodyEnd::Truncated),
        Some(io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData) => {
            Next::End(BodyEnd::Malformed)
        }
        _ => Next::Broken,
    }
}
