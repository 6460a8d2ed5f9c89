//! The table of endpoints in `docs/control.md`.

use std::fmt::Write as _;

use mock_origin::control::{ENDPOINTS, Parameter};

use crate::support::page::assert_block;

/// `UPDATE_GOLDEN=1 cargo test --features cli --test control` regenerates it.
#[test]
fn the_page_has_the_table_of_endpoints() {
    assert_block("docs/control.md", "endpoints", &table());
}

fn table() -> String {
    let mut table = "| | Takes | Returns | Effect |\n|---|---|---|---|\n".to_owned();
    let cell = |text: &str| format!("`{}`", text.replace('|', "\\|"));
    for endpoint in ENDPOINTS {
        let query = endpoint.query.iter().map(parameter);
        let takes: Vec<_> = query.chain(endpoint.takes.map(cell)).collect();
        let request = cell(&format!("{} {}", endpoint.method, endpoint.path));
        let (takes, returns) = (takes.join(" "), cell(endpoint.returns));
        writeln!(table, "| {request} | {takes} | {returns} | {} |", endpoint.what).unwrap();
    }
    table
}

/// Formats a query parameter; an optional one is in brackets.
fn parameter(parameter: &Parameter) -> String {
    let name = parameter.name;
    if parameter.is_required { format!("`?{name}=`") } else { format!("[`?{name}=`]") }
}
