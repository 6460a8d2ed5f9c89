//! Order: an upload is completed once, after all its pieces are acknowledged, and then verified.

pub(super) mod again_from_start;
pub(super) mod early;
pub(super) mod empty;
pub(super) mod gap;
pub(super) mod unverified;
