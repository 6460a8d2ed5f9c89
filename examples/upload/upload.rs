//! A whole upload: create, send pieces in parallel, complete, wait for the join.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::client::{Client, Upload};
use super::error::Error;
use super::retry::pauses;
use super::source::Source;

/// NEW, READY, COMPLETE, MERGE and JOIN: the states that lead to SUCCESS (§4.4).
const IN_PROGRESS: std::ops::RangeInclusive<u64> = 1..=5;
const SUCCESS: u64 = 6;

/// The number of polls of the state; with their pauses about one minute.
const POLLS: usize = 35;

/// Uploads a file to a directory with `parallel` pieces at a time. Calls `stored` with the size of each piece that
/// the origin has stored. Aborts the upload if it fails.
pub(crate) fn upload(
    client: &Client,
    source: &Source,
    directory: &str,
    parallel: usize,
    stored: impl Fn(u64) + Sync,
) -> Result<Upload, Error> {
    let upload = client.create(directory, &source.name())?;
    send(client, &upload, source, parallel, stored)
        .and_then(|()| client.complete(&upload))
        .and_then(|()| wait_for_join(client, &upload))
        // An error of the abort is ignored: the first error is the one to report.
        .inspect_err(|_| drop(client.abort(&upload)))?;
    Ok(upload)
}

/// Sends all pieces. Each thread takes the next piece; after an error no piece is left.
fn send(
    client: &Client,
    upload: &Upload,
    source: &Source,
    parallel: usize,
    stored: impl Fn(u64) + Sync,
) -> Result<(), Error> {
    let (pieces, next) = (source.pieces(), AtomicUsize::new(0));
    let work = || {
        while let Some(piece) = pieces.get(next.fetch_add(1, Ordering::Relaxed)) {
            let none_left = |_: &Error| next.store(pieces.len(), Ordering::Relaxed);
            client.send(upload, source, *piece).inspect_err(none_left)?;
            stored(piece.length);
        }
        Ok(())
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..parallel.min(pieces.len())).map(|_| scope.spawn(work)).collect();
        let ends = threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)));
        ends.collect()
    })
}

/// Waits until the pieces are joined. The file exists from then on.
fn wait_for_join(client: &Client, upload: &Upload) -> Result<(), Error> {
    let mut state = 0;
    for pause in pauses().take(POLLS) {
        state = client.state(upload)?;
        match state {
            SUCCESS => return Ok(()),
            state if IN_PROGRESS.contains(&state) => thread::sleep(pause),
            _ => break,
        }
    }
    Err(Error::NotJoined { state })
}
