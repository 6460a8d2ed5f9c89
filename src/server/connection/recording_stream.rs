//! The stream between the socket and hyper, or the requests that are served without hyper. It frames heads
//! and counts the bytes written.
//!
//! It holds back bytes that follow a head or a message, so that hyper reads one head at a time and
//! the exact bytes of each head are known when its request is served. It decides no response.
//! Start with [`RecordingStream`].

use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::fault::ConnectionAction;
use crate::journal::{Framer, Head, ResponseHead, Step, is_request_prefix};

use crate::server::connection::lingering_close::LingeringClose;
use crate::server::connection::recorder::{ConnectionRecorder, Interrupted};
use crate::server::connection::state::ConnectionEvent;
use crate::server::pacing::pacing_quantum;

/// hyper rejects a longer head with 431.
pub(crate) const HEAD_LIMIT: usize = 64 * 1024;

/// The start of an interim response that asks for the body.
const INTERIM: &[u8] = b"HTTP/1.1 100 ";

pub(crate) struct RecordingStream {
    framer: Framer,
    /// Bytes that were read from the socket and may not be passed to hyper yet.
    held: Vec<u8>,
    /// The number of these bytes that were passed to hyper meanwhile.
    held_passed: usize,
    /// Bytes that hyper reads before the held ones.
    passed: Vec<u8>,
    recorder: Arc<ConnectionRecorder>,
    closing: Option<LingeringClose>,
    /// Whether hyper may still read.
    is_reading: bool,
    /// Whether bytes that hyper does not read may still prove not to be a request.
    inspects_rest: bool,
    /// The number of responses left on this connection, if a fault limits it.
    responses_left: Option<u64>,
    /// The pause before the next bytes of a slow response.
    pause: Option<Pause>,
    /// The short form of the last request head, for hyper.
    short_head: Vec<u8>,
    /// The response head that is being written; empty if there is none.
    head: Vec<u8>,
    /// The number of its bytes that were written, and of hyper's bytes that it replaces.
    head_written: usize,
    replaced: usize,
}

type Pause = Pin<Box<dyn Future<Output = Result<(), Interrupted>> + Send>>;

impl RecordingStream {
    pub(crate) fn new(recorder: Arc<ConnectionRecorder>) -> Self {
        let responses_left = match recorder.fault() {
            Some(ConnectionAction::CloseAfter(responses)) => Some(responses),
            _ => None,
        };
        let framer = Framer::new(HEAD_LIMIT);
        let (closing, pause) = (None, None);
        Self {
            framer,
            held: Vec::new(),
            held_passed: 0,
            passed: Vec::new(),
            recorder,
            closing,
            is_reading: true,
            inspects_rest: true,
            responses_left,
            pause,
            short_head: Vec::new(),
            head: Vec::new(),
            head_written: 0,
            replaced: 0,
        }
    }

    /// Returns the number of bytes that were read from the socket and never passed to hyper.
    pub(crate) fn held(&self) -> u64 {
        (self.held.len() - self.held_passed) as u64
    }

    /// Returns how many of `wanted` bytes of a slow response may be written now.
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

    /// Writes the bytes that precede hyper's.
    fn poll_queued(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.recorder.is_outgoing() {
            let queued = self.recorder.update_outgoing(|outgoing| outgoing.queued().to_vec());
            if queued.is_empty() {
                break;
            }
            if queued.windows(INTERIM.len()).any(|window| window == INTERIM) {
                self.recorder.report(ConnectionEvent::StatusWritten { status: 100, partial: &[] });
            }
            let count = ready!(self.recorder.poll_write(context, &queued))?;
            self.recorder.update_outgoing(|outgoing| outgoing.written(count));
        }
        Poll::Ready(Ok(()))
    }

    /// Writes what replaces the start of hyper's `bytes`, and also the rest of them and the `others`, as
    /// far as the network takes it at once. Returns how many of hyper's bytes are done; `None` if nothing
    /// replaces them.
    fn poll_outgoing(
        &mut self,
        context: &mut Context<'_>,
        bytes: &[u8],
        others: &[IoSlice<'_>],
    ) -> Poll<io::Result<Option<usize>>> {
        ready!(self.poll_queued(context))?;
        if self.head.is_empty() {
            if !self.recorder.is_outgoing() {
                return Poll::Ready(Ok(None));
            }
            let head = &mut self.head;
            let taken = self.recorder.update_outgoing(|outgoing| outgoing.take(bytes, head));
            if self.head.is_empty() {
                return Poll::Ready(Ok(Some(taken).filter(|taken| *taken > 0)));
            }
            (self.head_written, self.replaced) = (0, taken);
        }
        let mut behind = 0;
        while self.head_written < self.head.len() {
            let left = self.head.len() - self.head_written;
            let fitting = ready!(self.poll_pace(context, left))?;
            let head = &self.head[self.head_written..self.head_written + fitting];
            let (rest, other) = match self.recorder.pace() {
                Some(_) => (&[][..], &[][..]),
                None => (&bytes[self.replaced..], others.first().map_or(&[][..], |other| other)),
            };
            let slices = [IoSlice::new(head), IoSlice::new(rest), IoSlice::new(other)];
            let written = ready!(self.recorder.poll_write_vectored(context, &slices))?;
            self.head_written += written.min(left);
            behind = written.saturating_sub(left);
        }
        self.head.clear();
        Poll::Ready(Ok(Some(self.replaced + behind)))
    }

    /// Reads bytes of the next request into an empty buffer, which stays empty at the end of the input.
    pub(crate) fn poll_request(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<()> {
        let read = ready!(self.recorder.socket.poll_read(context, buffer));
        if read.is_err() {
            buffer.clear();
        }
        if buffer.filled().is_empty() {
            self.recorder.report(ConnectionEvent::ClientFinished);
        }
        Poll::Ready(())
    }

    /// Frames the next request. Returns the lengths of its head and its body if all of it is there and
    /// hyper has nothing to interpret in it. Otherwise these bytes are for hyper.
    pub(crate) fn frame_whole(&mut self, bytes: &[u8]) -> Option<(usize, usize)> {
        let step = self.framer.step(bytes);
        let taken = step.taken;
        let whole = if let Some(head) = &step.head
            && let Some(length) = head.framing().length()
            && let Ok(length) = usize::try_from(length)
            && length <= bytes.len() - taken
            && head.is_plain()
            && head.raw().len() == taken
            && head.method() != b"HEAD"
            && head.lacks(&["Connection", "Expect", "Transfer-Encoding", "Upgrade"])
        {
            Some((taken, length))
        } else {
            self.hand_over(bytes, taken);
            None
        };
        self.report_step(step);
        whole
    }

    /// Counts the body of a request without hyper as passed.
    pub(crate) fn pass_body(&mut self, body: &[u8]) {
        let _ = self.framer.step(body);
    }

    /// Leaves bytes to hyper, which may read the first `passed` of them at once.
    pub(crate) fn hand_over(&mut self, bytes: &[u8], passed: usize) {
        self.passed.extend_from_slice(&bytes[..passed]);
        self.held.extend_from_slice(&bytes[passed..]);
    }

    /// Sets the response head to write before the next bytes.
    pub(crate) fn begin_response(&mut self, head: &ResponseHead) {
        head.write("HTTP/1.1", &mut self.head);
        (self.head_written, self.replaced) = (0, 0);
    }

    /// Returns how many of `bytes` may be passed to hyper. If they are a head that can be shortened,
    /// `short_head` is what to pass instead.
    fn pass(&mut self, bytes: &[u8]) -> usize {
        let step = self.framer.step(bytes);
        self.short_head.clear();
        if let Some(head) = &step.head
            && head.raw().len() == step.taken
            && head.is_plain()
        {
            write_short_head(head, &mut self.short_head);
        }
        let taken = step.taken;
        self.report_step(step);
        taken
    }

    fn report_step(&mut self, step: Step) {
        if let Some(head) = step.head {
            self.recorder.report(ConnectionEvent::HeadRead(head));
        } else if self.framer.mid_head() && !is_request_prefix(self.framer.partial_head()) {
            self.recorder.report(ConnectionEvent::Unparsed(self.framer.partial_head()));
        } else if let Some(error) = self.framer.chunk_error() {
            self.recorder.report(ConnectionEvent::ChunksMalformed(error));
        }
    }

    /// Inspects bytes that hyper does not read. After the last response they may not be a request.
    fn inspect_rest(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        self.inspects_rest =
            self.inspects_rest && !self.framer.is_lost() && !self.recorder.is_unparsed();
        while self.inspects_rest && !rest.is_empty() {
            let step = self.framer.step(rest);
            rest = &rest[step.taken..];
            self.inspects_rest = step.head.is_none();
            let head = step.head.as_ref().map_or(self.framer.partial_head(), Head::raw);
            if !self.framer.mid_body() && !is_request_prefix(head) {
                self.recorder.report(ConnectionEvent::Unparsed(head));
            }
        }
    }

    /// Marks the input as finished: hyper reads no more, so a partial head will not become a
    /// request.
    fn end_reading(&mut self) {
        if !std::mem::take(&mut self.is_reading) {
            return;
        }
        self.recorder.report(ConnectionEvent::InputEnded { passed: self.framer.payload() });
        self.recorder.report(ConnectionEvent::Unparsed(self.framer.partial_head()));
        let held = std::mem::take(&mut self.held);
        self.inspect_rest(&held[self.held_passed..]);
        self.held = held;
    }

    /// Reports the status line in hyper's next bytes, if there is one, before the client can see it.
    fn report_status(&self, bytes: &[u8]) {
        if let Some(status) = status_of(bytes) {
            let partial = self.framer.partial_head();
            self.recorder.report(ConnectionEvent::StatusWritten { status, partial });
        }
    }

    fn pass_held(&mut self, buffer: &mut ReadBuf<'_>) {
        let held = std::mem::take(&mut self.held);
        let rest = &held[self.held_passed..];
        let taken = self.pass(&rest[..rest.len().min(buffer.remaining())]);
        let is_short = !self.short_head.is_empty();
        buffer.put_slice(if is_short { &self.short_head } else { &rest[..taken] });
        // Moving the rest to the front would take quadratic time when requests are pipelined.
        self.held_passed += taken;
        self.held = held;
        if self.held_passed == self.held.len() {
            self.held.clear();
            self.held_passed = 0;
        }
    }

    /// Reads into hyper's own buffer and takes back the excess, so that most reads copy nothing.
    fn poll_socket(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = ready!(self.recorder.socket.poll_read(context, buffer));
        if read.is_err() || buffer.filled().len() == before {
            self.recorder.report(ConnectionEvent::ClientFinished);
        }
        read?;
        let taken = self.pass(&buffer.filled()[before..]);
        if before + taken < buffer.filled().len() {
            self.held.extend_from_slice(&buffer.filled()[before + taken..]);
        }
        if self.short_head.is_empty() {
            buffer.set_filled(before + taken);
        } else {
            buffer.set_filled(before);
            buffer.put_slice(&self.short_head);
        }
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
        if stream.responses_left == Some(0) {
            // hyper treats this as the end of the input and closes the connection.
            stream.recorder.report(ConnectionEvent::FaultInjected { ends: true });
            return Poll::Ready(Ok(()));
        }
        if !stream.passed.is_empty() {
            let fitting = stream.passed.len().min(buffer.remaining());
            buffer.put_slice(&stream.passed[..fitting]);
            stream.passed.drain(..fitting);
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
        if let Some(taken) = ready!(stream.poll_outgoing(context, bytes, &[]))? {
            return Poll::Ready(Ok(taken));
        }
        let fitting = ready!(stream.poll_pace(context, bytes.len()))?;
        stream.report_status(bytes);
        stream.recorder.poll_write(context, &bytes[..fitting])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let stream = self.get_mut();
        let Some((first, others)) = slices.split_first() else { return Poll::Ready(Ok(0)) };
        if first.is_empty() {
            return Pin::new(stream).poll_write_vectored(context, others);
        }
        if stream.recorder.pace().is_some() {
            return Pin::new(stream).poll_write(context, first);
        }
        if let Some(taken) = ready!(stream.poll_outgoing(context, first, others))? {
            return Poll::Ready(Ok(taken));
        }
        stream.report_status(first);
        stream.recorder.poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.recorder.socket.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let stream = self.get_mut();
        ready!(stream.poll_queued(context))?;
        ready!(stream.recorder.socket.poll_flush(context))?;
        if stream.recorder.report(ConnectionEvent::Flushed) {
            stream.responses_left = stream.responses_left.map(|left| left.saturating_sub(1));
        }
        Poll::Ready(Ok(()))
    }

    /// Closes the sending direction, then lets the client finish.
    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let stream = self.get_mut();
        let recorder = Arc::clone(&stream.recorder);
        let mut closing = stream.closing.take().unwrap_or_else(|| {
            recorder.report(ConnectionEvent::Drained(stream.held()));
            stream.end_reading();
            LingeringClose::new()
        });
        let closed = closing.poll(&recorder.socket, context, |bytes| {
            recorder.report(ConnectionEvent::Drained(bytes.len() as u64));
            stream.inspect_rest(bytes);
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

/// The headers of a request that hyper interprets.
const INTERPRETED: [&str; 5] =
    ["Connection", "Content-Length", "Expect", "Transfer-Encoding", "Upgrade"];

/// Writes the form of a plain head that hyper gets. It has only what hyper interprets, because hyper
/// would parse every other header into a map that is never read. It is never longer than the head,
/// which may have filled hyper's buffer.
fn write_short_head(head: &Head, short: &mut Vec<u8>) {
    short.extend_from_slice(head.method());
    short.extend_from_slice(b" / HTTP/1.1\r\n");
    head.copy_lines(&INTERPRETED, short);
    short.extend_from_slice(b"\r\n");
}

/// Returns the status in the status line of a response.
fn status_of(bytes: &[u8]) -> Option<u16> {
    let rest = bytes.strip_prefix(b"HTTP/1.")?;
    std::str::from_utf8(rest.get(2..5)?).ok()?.parse().ok()
}
