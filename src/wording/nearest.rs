//! Which known name was meant by one that is not known.

/// More changes than that make another name.
const MOST_CHANGES: usize = 3;

/// Returns the known name that is most like `name`: a letter in four may differ, and always one. Upper and lower case
/// are alike.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .filter(|known| !known.is_empty())
        .filter_map(|known| {
            let most = (known.len() / 4).clamp(1, MOST_CHANGES);
            // The sender chooses the length of a name. One that is much longer than a known one is not like it.
            let is_long = name.chars().nth(known.len() + most).is_some();
            let changes = if is_long { return None } else { distance(name, known) };
            // Names that share no letter are not alike, however short.
            (changes <= most && changes < known.len()).then_some((changes, known))
        })
        .min()
        .map(|(_, known)| known)
}

/// Returns what is said of a name that is not known: which one was meant, or else all there are.
pub(crate) fn unknown<'a>(kind: &str, name: &str, known: &[&'a str], all: &[&'a str]) -> String {
    match nearest(name, all.iter().copied()) {
        Some(meant) => format!("unknown {kind} {name:?}; did you mean {meant:?}?"),
        None => format!("unknown {kind} {name:?}; known: {}", known.join(", ")),
    }
}

/// Returns how many letters must be put in, taken out, changed or swapped with the next to make one of the other.
fn distance(one: &str, other: &str) -> usize {
    #[cfg(test)]
    tests::COMPARED.with(|compared| compared.set(compared.get() + one.len() * other.len()));
    let letters = |text: &str| text.chars().map(|it| it.to_ascii_lowercase()).collect::<Vec<_>>();
    let (one, other) = (letters(one), letters(other));
    // Rows of the table of distances between all beginnings: the one before the last, the last, and the present one.
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=other.len()).collect();
    for at in 1..=one.len() {
        let mut row = vec![at];
        for column in 1..=other.len() {
            let is_changed = one[at - 1] != other[column - 1];
            let changed = last[column - 1] + usize::from(is_changed);
            let mut fewest = changed.min(last[column] + 1).min(row[column - 1] + 1);
            let is_swapped = at > 1
                && column > 1
                && one[at - 1] == other[column - 2]
                && one[at - 2] == other[column - 1];
            if is_swapped {
                fewest = fewest.min(before[column - 2] + 1);
            }
            row.push(fewest);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[other.len()]
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    thread_local! {
        /// Pairs of letters that were compared on this thread.
        pub(super) static COMPARED: Cell<usize> = const { Cell::new(0) };
    }

    #[test]
    fn a_mistyped_name_finds_the_one_that_was_meant() {
        const KNOWN: [&str; 4] = ["op", "attempt", "attempts", "/multipart/piece"];
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
        ] {
            assert_eq!(nearest(mistyped, KNOWN), meant, "{mistyped}");
        }
    }

    #[test]
    fn a_long_name_is_compared_with_nothing() {
        let before = COMPARED.get();
        assert_eq!(nearest(&"/multipart/piece".repeat(4_000), ["/multipart/piece"]), None);
        assert_eq!(COMPARED.get(), before);
    }

    #[test]
    fn all_known_names_are_listed_if_none_is_near() {
        let known = ["seed", "profile"];
        assert_eq!(
            unknown("key", "sede", &known, &known),
            "unknown key \"sede\"; did you mean \"seed\"?"
        );
        assert_eq!(
            unknown("key", "often", &known, &known),
            "unknown key \"often\"; known: seed, profile"
        );
    }
}
