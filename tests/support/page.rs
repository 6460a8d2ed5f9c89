//! Generated blocks of hand-written pages. A block starts with `<!-- generated: NAME -->` and ends with
//! `<!-- end -->`. `UPDATE_GOLDEN=1` writes the blocks; everything outside them stays.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

const END: &str = "<!-- end -->\n";

/// Asserts that block `name` of a page equals `generated`.
#[track_caller]
pub fn assert_block(page: &str, name: &str, generated: &str) {
    // Tests of one page run in parallel, and each one writes the whole page.
    static PAGES: Mutex<()> = Mutex::new(());
    let _guard = PAGES.lock().unwrap_or_else(PoisonError::into_inner);
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(page);
    let text = std::fs::read_to_string(&path).unwrap();
    let begin = format!("<!-- generated: {name} -->\n");
    let parts =
        text.split_once(&begin).and_then(|(before, rest)| Some((before, rest.split_once(END)?)));
    let Some((before, (found, after))) = parts else {
        panic!("{page} has no block `{}`", begin.trim_end());
    };
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, format!("{before}{begin}{generated}{END}{after}")).unwrap();
    } else {
        assert!(
            found == generated,
            "the block `{name}` of {page} differs from its source; UPDATE_GOLDEN=1 writes it.\n\
             Expected:\n{generated}\nFound:\n{found}"
        );
    }
}

/// Returns the names of the blocks of a page, in their order.
pub fn block_names(page: &str) -> Vec<String> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(page);
    let text = std::fs::read_to_string(path).unwrap();
    let name = |line: &str| {
        let name = line.strip_prefix("<!-- generated: ")?.strip_suffix(" -->")?;
        Some(name.to_owned())
    };
    text.lines().filter_map(name).collect()
}
