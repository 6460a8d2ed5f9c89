//! Words for messages: numbers with their nouns, and suggestions for mistyped names. It knows nothing of
//! the protocol.
//! Start with [`counted`] and [`nearest`].

mod nearest;
mod numerals;

pub use nearest::nearest;
pub(crate) use nearest::unknown;
pub(crate) use numerals::{counted, ordinal};
