//! What is written of it.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use mock_origin::control::{ENDPOINTS, Parameter};

/// `UPDATE_GOLDEN=1 cargo test --features cli --test control` writes it anew.
#[test]
fn its_page_has_the_table_that_the_endpoints_say() {
    check_part("<!-- made from src/control/endpoints.rs -->\n", &table());
}

/// Whether the part of the page that begins with `begin` is `made`.
pub(crate) fn check_part(begin: &str, made: &str) {
    const END: &str = "<!-- until here -->\n";
    // Another test may be writing its own part.
    static PAGE: Mutex<()> = Mutex::new(());
    let _alone = PAGE.lock().unwrap_or_else(PoisonError::into_inner);
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/control.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(begin).unwrap();
    let (found, after) = rest.split_once(END).unwrap();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, format!("{before}{begin}{made}{END}{after}")).unwrap();
    } else {
        assert_eq!(found, made, "docs/control.md is not what its sources say");
    }
}

fn table() -> String {
    let mut table = "| | Takes | Answers | Means |\n|---|---|---|---|\n".to_owned();
    let cell = |text: &str| format!("`{}`", text.replace('|', "\\|"));
    for endpoint in ENDPOINTS {
        let query = endpoint.query.iter().map(parameter);
        let takes: Vec<_> = query.chain(endpoint.takes.map(cell)).collect();
        let request = cell(&format!("{} {}", endpoint.method, endpoint.path));
        let (takes, answers) = (takes.join(" "), cell(endpoint.answers));
        writeln!(table, "| {request} | {takes} | {answers} | {} |", endpoint.what).unwrap();
    }
    table
}

/// A parameter of the query; what may be left out is in brackets.
fn parameter(parameter: &Parameter) -> String {
    let name = parameter.name;
    if parameter.is_required { format!("`?{name}=`") } else { format!("[`?{name}=`]") }
}
