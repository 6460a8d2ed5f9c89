//! Suggestions: which known name was probably meant by an unknown one.

/// The largest edit distance between a name and a suggestion.
const MOST_CHANGES: usize = 3;

/// Returns the known name that is most like `name`: one letter in four may differ, and at least one.
/// Case is ignored.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let known = known.into_iter().filter_map(|known| {
        let most = (known.len() / 4).clamp(1, MOST_CHANGES);
        // The sender chooses the length of a name. A much longer name costs no comparison.
        if known.is_empty() || name.chars().nth(known.len() + most).is_some() {
            return None;
        }
        let (name, lower) = (name.to_ascii_lowercase(), known.to_ascii_lowercase());
        let changes = strsim::osa_distance(&name, &lower);
        // Names that share no letter are not alike, however short.
        (changes <= most && changes < known.len()).then_some((changes, known))
    });
    known.min().map(|(_, known)| known)
}

/// Returns the message for an unknown name, with the known name that was meant or all known names.
pub(crate) fn unknown(kind: &str, name: &str, known: &[&str]) -> String {
    let name = name.escape_debug();
    match nearest(&name.to_string(), known.iter().copied()) {
        Some(meant) => format!("unknown {kind} `{name}`; did you mean `{meant}`?"),
        None => format!("unknown {kind} `{name}`; known: {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistyped_names_get_a_suggestion() {
        const KNOWN: [&str; 4] = ["op", "attempt", "attempts", "/multipart/piece"];
        let long = "/multipart/piece".repeat(4_000);
        for (mistyped, meant) in [
            ("ops", Some("op")),
            ("attmept", Some("attempt")),
            ("atempts", Some("attempts")),
            ("Attempt", Some("attempt")),
            ("/multipart/peice", Some("/multipart/piece")),
            ("/MULTIPART/piece", Some("/multipart/piece")),
            ("/multi/piece", None),
            ("", None),
            ("colour", None),
            ("x", None),
            (&long, None),
        ] {
            assert_eq!(nearest(mistyped, KNOWN), meant, "{mistyped}");
        }
    }

    #[test]
    fn unknown_names_without_a_suggestion_get_the_list() {
        let known = ["seed", "profile"];
        assert_eq!(unknown("key", "sede", &known), "unknown key `sede`; did you mean `seed`?");
        assert_eq!(unknown("key", "often", &known), "unknown key `often`; known: seed, profile");
    }
}
