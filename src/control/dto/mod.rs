//! The JSON bodies of [requests] and [responses], as types that serde reads and writes.

pub(super) mod requests;
pub(super) mod responses;
