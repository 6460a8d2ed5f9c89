//! Reads TOML tables field by field, so that an unknown key is an error.

use toml::{Table, Value};

/// The unread fields of a table. Each reading method removes the field.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    /// The file of the table, for failures.
    file: String,
    unread: Table,
}

impl Fields {
    /// Parses the fields of a whole file.
    pub(crate) fn parse(file: &str, text: &str) -> Self {
        let unread = text.parse().unwrap_or_else(|error| panic!("{file}: {error}"));
        Self { file: file.to_owned(), unread }
    }

    /// Reads a table, which is empty if the key is absent.
    pub(crate) fn table(&mut self, name: &str) -> Self {
        let table = self.unread.remove(name).unwrap_or_else(|| Table::new().into());
        self.inner(table)
    }

    /// Reads a list of tables, which is empty if the key is absent.
    pub(crate) fn tables(&mut self, name: &str) -> Vec<Self> {
        self.list(name).into_iter().map(|table| self.inner(table)).collect()
    }

    /// Reads a string.
    pub(crate) fn text(&mut self, name: &str) -> Option<String> {
        self.unread.remove(name).map(text)
    }

    /// Reads a list of strings, which is empty if the key is absent.
    pub(crate) fn texts(&mut self, name: &str) -> Vec<String> {
        self.list(name).into_iter().map(text).collect()
    }

    /// Reads a list of rows. A row of one cell needs no brackets.
    pub(crate) fn rows(&mut self, name: &str) -> Vec<Vec<String>> {
        let row = |value| match value {
            Value::Array(cells) => cells.into_iter().map(text).collect(),
            cell => vec![text(cell)],
        };
        self.list(name).into_iter().map(row).collect()
    }

    /// Reads a number.
    pub(crate) fn number<T: TryFrom<i64>>(&mut self, name: &str) -> Option<T> {
        let number =
            self.unread.remove(name)?.as_integer().and_then(|number| number.try_into().ok());
        Some(number.unwrap_or_else(|| panic!("{}: invalid number in {name}", self.file)))
    }

    /// Returns the names of the unread fields.
    pub(crate) fn names(&self) -> Vec<String> {
        self.unread.keys().cloned().collect()
    }

    /// Fails if a field has not been read.
    pub(crate) fn finish(self) {
        assert!(self.unread.is_empty(), "{}: unknown keys: {:?}", self.file, self.names());
    }

    fn list(&mut self, name: &str) -> Vec<Value> {
        match self.unread.remove(name) {
            None => Vec::new(),
            Some(Value::Array(values)) => values,
            Some(other) => panic!("{}: {name} must be a list, not {other:?}", self.file),
        }
    }

    fn inner(&self, value: Value) -> Self {
        match value {
            Value::Table(unread) => Self { file: self.file.clone(), unread },
            other => panic!("{}: expected a table, not {other:?}", self.file),
        }
    }
}

fn text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => panic!("expected a string, not {other:?}"),
    }
}
