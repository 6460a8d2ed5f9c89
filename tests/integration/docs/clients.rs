//! Every test that `docs/clients.md` names is a test in `tests/clients`.

use std::path::PathBuf;

#[test]
fn the_page_of_clients_names_existing_tests() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("docs/clients.md")).unwrap();
    let rows = page.lines().filter(|line| line.starts_with('|'));
    let cells = rows.filter_map(|row| row.trim_end_matches(" |").rsplit_once(" | "));
    let (mut cited, mut dangling) = (0, Vec::new());
    for entry in cells.flat_map(|(_, tests)| tests.split("; ")) {
        // `curl/login`: one_test, another_test
        let Some((file, names)) = entry.strip_prefix('`').and_then(|rest| rest.split_once("`: "))
        else {
            continue;
        };
        let source = [".sh", ".py", ".mjs", ""]
            .iter()
            .find_map(|ending| {
                let path = root.join("tests/clients").join(format!("{file}{ending}"));
                std::fs::read_to_string(path).ok()
            })
            .unwrap_or_else(|| panic!("tests/clients has no file {file}"));
        // Names of Node tests may contain a comma.
        for name in names.split(", ").map(|name| name.trim_matches('`')) {
            cited += 1;
            if !name.starts_with("in every ") && !source.contains(name) {
                dangling.push(format!("{file}: {name}"));
            }
        }
    }
    assert!(dangling.is_empty(), "docs/clients.md names tests that do not exist: {dangling:#?}");
    assert!(cited > 50, "only {cited} names found");
}
