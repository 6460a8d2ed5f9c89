//! Reads faults from a TOML file. Start with [`read`].

use mock_origin::Fault;
use mock_origin::internals::fault::{ACTIONS, SELECTORS};
use toml::de::{DeTable, DeValue};
use toml::{Spanned, Table, Value};

/// Reads the faults of a TOML file.
pub(crate) fn read(file: &str) -> Result<Vec<Fault>, String> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?;
    listed(&text).map_err(|why| format!("{file}: {why}"))
}

/// Parses the faults of a TOML text.
fn listed(text: &str) -> Result<Vec<Fault>, String> {
    let tables: Table = toml::from_str(text).map_err(|error| one_line(text, &error))?;
    if tables.is_empty() {
        return Err("there is no [[fault]] in it".to_owned());
    }
    let faults = tables.get("fault").and_then(Value::as_array);
    (1..).zip(faults.into_iter().flatten()).try_for_each(|(number, fault)| {
        check_kinds(fault).map_err(|why| format!("fault {number}: {why}"))
    })?;
    let tables = serde_json::to_string(&tables).map_err(|error| error.to_string())?;
    let faults = Fault::list_from_json(&tables).map_err(|error| error.to_string())?;
    let definitions = definitions(text);
    Ok((0..)
        .zip(faults)
        .map(|(at, fault)| match definitions.get(at) {
            Some(definition) => fault.defined_as(definition),
            None => fault,
        })
        .collect())
}

/// Returns each fault of a text as an inline table, as it is written there.
fn definitions(text: &str) -> Vec<String> {
    let Ok(document) = DeTable::parse(text) else { return Vec::new() };
    let faults = document.get_ref().get("fault").and_then(|faults| faults.get_ref().as_array());
    faults.into_iter().flatten().map(|fault| as_written(fault, text)).collect()
}

fn as_written(value: &Spanned<DeValue<'_>>, text: &str) -> String {
    // The span of a table that has a header is that header.
    let DeValue::Table(table) = value.get_ref() else {
        return text.get(value.span()).unwrap_or_default().to_owned();
    };
    let mut members: Vec<_> = table.iter().collect();
    members.sort_by_key(|(key, _)| key.span().start);
    let member = |(key, value): (&Spanned<_>, &Spanned<DeValue<'_>>)| {
        format!("{} = {}", text.get(key.span()).unwrap_or_default(), as_written(value, text))
    };
    format!("{{ {} }}", members.into_iter().map(member).collect::<Vec<_>>().join(", "))
}

/// Whether there is nothing in a fault that TOML can write and JSON cannot.
fn check_kinds(fault: &Value) -> Result<(), String> {
    let members = fault.as_table().into_iter().flatten();
    let foreign = members.filter_map(|(key, value)| Some((key, first_foreign(value)?)));
    for (key, value) in foreign {
        let selectors = SELECTORS.iter().map(|row| (row.key, row.values));
        let mut rows = selectors.chain(ACTIONS.iter().map(|row| (row.key, row.values)));
        // What is no key at all is told so by whoever reads them.
        if let Some((_, values)) = rows.find(|(known, _)| known == key) {
            return Err(format!("invalid value {value} for {key:?}; expected {values}"));
        }
    }
    Ok(())
}

/// Returns the first such value, as it is written.
fn first_foreign(value: &Value) -> Option<String> {
    match value {
        Value::Datetime(date) => Some(date.to_string()),
        Value::Float(float) if float.is_finite() => None,
        Value::Float(float) => Some(float.to_string().to_ascii_lowercase()),
        Value::Array(list) => list.iter().find_map(first_foreign),
        Value::Table(table) => table.iter().find_map(|(_, value)| first_foreign(value)),
        _ => None,
    }
}

/// Describes a TOML error and its line.
fn one_line(text: &str, error: &toml::de::Error) -> String {
    let said = error.message().split_whitespace().collect::<Vec<_>>().join(" ");
    // All that TOML can write is taken, but for numbers that no type of Rust's has room for.
    let is_too_large = said.starts_with("invalid type: integer");
    let said = if is_too_large { format!("whole numbers go up to {}", i64::MAX) } else { said };
    let before = error.span().and_then(|span| text.get(..span.start));
    match before {
        Some(before) => format!("line {}: {said}", before.matches('\n').count() + 1),
        None => said,
    }
}

#[cfg(test)]
#[path = "../../../tests/support/corpus.rs"]
mod corpus;

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
    fn faults_are_named_in_the_words_of_their_file() {
        let text = "# All of them.\n[[fault]]\nreject = 503 # busy\nop  =  'raw'\n\n\
                    [[fault]]\nop = \"piece\"\n[fault.reject_after]\nbytes = 0x10\nreject = 500\n\
                    [[fault]]\nop = \"create\"\nname = \"late\"\ndelay = 1_000\n";
        let shown = |text: &str| -> Vec<_> {
            listed(text).unwrap().iter().map(Fault::display_name).collect()
        };
        assert_eq!(
            shown(text),
            [
                "{ reject = 503, op = 'raw' }",
                "{ op = \"piece\", reject_after = { bytes = 0x10, reject = 500 } }",
                "late",
            ]
        );
        let inline = "fault = [{ op = \"raw\", reject = { status = 503 } }]";
        assert_eq!(shown(inline), ["{ op = \"raw\", reject = { status = 503 } }"]);
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
                "fault 1: invalid value \"please\" for \"hold\"; expected true",
            ),
            (
                "[[fault]]\nop = \"piece\"\nreject = 503\n[[fault]]\nop = \"pice\"\nreject = 503",
                "fault 2: invalid value \"pice\" for \"op\"; expected \"any\"",
            ),
            (
                "[[fault]]\nop = \"piece\"\nhold = true\nlose = \"reset\"",
                "fault 1: conflicting actions hold and lose; expected exactly one",
            ),
            (
                "[[faults]]\nop = \"piece\"\nreject = 503",
                "unknown key \"faults\"; did you mean \"fault\"?",
            ),
            (
                "[fault]\nop = \"piece\"\nreject = 503",
                "invalid value {\"op\":\"piece\",\"reject\":503} for \"fault\"; expected a list of faults",
            ),
            (
                "seed = 3\n[[fault]]\nop = \"piece\"\nreject = 503",
                "unknown key \"seed\" beside \"fault\"",
            ),
            ("[[fault]]\nop = \"piece\"\nreject = { status = 503, code = 77 }", "fault 1: "),
            (
                "[[fault]]\nop = \"piece\"\ndelay = nan",
                "fault 1: invalid value nan for \"delay\"; expected SECONDS up to 18446744073709551615",
            ),
            (
                "[[fault]]\nop = \"piece\"\ndelay = inf",
                "fault 1: invalid value inf for \"delay\"; expected SECONDS up to 18446744073709551615",
            ),
            (
                "[[fault]]\nop = \"piece\"\ndelay = 2020-01-01",
                "fault 1: invalid value 2020-01-01 for \"delay\"; expected SECONDS up to 18446744073709551615",
            ),
            (
                "[[fault]]\nop = \"piece\"\nreject = { status = 503, retry_after = inf }",
                "fault 1: invalid value inf for \"reject\"; expected STATUS|",
            ),
            (
                "[[fault]]\nop = \"piece\"\n\nattempt = 99999999999999999999999\nhold = true",
                "line 4: whole numbers go up to 9223372036854775807",
            ),
            ("[[fault]]\nop = \"piece\"\nsince = 2020-01-01", "fault 1: unknown key \"since\""),
            ("fault = []", "empty list; expected at least one fault"),
            (
                "[[fault]]\nop = \"piece\"\nname = 1979-05-27\nhold = true",
                "fault 1: invalid value 1979-05-27 for \"name\"; expected any text",
            ),
        ] {
            let error = listed(text).unwrap_err();
            assert!(error.starts_with(said) && !error.contains('\n'), "{text:?}: {error}");
        }
    }

    #[test]
    fn files_are_accepted_or_rejected_as_recorded() {
        corpus::assert_corpus("toml", |text| {
            let shown = |fault: &Fault| format!("{fault}\n=> {}", fault.to_json());
            Ok(listed(text)?.iter().map(shown).collect())
        });
    }

    #[test]
    fn a_file_that_cannot_be_read_is_named() {
        let error = read("/nowhere/faults.toml").unwrap_err();
        assert!(error.starts_with("/nowhere/faults.toml: "), "{error}");
    }
}
