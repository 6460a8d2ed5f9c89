//! A whole upload: begun, sent in pieces side by side, completed, joined.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::client::{Client, Upload};
use super::error::Error;
use super::patience::pauses;
use super::source::Source;

/// NEW, READY, COMPLETE, MERGE and JOIN: the states that lead to SUCCESS (§4.4).
const ON_ITS_WAY: std::ops::RangeInclusive<u64> = 1..=5;
const SUCCESS: u64 = 6;

/// How often the state is asked for: for about a minute.
const POLLS: usize = 35;

/// Uploads a file to a directory, `parallel` pieces at a time. Tells `stored` of the bytes in each
/// piece as it is acknowledged. An upload that fails is given up.
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
        .and_then(|()| wait(client, &upload))
        // Whether that works or not: what went wrong first is what matters.
        .inspect_err(|_| drop(client.abort(&upload)))?;
    Ok(upload)
}

/// Sends all pieces. Each thread takes the next one that is left; an error leaves none.
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

/// Waits until the pieces are joined: the file is there then, and not before.
fn wait(client: &Client, upload: &Upload) -> Result<(), Error> {
    let mut state = 0;
    for pause in pauses().take(POLLS) {
        state = client.state(upload)?;
        match state {
            SUCCESS => return Ok(()),
            state if ON_ITS_WAY.contains(&state) => thread::sleep(pause),
            _ => break,
        }
    }
    Err(Error::NotJoined { state })
}
