//! Sessions: tokens are used while they live, and secrets stay secret.

pub(super) mod dead_used;
pub(super) mod in_target;
pub(super) mod kept;
pub(super) mod plain;
pub(super) mod storm;
