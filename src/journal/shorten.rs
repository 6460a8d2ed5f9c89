//! Shortens text of clients and tests to a length that fits into a message.

use std::borrow::Cow;

/// Returns `text`, or its first `most` characters and its length in bytes if it is longer.
pub(crate) fn shorten(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        None => Cow::Borrowed(text),
        Some((end, _)) => Cow::Owned(format!("{}… ({} bytes)", &text[..end], text.len())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_long_text_is_shortened() {
        assert_eq!(shorten("füßé", 4), "füßé");
        assert_eq!(shorten("füßés", 4), "füßé… (8 bytes)");
    }
}
