//! Reads the cases of `fixtures/cases`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::fields::Fields;
use crate::given::Given;
use crate::script::{self, Step};

/// One case, ready to run.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// The file and the name of the case: the name of the test.
    pub(crate) name: String,
    /// The name and the row of `each`, for failures.
    pub(crate) title: String,
    pub(crate) given: Given,
    pub(crate) steps: Vec<Step>,
}

/// Returns every case, in the order of files and within them.
pub(crate) fn all() -> Vec<Case> {
    in_files(|_| true)
}

/// Returns the cases of the selected files. The predicate receives the file name without extension.
pub(crate) fn in_files(is_selected: impl Fn(&str) -> bool) -> Vec<Case> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/cases");
    let entries = fs::read_dir(directory).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| is_selected(&path.file_stem().unwrap().to_string_lossy()));
    paths.sort();
    paths.iter().flat_map(|path| read(path)).collect()
}

fn read(path: &Path) -> Vec<Case> {
    let topic = path.file_stem().unwrap().to_string_lossy();
    let mut file = Fields::parse(&topic, &fs::read_to_string(path).unwrap());
    let mut names = BTreeSet::new();
    let mut cases = Vec::new();
    for case in file.tables("case") {
        let rows = expand_rows(&topic, case);
        let name = &rows[0].name;
        assert!(names.insert(name.clone()), "two cases have the name {name}");
        cases.extend(rows);
    }
    file.finish();
    cases
}

/// Returns a case without `each` once, otherwise once per row below the header row.
fn expand_rows(topic: &str, mut fields: Fields) -> Vec<Case> {
    let title = format!("{topic}: {}", fields.text("name").expect("every case has a name"));
    let sections = fields.texts("section");
    let is_cited = !sections.is_empty() && sections.iter().all(|section| section.starts_with('§'));
    assert!(is_cited, "{title}: missing or invalid key `section`");
    let template = CaseTemplate {
        given: Given::read(fields.table("given")),
        script: fields.text("script").expect("every case has a script"),
        title,
    };
    let each = fields.rows("each");
    fields.finish();
    match each.split_first() {
        None => vec![template.with_row(&[], &[])],
        Some((names, rows)) => rows.iter().map(|row| template.with_row(names, row)).collect(),
    }
}

/// A case whose script still contains the column names of `each`.
struct CaseTemplate {
    title: String,
    given: Given,
    script: String,
}

impl CaseTemplate {
    fn with_row(&self, names: &[String], values: &[String]) -> Case {
        let row = if names.is_empty() { "" } else { &format!(" [{}]", values.join(" | ")) };
        let title = format!("{}{row}", self.title);
        assert_eq!(names.len(), values.len(), "{title}: a row and the header row differ in length");
        let mut script = self.script.clone();
        for (name, value) in names.iter().zip(values) {
            let placeholder = format!("{{{name}}}");
            let is_used = self.script.contains(&placeholder);
            assert!(is_used, "{title}: the script does not use {placeholder}");
            script = script.replace(&placeholder, value);
        }
        let steps = script::parse(&script).unwrap_or_else(|why| panic!("{title}: {why}"));
        Case { name: self.title.clone(), title, given: self.given.clone(), steps }
    }
}
