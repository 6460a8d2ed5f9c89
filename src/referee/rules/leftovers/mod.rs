//! Leftovers: a client ends what it begins.

pub(super) mod left;
pub(super) mod unknown;
pub(super) mod zombie;
