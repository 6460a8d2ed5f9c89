//! Reading tables of TOML field by field, so that a misspelt one does not go unseen.

use toml::{Table, Value};

/// The fields of a table that have not been read yet.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    /// Where the table stands, for failures.
    place: String,
    left: Table,
}

impl Fields {
    /// The fields of a whole file.
    pub(crate) fn parse(place: &str, text: &str) -> Self {
        let left = text.parse().unwrap_or_else(|error| panic!("{place}: {error}"));
        Self { place: place.to_owned(), left }
    }

    /// The fields of a table in a table, or none.
    pub(crate) fn table(&mut self, name: &str) -> Self {
        let table = self.left.remove(name).unwrap_or_else(|| Table::new().into());
        self.inner(table)
    }

    /// The tables in a list of them, or none.
    pub(crate) fn tables(&mut self, name: &str) -> Vec<Self> {
        self.list(name).into_iter().map(|table| self.inner(table)).collect()
    }

    /// A text, or none.
    pub(crate) fn text(&mut self, name: &str) -> Option<String> {
        self.left.remove(name).map(text)
    }

    /// The texts in a list of them, or none.
    pub(crate) fn texts(&mut self, name: &str) -> Vec<String> {
        self.list(name).into_iter().map(text).collect()
    }

    /// The rows of a table that is written as a list; a row of one column needs no brackets.
    pub(crate) fn results(&mut self, name: &str) -> Vec<Vec<String>> {
        let row = |value| match value {
            Value::Array(cells) => cells.into_iter().map(text).collect(),
            cell => vec![text(cell)],
        };
        self.list(name).into_iter().map(row).collect()
    }

    /// A number, or none.
    pub(crate) fn number<T: TryFrom<i64>>(&mut self, name: &str) -> Option<T> {
        let number = self.left.remove(name)?.as_integer().and_then(|number| number.try_into().ok());
        Some(number.unwrap_or_else(|| panic!("{}: {name} is no such number", self.place)))
    }

    /// The names of the fields that are left.
    pub(crate) fn names(&self) -> Vec<String> {
        self.left.keys().cloned().collect()
    }

    /// Fails if something was not read.
    pub(crate) fn end(self) {
        assert!(self.left.is_empty(), "{}: not known here: {:?}", self.place, self.names());
    }

    fn list(&mut self, name: &str) -> Vec<Value> {
        match self.left.remove(name) {
            None => Vec::new(),
            Some(Value::Array(values)) => values,
            Some(other) => panic!("{}: {name} is a list, not {other:?}", self.place),
        }
    }

    fn inner(&self, value: Value) -> Self {
        match value {
            Value::Table(left) => Self { place: self.place.clone(), left },
            other => panic!("{}: a table is wanted, not {other:?}", self.place),
        }
    }
}

fn text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => panic!("a text is wanted, not {other:?}"),
    }
}
