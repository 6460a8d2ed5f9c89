//! Words for messages: numbers with their nouns, suggestions for mistyped names, and names that look the
//! same. It knows nothing of the protocol. Start with [`counted`] and [`nearest`].

mod composition;
mod nearest;
mod numerals;
mod shell;
#[cfg(feature = "control")]
mod types;

pub(crate) use composition::decompose;
pub use nearest::nearest;
pub(crate) use nearest::unknown;
pub(crate) use numerals::{counted, ordinal};
pub use shell::shell_word;
#[cfg(feature = "control")]
pub(crate) use types::type_in_words;
