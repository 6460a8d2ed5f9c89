//! The tap between socket and hyper: it frames heads, and counts what is written.
//!
//! It holds back what follows a head or a message, so that hyper reads heads one by one and each is
//! known, byte for byte, when its request is served.

use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf as _, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::fault::ConnectionAction;
use crate::journal::{Framer, may_begin_a_request};

use crate::server::connection::lingering_close::LingeringClose;
use crate::server::connection::state::{ConnectionRecorder, Interrupted};

/// A head longer than this is refused, by hyper, with 431.
pub(crate) const HEAD_LIMIT: usize = 64 * 1024;

/// What of a stream of so many bytes a second goes at once, and how long it waits then.
pub(crate) fn pacing_quantum(rate: u64) -> (u64, Duration) {
    const TURNS: u64 = 50;
    let bytes = rate.div_ceil(TURNS);
    let nanos = u128::from(bytes) * 1_000_000_000 / u128::from(rate.max(1));
    (bytes.max(1), Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX)))
}

pub(crate) struct RecordingStream {
    framer: Framer,
    /// What was read from the socket and may not be handed on yet.
    held: BytesMut,
    recorder: Arc<ConnectionRecorder>,
    closing: Option<LingeringClose>,
    /// Whether hyper may still read.
    is_reading: bool,
    /// Whether what hyper does not read may still turn out to be no request.
    looks_on: bool,
    /// How many more answers the connection has, if a fault counts them.
    answers_left: Option<u64>,
    /// When the next bytes of a slow answer may be written.
    pause: Option<Pause>,
}

type Pause = Pin<Box<dyn Future<Output = Result<(), Interrupted>> + Send>>;

impl RecordingStream {
    pub(crate) fn new(recorder: Arc<ConnectionRecorder>) -> Self {
        let answers_left = match recorder.fault() {
            Some(ConnectionAction::CloseAfter(answers)) => Some(answers),
            _ => None,
        };
        let framer = Framer::new(HEAD_LIMIT);
        let (held, closing, pause) = (BytesMut::new(), None, None);
        Self {
            framer,
            held,
            recorder,
            closing,
            is_reading: true,
            looks_on: true,
            answers_left,
            pause,
        }
    }

    /// How many bytes were read from the socket that hyper was never given.
    pub(crate) fn held(&self) -> u64 {
        self.held.len() as u64
    }

    /// How many of `wanted` bytes may be written now, of an answer that is written slowly.
    fn poll_pace(&mut self, context: &mut Context<'_>, wanted: usize) -> Poll<io::Result<usize>> {
        let Some(rate) = self.recorder.pace() else { return Poll::Ready(Ok(wanted)) };
        if let Some(pause) = &mut self.pause {
            ready!(pause.as_mut().poll(context))?;
        }
        let (bytes, time) = pacing_quantum(rate);
        let recorder = Arc::clone(&self.recorder);
        let pause = async move { recorder.wait_for(tokio::time::sleep(time)).await };
        self.pause = Some(Box::pin(pause));
        Poll::Ready(Ok(usize::try_from(bytes).map_or(wanted, |bytes| bytes.min(wanted))))
    }

    /// Writes what goes out in front of hyper's bytes.
    fn poll_queued(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.recorder.is_outgoing() {
            let queued = self.recorder.update_outgoing(|outgoing| outgoing.queued().to_vec());
            if queued.is_empty() {
                break;
            }
            let count = ready!(self.recorder.poll_write(context, &queued))?;
            self.recorder.update_outgoing(|outgoing| outgoing.written(count));
        }
        Poll::Ready(Ok(()))
    }

    /// How many of `bytes` may be handed on.
    fn pass(&mut self, bytes: &[u8]) -> usize {
        let step = self.framer.step(bytes);
        if let Some(head) = step.head {
            self.recorder.head_seen(head);
        } else if self.framer.mid_head() && !may_begin_a_request(self.framer.partial_head()) {
            self.recorder.record_unparsed(self.framer.partial_head());
        }
        step.taken
    }

    /// Looks at bytes that nobody will read: they may be no request, behind one that was answered.
    fn look_at_rest(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        self.looks_on = self.looks_on && !self.framer.is_lost() && !self.recorder.is_unparsed();
        while self.looks_on && !rest.is_empty() {
            let step = self.framer.step(rest);
            rest = &rest[step.taken..];
            self.looks_on = step.head.is_none();
            let head = step.head.as_deref().unwrap_or(self.framer.partial_head());
            if !self.framer.mid_body() && !may_begin_a_request(head) {
                self.recorder.record_unparsed(head);
            }
        }
    }

    /// hyper reads no more. What it has been given of a head will not become a request.
    fn end_reading(&mut self) {
        if !std::mem::take(&mut self.is_reading) {
            return;
        }
        self.recorder.handed_on(self.framer.payload());
        self.recorder.record_unparsed(self.framer.partial_head());
        let held = std::mem::take(&mut self.held);
        self.look_at_rest(&held);
        self.held = held;
    }

    /// Records what hyper refuses, if that is what it writes: before the client can see it.
    fn note_refusal(&self, bytes: &[u8]) {
        if self.recorder.is_refusal(bytes) {
            self.recorder.record_unparsed(self.framer.partial_head());
        }
    }

    fn pass_held(&mut self, buffer: &mut ReadBuf<'_>) {
        let mut held = std::mem::take(&mut self.held);
        let fitting = held.len().min(buffer.remaining());
        let taken = self.pass(&held[..fitting]);
        buffer.put_slice(&held[..taken]);
        // Moving the rest to the front would cost the square of what was pipelined.
        held.advance(taken);
        self.held = held;
    }

    /// Reads into the very buffer that hyper reads from, and takes back what is too much: most
    /// reads are not copied.
    fn poll_socket(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = ready!(self.recorder.socket.poll_read(context, buffer));
        if read.is_err() || buffer.filled().len() == before {
            self.recorder.client_finished();
        }
        read?;
        let taken = self.pass(&buffer.filled()[before..]);
        self.held.extend_from_slice(&buffer.filled()[before + taken..]);
        buffer.set_filled(before + taken);
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for RecordingStream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let stream = self.get_mut();
        if stream.answers_left == Some(0) {
            // hyper takes that for the client's end, and closes the connection.
            stream.recorder.fault_fires();
            return Poll::Ready(Ok(()));
        }
        if stream.held.is_empty() {
            return stream.poll_socket(context, buffer);
        }
        stream.pass_held(buffer);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for RecordingStream {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let stream = self.get_mut();
        ready!(stream.poll_queued(context))?;
        if stream.recorder.is_outgoing() {
            let taken = stream.recorder.update_outgoing(|outgoing| outgoing.take(bytes));
            if taken > 0 {
                return Poll::Ready(Ok(taken));
            }
        }
        let fitting = ready!(stream.poll_pace(context, bytes.len()))?;
        stream.note_refusal(bytes);
        stream.recorder.poll_write(context, &bytes[..fitting])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.recorder.pace().is_some() || self.recorder.is_outgoing() {
            let first = slices.iter().find(|slice| !slice.is_empty());
            return self.poll_write(context, first.map_or(&[], |slice| &slice[..]));
        }
        self.note_refusal(slices.first().map_or(&[], |slice| &slice[..]));
        self.recorder.poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.recorder.socket.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let stream = self.get_mut();
        ready!(stream.poll_queued(context))?;
        ready!(stream.recorder.socket.poll_flush(context))?;
        if stream.recorder.flushed() {
            stream.answers_left = stream.answers_left.map(|left| left.saturating_sub(1));
        }
        Poll::Ready(Ok(()))
    }

    /// Stops writing, and then lets the client finish.
    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let stream = self.get_mut();
        let recorder = Arc::clone(&stream.recorder);
        let mut closing = stream.closing.take().unwrap_or_else(|| {
            recorder.drained(stream.held());
            stream.end_reading();
            LingeringClose::new()
        });
        let closed = closing.poll(&recorder.socket, context, |bytes| {
            recorder.drained(bytes.len() as u64);
            stream.look_at_rest(bytes);
        });
        stream.closing = Some(closing);
        closed
    }
}

impl Drop for RecordingStream {
    fn drop(&mut self) {
        self.end_reading();
    }
}
