//! Taking a body in, frame by frame.

use std::error::Error as _;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body as _, Incoming};

use crate::journal::Framing;
use crate::wire::{BodyEnd, Intake};

use super::line::{Interrupted, Line};
use super::sink::{BodySink, Taken};
use super::sink_worker::SinkWorker;
use super::tap::portion;

/// After so many bytes a body lets others have a turn.
const TURN_BYTES: u64 = 256 * 1024;

/// Why a body cannot be answered.
pub(super) enum Lost {
    /// The connection broke, or the origin was reset; this is what had come.
    Interrupted(Interrupted, Box<Taken>),
    /// The temporary file could not be written.
    OurFault(io::Error),
    /// A fault wants no more of it to be read; this is what had come.
    Braked(Box<Taken>),
}

/// How a fault hinders the reading of a body.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Brake {
    /// After how many bytes nothing more is read.
    pub(super) stop_at: Option<u64>,
    /// How many bytes a second are read.
    pub(super) rate: Option<u64>,
}

/// Takes a body in as `intake` says; `slowed` is called when it first waits because of the brake.
pub(super) async fn read(
    line: &Line,
    mut body: Incoming,
    intake: &Intake,
    framing: Framing,
    brake: Brake,
    mut slowed: impl FnMut(),
) -> Result<Taken, Lost> {
    let declared = framing.length();
    let shared = &line.shared;
    let sink = BodySink::new(&shared.store, shared.keeps_bodies, intake, declared);
    let mut reading = Reading {
        limit: limit_of(intake),
        length: 0,
        turn_ends: TURN_BYTES,
        sink: SinkWorker::new(sink, declared),
    };
    let end = loop {
        // What is announced to be too long is not asked for at all.
        if declared.is_some_and(|length| length > reading.limit) {
            break BodyEnd::TooLong;
        }
        match next_frame(&mut body, || line.note_received()).await {
            Next::Data(frame) => {
                let frame = reading.cut_at(frame, brake);
                let taken = match brake.rate {
                    Some(rate) => reading.take_slowly(frame, rate, line, &mut slowed).await,
                    None => reading.take(frame).await.map(Ok),
                };
                if let Err(why) = taken.map_err(Lost::OurFault)? {
                    let taken = reading.finish(BodyEnd::Short).await?;
                    return Err(Lost::Interrupted(why, Box::new(taken)));
                }
            }
            Next::End(end) => break end,
            Next::Broken => {
                let taken = reading.finish(BodyEnd::Short).await?;
                return Err(Lost::Interrupted(Interrupted::ClientGone, Box::new(taken)));
            }
        }
        line.received(reading.length);
        if brake.stop_at == Some(reading.length) {
            return Err(Lost::Braked(Box::new(reading.finish(BodyEnd::Short).await?)));
        }
        if reading.length > reading.limit {
            break BodyEnd::TooLong;
        }
        if reading.is_turn_over() {
            step_back().await;
        }
    };
    reading.finish(end).await
}

/// The most bytes that are read.
fn limit_of(intake: &Intake) -> u64 {
    match intake {
        Intake::Discard | Intake::Form(_) => u64::MAX,
        Intake::Store(limit) | Intake::Whole(limit) => *limit,
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
    fn cut_at(&self, mut frame: Bytes, brake: Brake) -> Bytes {
        if let Some(stop_at) = brake.stop_at {
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
        line: &Line,
        mut slowed: impl FnMut(),
    ) -> io::Result<Result<(), Interrupted>> {
        let (bytes, time) = portion(rate);
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        while !frame.is_empty() {
            self.take(frame.split_to(bytes.min(frame.len()))).await?;
            line.received(self.length);
            line.note_received();
            slowed();
            if let Err(why) = line.wait_for(tokio::time::sleep(time)).await {
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

    async fn finish(self, end: BodyEnd) -> Result<Taken, Lost> {
        Ok(self.sink.finish().await.map_err(Lost::OurFault)?.finish(end))
    }
}

enum Next {
    Data(Bytes),
    End(BodyEnd),
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
            None => return Next::End(BodyEnd::Whole),
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
        _ if error.is_incomplete_message() => Next::End(BodyEnd::Short),
        Some(io::ErrorKind::UnexpectedEof) => Next::End(BodyEnd::Short),
        Some(io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData) => {
            Next::End(BodyEnd::Garbled)
        }
        _ => Next::Broken,
    }
}

/// Lets others have a turn. Waking ourselves puts us behind those who are ready now; tokio's own
/// `yield_now` waits for the I/O driver, and starved others for up to 0.6 s.
async fn step_back() {
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
