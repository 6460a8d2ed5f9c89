//! Faults from a file.

use mock_origin::Fault;

/// The faults that a TOML file describes.
pub(crate) fn read(file: &str) -> Result<Vec<Fault>, String> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?;
    listed(&text).map_err(|why| format!("{file}: {why}"))
}

/// The faults of a TOML text.
fn listed(text: &str) -> Result<Vec<Fault>, String> {
    let tables: serde_json::Value = toml::from_str(text).map_err(|error| one_line(text, &error))?;
    if tables.as_object().is_some_and(serde_json::Map::is_empty) {
        return Err("there is no [[fault]] in it".to_owned());
    }
    Fault::list_from_json(&tables.to_string())
}

/// What is wrong with a text that is no TOML, and where.
fn one_line(text: &str, error: &toml::de::Error) -> String {
    let said = error.message().split_whitespace().collect::<Vec<_>>().join(" ");
    let before = error.span().and_then(|span| text.get(..span.start));
    match before {
        Some(before) => format!("line {}: {said}", before.matches('\n').count() + 1),
        None => said,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn tables_are_faults() {
        let text = "[[fault]]\nop = \"piece\"\npart = \"2..=4\"\nreject = 503\n\n\
                    [[fault]]\non = \"connections\"\nreset = true\n";
        let written: Vec<_> = listed(text).unwrap().iter().map(Fault::to_json).collect();
        assert_eq!(
            written,
            [
                r#"{"op":"piece","part":"2..=4","reject":503}"#,
                r#"{"on":"connections","first":true,"reset":true}"#,
            ]
        );
    }

    #[test]
    fn nonsense_is_one_clear_line() {
        for (text, said) in [
            ("", "there is no [[fault]] in it"),
            ("# nothing yet\n", "there is no [[fault]] in it"),
            ("\n[[fault]\n", "line 2: "),
            ("[[fault]]\nop = \"raw\"\nop = \"file\"\nreject = 503", "line 3: duplicate key"),
            (
                "[[fault]]\nop = \"piece\"\nhold = \"please\"",
                "fault 1: hold takes true, not \"please\"",
            ),
            (
                "[[fault]]\nop = \"piece\"\nreject = 503\n[[fault]]\nop = \"pice\"\nreject = 503",
                "fault 2: op takes \"any\"",
            ),
            (
                "[[fault]]\nop = \"piece\"\nhold = true\nlose = \"reset\"",
                "fault 1: a fault has one effect, and this has hold and lose",
            ),
            ("[[faults]]\nop = \"piece\"\nreject = 503", "there is no key \"faults\""),
            ("[fault]\nop = \"piece\"\nreject = 503", "fault takes a list of faults"),
            (
                "seed = 3\n[[fault]]\nop = \"piece\"\nreject = 503",
                "there is no key \"seed\" beside the list of faults",
            ),
            ("[[fault]]\nop = \"piece\"\nreject = { status = 503, code = 77 }", "fault 1: "),
            ("[[fault]]\nop = \"piece\"\ndelay = nan", "fault 1: delay takes SECONDS, not null"),
            (
                "[[fault]]\nop = \"piece\"\nname = 1979-05-27\nhold = true",
                "fault 1: name takes any text",
            ),
        ] {
            let error = listed(text).unwrap_err();
            assert!(error.starts_with(said) && !error.contains('\n'), "{text:?}: {error}");
        }
    }

    #[test]
    fn a_file_that_cannot_be_read_is_named() {
        let error = read("/nowhere/faults.toml").unwrap_err();
        assert!(error.starts_with("/nowhere/faults.toml: "), "{error}");
    }
}
