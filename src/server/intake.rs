//! Taking a body in, frame by frame.

use std::error::Error as _;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body as _, Incoming};

use crate::content::{Content, Writer};
use crate::journal::Framing;
use crate::wire::{BodyEnd, FormReader, Intake, Kept, Received, START_BYTES};

use super::hashing::Hashing;
use super::line::{Interrupted, Line};
use super::tap::portion;

/// After so many bytes a body lets others have a turn.
const TURN_BYTES: u64 = 256 * 1024;

/// A body that was taken in, to its end or as far as it went.
pub(super) struct Taken {
    pub(super) received: Received,
    /// All of it, if bodies are kept.
    pub(super) body: Option<Content>,
}

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
    let mut basin = Basin::new(line, intake, declared);
    let end = loop {
        // What is announced to be too long is not asked for at all.
        if declared.is_some_and(|length| length > basin.limit) {
            break BodyEnd::TooLong;
        }
        match next_frame(&mut body, || line.note_received()).await {
            Next::Data(frame) => {
                let frame = basin.cut_at(frame, brake);
                let taken = match brake.rate {
                    Some(rate) => basin.take_slowly(frame, rate, line, &mut slowed).await,
                    None => basin.take(frame).await.map(Ok),
                };
                if let Err(why) = taken.map_err(Lost::OurFault)? {
                    let taken = basin.finish(BodyEnd::Short).await;
                    return Err(Lost::Interrupted(why, Box::new(taken)));
                }
            }
            Next::End(end) => break end,
            Next::Broken => {
                let taken = basin.finish(BodyEnd::Short).await;
                return Err(Lost::Interrupted(Interrupted::ClientGone, Box::new(taken)));
            }
        }
        line.received(basin.length);
        if brake.stop_at == Some(basin.length) {
            return Err(Lost::Braked(Box::new(basin.finish(BodyEnd::Short).await)));
        }
        if basin.length > basin.limit {
            break BodyEnd::TooLong;
        }
        if basin.is_turn_over() {
            step_back().await;
        }
    };
    Ok(basin.finish(end).await)
}

/// What a body fills: a count, a hash, and what is kept.
struct Basin {
    limit: u64,
    length: u64,
    /// The length at which the present turn is over.
    turn_ends: u64,
    hashing: Hashing,
    start: Vec<u8>,
    form: Option<FormReader>,
    whole: Option<Vec<u8>>,
    writer: Option<Writer>,
    is_stored: bool,
    is_recorded: bool,
}

impl Basin {
    fn new(line: &Line, intake: &Intake, declared: Option<u64>) -> Self {
        let (limit, is_whole, is_stored) = match intake {
            Intake::Discard | Intake::Form(_) => (u64::MAX, false, false),
            Intake::Store(limit) => (*limit, false, true),
            Intake::Whole(limit) => (*limit, true, false),
        };
        let form = match intake {
            Intake::Form(boundary) => Some(FormReader::new(boundary, line.shared.store.clone())),
            _ => None,
        };
        let is_recorded = line.shared.keeps_bodies;
        Self {
            limit,
            length: 0,
            turn_ends: TURN_BYTES,
            hashing: Hashing::new(declared),
            start: Vec::new(),
            form,
            whole: is_whole.then(Vec::new),
            writer: (is_stored || is_recorded).then(|| line.shared.store.writer(declared)),
            is_stored,
            is_recorded,
        }
    }

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
        let wanted = START_BYTES - self.start.len();
        self.start.extend_from_slice(&frame[..wanted.min(frame.len())]);
        if let Some(form) = &mut self.form {
            form.push(&frame)?;
        }
        if let Some(whole) = &mut self.whole {
            whole.extend_from_slice(&frame);
        }
        if let Some(writer) = &mut self.writer {
            writer.write(&frame)?;
        }
        self.hashing.update(frame, self.length).await;
        Ok(())
    }

    fn is_turn_over(&mut self) -> bool {
        let over = self.length >= self.turn_ends;
        if over {
            self.turn_ends = self.length + TURN_BYTES;
        }
        over
    }

    async fn finish(self, end: BodyEnd) -> Taken {
        let digest = self.hashing.finish().await;
        let content = self.writer.map(|writer| writer.finish(digest));
        let body = content.clone().filter(|_| self.is_recorded);
        let kept = match (self.whole, self.form, content.filter(|_| self.is_stored)) {
            (Some(whole), ..) => Kept::Whole(whole),
            (_, Some(form), _) => Kept::Form(form.finish()),
            (.., Some(content)) => Kept::Stored(content),
            (None, None, None) => Kept::Nothing,
        };
        let received = Received { end, length: self.length, digest, start: self.start, kept };
        Taken { received, body }
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
