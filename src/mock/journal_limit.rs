//! Bounds the journal: the limit of its exchanges, and its removal. Start with
//! [`Builder::journal_limit`].

use crate::mock::builder::Builder;
use crate::mock::mock_origin::MockOrigin;

impl Builder {
    /// Sets how many exchanges the journal keeps: the newest `exchanges`, and older ones that have not
    /// ended or that belong to an upload that is open or still being joined. Default: all. The binary
    /// keeps 100,000.
    ///
    /// Failures, the timeline, the HTML report, the transcript, the HAR file, the trace and the
    /// journal of the control endpoint state how many were dropped;
    /// [`Journal::dropped`](crate::journal::Journal::dropped) has the exact numbers. The numbers of
    /// exchanges do not change. What depends on a dropped exchange is unknown:
    ///
    /// * `assert_count` and `single` fail if dropped requests may change the result, and so do
    ///   assertions about all requests of an upload some of which were dropped.
    /// * The referee judges the newest exchanges, and open uploads as a whole. It never finds anything
    ///   that a dropped exchange could explain.
    /// * The attempt numbers of faults count the calls in the journal when the first fault is added,
    ///   and all later ones.
    ///
    /// ```
    /// use std::io::{Read, Write};
    ///
    /// let origin = mock_origin::MockOrigin::builder().journal_limit(2).start();
    /// for _ in 0..5 {
    ///     let mut client = std::net::TcpStream::connect(origin.addr())?;
    ///     client.write_all(b"OPTIONS / HTTP/1.1\r\nHost: origin\r\nConnection: close\r\n\r\n")?;
    ///     client.read_to_end(&mut Vec::new())?;
    /// }
    /// let journal = origin.journal();
    /// assert_eq!((journal.exchanges().len(), journal.dropped().exchanges), (2, 3));
    /// assert!(journal.exchange(2).is_none() && journal.exchange(3).is_some());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Panics
    ///
    /// If the limit is 0.
    #[track_caller]
    pub fn journal_limit(self, exchanges: usize) -> Self {
        self.apply(".journal_limit(10_000)", |builder| {
            builder.journal.limit = Some(exchanges);
            let error = || "invalid journal limit 0: expected 1 or more".to_owned();
            if exchanges == 0 { Err(error()) } else { Ok(()) }
        })
    }
}

impl MockOrigin {
    /// Removes the records of everything that is over from the journal, and keeps what is stored:
    /// requests and connections that are in progress stay, and so do files, uploads, tokens and
    /// faults. Counts begin anew, so that a test can look at one phase of a run. Returns the number of
    /// removed exchanges.
    ///
    /// Failures and reports state how many exchanges were cleared. The referee does not judge an upload
    /// that began before, and assertions about all its requests fail.
    ///
    /// Waits up to 1 s for responses that are being written; async code uses
    /// [`clear_journal_async`](Self::clear_journal_async).
    ///
    /// ```
    /// let origin = mock_origin::MockOrigin::start();
    /// // Let the client log in and upload, then:
    /// assert_eq!(origin.clear_journal(), 0);
    /// origin.requests().assert_count(0);
    /// ```
    pub fn clear_journal(&self) -> u64 {
        self.shared.wait_idle().clear_journal()
    }

    /// Does the same as [`clear_journal`](Self::clear_journal) without blocking the thread. Dropping
    /// the future ends the wait and changes nothing.
    pub async fn clear_journal_async(&self) -> u64 {
        self.shared.wait_idle_async().await.clear_journal()
    }
}
