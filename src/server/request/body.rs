//! Taking a body in, frame by frame.

use std::error::Error as _;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body as _, Incoming};

use crate::api::{BodyEnd, BodyPolicy};
use crate::journal::Framing;

use crate::server::connection::recording_stream::pacing_quantum;
use crate::server::connection::state::{ConnectionRecorder, Interrupted};
use crate::server::request::sink::{BodySink, ReadBody};
use crate::server::request::sink_worker::SinkWorker;

/// After so many bytes a body lets others have a turn.
const TURN_BYTES: u64 = 256 * 1024;

/// Why a body cannot be answered.
pub(crate) enum BodyError {
    /// The connection broke, or the origin was reset; this is what had come.
    Interrupted(Interrupted, Box<ReadBody>),
    /// The temporary file could not be written.
    OurFault(io::Error),
    /// A fault wants no more of it to be read; this is what had come.
    Braked(Box<ReadBody>),
}

/// How a fault hinders the reading of a body.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct BodyThrottle {
    /// After how many bytes nothing more is read.
    pub(crate) stop_at: Option<u64>,
    /// How many bytes a second are read.
    pub(crate) rate: Option<u64>,
}

/// Takes a body in as `intake` says; `slowed` is called when it first waits because of the brake.
pub(crate) async fn read(
    recorder: &ConnectionRecorder,
    mut body: Incoming,
    intake: &BodyPolicy,
    framing: Framing,
    throttle: BodyThrottle,
    mut slowed: impl FnMut(),
) -> Result<ReadBody, BodyError> {
    let declared = framing.length();
    let shared = &recorder.shared;
    let sink = BodySink::new(&shared.store, shared.records_bodies, intake, declared);
    let mut reading = Reading {
        limit: limit_of(intake),
        length: 0,
        turn_ends: TURN_BYTES,
        sink: SinkWorker::new(sink, declared),
    };
    let end = loop {
        // What is announced to be too long is not asked for at all.
        if declared.is_some_and(|length| length > reading.limit) {
            break BodyEnd::TooLarge;
        }
        match next_frame(&mut body, || recorder.record_received()).await {
            Next::Data(frame) => {
                let frame = reading.cut_at(frame, throttle);
                let body_read = match throttle.rate {
                    Some(rate) => reading.take_slowly(frame, rate, recorder, &mut slowed).await,
                    None => reading.take(frame).await.map(Ok),
                };
                if let Err(why) = body_read.map_err(BodyError::OurFault)? {
                    let body_read = reading.finish(BodyEnd::Truncated).await?;
                    return Err(BodyError::Interrupted(why, Box::new(body_read)));
                }
            }
            Next::Disposition(end) => break end,
            Next::Broken => {
                let body_read = reading.finish(BodyEnd::Truncated).await?;
                return Err(BodyError::Interrupted(Interrupted::ClientGone, Box::new(body_read)));
            }
        }
        recorder.received(reading.length);
        if throttle.stop_at == Some(reading.length) {
            return Err(BodyError::Braked(Box::new(reading.finish(BodyEnd::Truncated).await?)));
        }
        if reading.length > reading.limit {
            break BodyEnd::TooLarge;
        }
        if reading.is_turn_over() {
            yield_now().await;
        }
    };
    reading.finish(end).await
}

/// The most bytes that are read.
fn limit_of(intake: &BodyPolicy) -> u64 {
    match intake {
        BodyPolicy::Discard | BodyPolicy::Form(_) => u64::MAX,
        BodyPolicy::Store(limit) | BodyPolicy::Whole(limit) => *limit,
    }
}

/// How far the reading of a body has come.
struct Reading {
    limit: u64,
    length: u64,
    /// The length at which the present turn is over.
    turn_ends: u64,
    sink: SinkWorker,
}

impl Reading {
    /// As much of a frame as the brake allows.
    fn cut_at(&self, mut frame: Bytes, throttle: BodyThrottle) -> Bytes {
        if let Some(stop_at) = throttle.stop_at {
            let left = stop_at.saturating_sub(self.length);
            frame.truncate(usize::try_from(left).unwrap_or(usize::MAX));
        }
        frame
    }

    /// Takes a frame at `rate` bytes per second; says what interrupts that.
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
            recorder.received(self.length);
            recorder.record_received();
            slowed();
            if let Err(why) = recorder.wait_for(tokio::time::sleep(time)).await {
                return Ok(Err(why));
            }
        }
        Ok(Ok(()))
    }

    async fn take(&mut self, frame: Bytes) -> io::Result<()> {
        self.length += frame.len() as u64;
        self.sink.take(frame).await
    }

    fn is_turn_over(&mut self) -> bool {
        let over = self.length >= self.turn_ends;
        if over {
            self.turn_ends = self.length + TURN_BYTES;
        }
        over
    }

    async fn finish(self, end: BodyEnd) -> Result<ReadBody, BodyError> {
        Ok(self.sink.finish().await.map_err(BodyError::OurFault)?.finish(end))
    }
}

enum Next {
    Data(Bytes),
    Disposition(BodyEnd),
    Broken,
}

/// The next frame; `waiting` is called whenever the client lets us wait for it.
async fn next_frame(body: &mut Incoming, waiting: impl Fn()) -> Next {
    let poll = |body: &mut Incoming, context: &mut Context<'_>| {
        let polled = Pin::new(body).poll_frame(context);
        if polled.is_pending() {
            waiting();
        }
        polled
    };
    loop {
        match poll_fn(|context| poll(body, context)).await {
            None => return Next::Disposition(BodyEnd::Complete),
            Some(Err(error)) => return broken_by(&error),
            // Trailers are read and mean nothing.
            Some(Ok(frame)) => {
                if let Ok(data) = frame.into_data() {
                    return Next::Data(data);
                }
            }
        }
    }
}

/// What hyper's error says about the client.
fn broken_by(error: &hyper::Error) -> Next {
    let source = error.source().and_then(|source| source.downcast_ref::<io::Error>());
    match source.map(io::Error::kind) {
        _ if error.is_incomplete_message() => Next::Disposition(BodyEnd::Truncated),
        Some(io::ErrorKind::UnexpectedEof) => Next::Disposition(BodyEnd::Truncated),
        Some(io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData) => {
            Next::Disposition(BodyEnd::Malformed)
        }
        _ => Next::Broken,
    }
}

/// Lets others have a turn. Waking ourselves puts us behind those who are ready now; tokio's own
/// `yield_now` waits for the I/O driver, and starved others for up to 0.6 s.
async fn yield_now() {
    let mut stepped = false;
    poll_fn(|context| {
        if std::mem::replace(&mut stepped, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
