//! The types of values in texts, in the words of a reader. Start with [`type_in_words`].

/// What serde calls the types of values, and what a reader of a text calls them.
const TYPES: &[(&str, &str)] = &[
    ("u16", "a status"),
    ("u32", "a whole number from 1 to 4294967295"),
    ("a nonzero u32", "a whole number from 1 to 4294967295"),
    ("u64", "a whole number from 0 to 18446744073709551615"),
    ("i32", "a whole number from -2147483648 to 2147483647"),
    ("f64", "a number"),
    ("a string", "a text"),
    ("a sequence", "a list"),
    ("a map", "a table"),
];

/// Returns what a reader calls the type that serde expected. An unknown one stays.
pub(crate) fn type_in_words(expected: &str) -> &str {
    if expected.starts_with("struct ") {
        return "a table";
    }
    TYPES.iter().find(|(name, _)| *name == expected).map_or(expected, |(_, words)| words)
}
