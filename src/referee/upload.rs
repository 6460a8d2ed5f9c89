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
    /// The requests to complete it that are worth judging: the first, and the one that succeeded. Each
    /// with the parts without an acknowledgement that the client can have read before, and their latest
    /// tries before that.
    pub(crate) unacknowledged: Vec<(Request<'a>, Vec<(u32, Request<'a>)>)>,
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

    /// Finds the parts that are not acknowledged when the client completes it. All its requests are known
    /// now.
    pub(crate) fn find_unacknowledged(&mut self) {
        let first = self.completes.first().copied();
        let done = self.completes.iter().find(|it| it.exchange.committed.is_some()).copied();
        let done = done.filter(|done| first.is_some_and(|first| first.index() != done.index()));
        let judged = first.into_iter().chain(done);
        self.unacknowledged =
            judged.map(|complete| (complete, self.unacknowledged_before(complete))).collect();
    }

    /// Returns the parts that are not acknowledged before `complete` began. A part counts as
    /// acknowledged if it was stored and the client asked for the state or the pieces after its response
    /// was lost.
    pub(crate) fn unacknowledged_before(&self, complete: Request<'a>) -> Vec<(u32, Request<'a>)> {
        let until = self.inquiries.partition_point(|it| it.index() < complete.index());
        let inquiries = &self.inquiries[..until];
        let unacknowledged = self.pieces.iter().filter_map(|(part, tries)| {
            let mut earlier = tries.iter().filter(|it| it.index() < complete.index());
            let is_known = |it: &Request<'_>| it.is_accepted() && it.ended_before(complete);
            if earlier.clone().any(is_known) {
                return None;
            }
            let latest = *earlier.next_back()?;
            let is_listed = latest.exchange.committed.is_some()
                && inquiries
                    .iter()
                    .rev()
                    .take_while(|inquiry| inquiry.index() > latest.index())
                    .any(|inquiry| latest.ended_before(*inquiry));
            (!is_listed).then_some((*part, latest))
        });
        unacknowledged.collect()
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
