//! Pieces: valid numbers, whole bodies, and sizes that make sense.

pub(super) mod empty_last;
pub(super) mod length;
pub(super) mod number;
pub(super) mod tiny;
