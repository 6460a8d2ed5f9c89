//! Reads the TOML files of faults (feature `check`), with the line of each error.

use serde::Deserialize;
use serde_path_to_error::Segment;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::error::Error;
use crate::fault::Fault;

use super::error::{explain, key};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    fault: Vec<Fault>,
}

impl Fault {
    /// Parses the `[[fault]]` tables of a TOML file. `file` is its name, for messages.
    ///
    /// ```
    /// use mock_origin::Fault;
    ///
    /// let faults = Fault::list_from_toml("faults.toml", "[[fault]]\nop = \"raw\"\nreject = 503\n")?;
    /// assert_eq!(faults[0].definition(), Some("{ op = \"raw\", reject = 503 }"));
    /// let error = Fault::list_from_toml("faults.toml", "[[fault]]\noop = \"raw\"\n").unwrap_err();
    /// assert_eq!(error.to_string(), "faults.toml:2: unknown key `oop` in [[fault]]; did you mean `op`?");
    /// # Ok::<(), mock_origin::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the text or a fault is invalid, or there is none ([`Error::is_invalid_fault`]). The message
    /// is one line with the name of the file, the number of the line, and the invalid key.
    pub fn list_from_toml(file: &str, text: &str) -> Result<Vec<Self>, Error> {
        parse(text).map_err(|(line, message)| {
            Error::invalid_fault(match line {
                Some(line) => format!("{file}:{line}: {message}"),
                None => format!("{file}: {message}"),
            })
        })
    }
}

/// Parses the faults of a text. An error has its line.
fn parse(text: &str) -> Result<Vec<Fault>, (Option<usize>, String)> {
    let line = |at: usize| text[..at].matches('\n').count() + 1;
    let toml = toml::Deserializer::parse(text).map_err(|error| {
        let message = error.message().split_whitespace().collect::<Vec<_>>().join(" ");
        (error.span().map(|span| line(span.start)), format!("invalid TOML: {message}"))
    })?;
    let document = DeTable::parse(text).map(Spanned::into_inner).unwrap_or_default();
    let faults = document.get("fault").and_then(|faults| faults.get_ref().as_array());
    let faults: Vec<_> = faults.into_iter().flatten().collect();
    let read = serde_path_to_error::deserialize(toml).map(|File { fault }| fault);
    let read = read.map_err(|error| {
        let (inner, path) = (error.inner(), error.path().iter().collect::<Vec<_>>());
        let (fault, path) = match path.as_slice() {
            [Segment::Map { .. }, Segment::Seq { index }, path @ ..] => (faults.get(*index), path),
            path => (None, path),
        };
        let (key, mut span) = (key(path.iter().copied()), inner.span());
        // The error of a whole fault starts with the key that it is about.
        let about = inner.message().split(": ").next().unwrap_or_default();
        if let Some(DeValue::Table(table)) = fault.map(|fault| fault.get_ref())
            && key.is_empty()
            && let Some((key, _)) = table.iter().find(|(key, _)| key.get_ref() == about)
        {
            span = Some(key.span());
        }
        let value = span.clone().and_then(|span| text.get(span)).map(str::to_owned);
        let root = if fault.is_some() { "[[fault]]" } else { "" };
        let message = inner.message().replace("expected a sequence", "expected [[fault]] tables");
        (span.map(|span| line(span.start)), explain(&message, &key, value, root))
    });
    let read = read?;
    if read.is_empty() {
        return Err((None, "empty list; expected at least one [[fault]]".to_owned()));
    }
    let definitions = faults.into_iter().map(|fault| as_written(fault, text));
    Ok(read.into_iter().zip(definitions).map(|(fault, text)| fault.defined_as(&text)).collect())
}

/// Returns a value as an inline table, in the words of the text.
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
