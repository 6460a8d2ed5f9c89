//! Rate and polling: a client waits for the origin, and not forever.

pub(super) mod endless;
pub(super) mod hot;
pub(super) mod ignored;
pub(super) mod list_unbounded;
pub(super) mod none;

use crate::protocol::Operation;
use crate::referee::request::Request;
use crate::referee::upload::UploadConduct;

/// Returns the requests for the state of an upload.
fn polls<'c, 'a>(upload: &'c UploadConduct<'a>) -> impl Iterator<Item = Request<'a>> + 'c {
    upload.inquiries.iter().copied().filter(|request| request.is(Operation::Status))
}
