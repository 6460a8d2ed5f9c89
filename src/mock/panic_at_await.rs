//! Async variants of methods that panic at the caller's line. Start with [`PanicAtAwait`].

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// A future that panics with the error of another one, at the line that awaits it.
///
/// An `async fn` cannot be `#[track_caller]`: it would panic at a line of this library.
pub(crate) struct PanicAtAwait<F>(Pin<Box<F>>);

impl<F> PanicAtAwait<F> {
    pub(crate) fn new(future: F) -> Self {
        Self(Box::pin(future))
    }
}

impl<T, E: fmt::Display, F: Future<Output = Result<T, E>>> Future for PanicAtAwait<F> {
    type Output = T;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        match ready!(self.0.as_mut().poll(context)) {
            Ok(value) => Poll::Ready(value),
            Err(error) => panic!("{error}"),
        }
    }
}
