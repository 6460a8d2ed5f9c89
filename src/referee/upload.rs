//! What the clients did with one upload. Start with [`UploadConduct`].

use std::collections::BTreeMap;

use crate::journal::Escaped;
use crate::protocol::Operation;

use super::evidence::UploadFacts;
use super::request::Request;

/// The requests about one upload.
#[derive(Debug, Default)]
pub(crate) struct UploadConduct<'a> {
    pub(crate) id: &'a str,
    pub(crate) facts: Option<UploadFacts>,
    pub(crate) creates: Vec<Request<'a>>,
    /// The tries of each piece.
    pub(crate) pieces: BTreeMap<u32, Vec<Request<'a>>>,
    pub(crate) completes: Vec<Request<'a>>,
    pub(crate) aborts: Vec<Request<'a>>,
    /// Requests for the state or the pieces.
    pub(crate) inquiries: Vec<Request<'a>>,
    pub(crate) restarts: Vec<Request<'a>>,
    /// Whether a request about it was rejected for good, so that the client had to give up.
    pub(crate) is_hopeless: bool,
}

impl<'a> UploadConduct<'a> {
    pub(crate) fn add(&mut self, request: Request<'a>) {
        self.is_hopeless |= request.rejection().is_some_and(|rejection| !rejection.is_transient());
        let list = match request.operation() {
            Operation::Create => &mut self.creates,
            Operation::Complete => &mut self.completes,
            Operation::Abort => &mut self.aborts,
            Operation::Restart => &mut self.restarts,
            Operation::Status | Operation::ListPieces => &mut self.inquiries,
            Operation::Piece => match request.call.part {
                Some(part) => self.pieces.entry(part).or_default(),
                None => return,
            },
            _ => return,
        };
        list.push(request);
    }

    /// Returns the parts without an acknowledgement that the client can have read before
    /// `complete` began, each with its latest try before that. A part counts as acknowledged if it
    /// was stored and the client asked for the state or the pieces after its response was lost.
    pub(crate) fn unacknowledged_before(
        &self,
        complete: Request<'a>,
    ) -> impl Iterator<Item = (u32, Request<'a>)> {
        self.pieces.iter().filter_map(move |(part, tries)| {
            let mut earlier = tries.iter().filter(|it| it.index() < complete.index());
            let is_known = |it: &Request<'_>| it.is_accepted() && it.ended_before(complete);
            if earlier.clone().any(is_known) {
                return None;
            }
            let latest = *earlier.next_back()?;
            let is_listed = latest.exchange.committed.is_some()
                && self.inquiries.iter().any(|inquiry| {
                    latest.ended_before(*inquiry) && inquiry.index() < complete.index()
                });
            (!is_listed).then_some((*part, latest))
        })
    }

    /// Returns the requests to complete it that are worth judging: the first, and the one that
    /// succeeded.
    pub(crate) fn judged_completes(&self) -> impl Iterator<Item = Request<'a>> {
        let first = self.completes.first();
        let done = self.completes.iter().find(|it| it.exchange.committed.is_some());
        let done = done.filter(|done| first.is_some_and(|first| first.index() != done.index()));
        first.into_iter().chain(done).copied()
    }

    /// Returns whether the client created it in this journal.
    pub(crate) fn is_created(&self) -> bool {
        !self.creates.is_empty()
    }

    /// Returns the destination.
    pub(crate) fn path(&self) -> Option<&'a str> {
        let all = self.creates.iter().chain(&self.completes).chain(self.pieces.values().flatten());
        all.chain(&self.aborts).find_map(|request| request.call.path.as_deref())
    }

    /// Returns its name in messages: the path, else the multipart id.
    pub(crate) fn name(&self) -> String {
        match self.path() {
            Some(path) => format!("upload of {}", Escaped::new(path)),
            None => format!("upload {}", Escaped::new(self.id)),
        }
    }
}
