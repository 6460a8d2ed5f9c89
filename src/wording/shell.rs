//! Words of command lines that can be pasted into a shell.

/// Returns a word as a POSIX shell reads it.
pub fn shell_word(word: &str) -> String {
    let is_plain = |char: char| char.is_ascii_alphanumeric() || "-_./=:,+@%{}".contains(char);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    if word.contains(|char: char| char.is_control()) {
        return format!("$'{}'", word.chars().map(escaped).collect::<String>());
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// Returns a character within `$'…'`.
fn escaped(char: char) -> String {
    match char {
        '\n' | '\r' | '\t' | '\'' | '\\' => char.escape_default().to_string(),
        _ if char.is_control() => {
            let octal =
                char.to_string().into_bytes().into_iter().map(|byte| format!("\\{byte:03o}"));
            octal.collect::<Vec<_>>().concat()
        }
        _ => char.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_with_special_characters_are_quoted() {
        for (word, quoted) in [
            ("--size=10", "--size=10"),
            ("{url}/a", "{url}/a"),
            ("", "''"),
            ("a b", "'a b'"),
            ("it's", r"'it'\''s'"),
            ("$HOME", "'$HOME'"),
            ("it's\n\\é\u{1b}1", r"$'it\'s\n\\é\0331'"),
        ] {
            assert_eq!(shell_word(word), quoted);
        }
    }
}
