//! Cases as `fixtures/cases` has them.

use std::fs;
use std::path::Path;

use crate::fields::Fields;
use crate::given::Given;
use crate::script::{self, Step};

/// One promise, ready to be played.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// The file and the promise: the name of the test.
    pub(crate) name: String,
    /// The name, and the row of `each` that the case is played with.
    pub(crate) title: String,
    pub(crate) given: Given,
    pub(crate) steps: Vec<Step>,
}

/// Returns every case, in the order of files and of their places in them.
pub(crate) fn all() -> Vec<Case> {
    of_files(|_| true)
}

/// Returns the cases of the files whose topic, the name without extension, is selected.
pub(crate) fn of_files(is_selected: impl Fn(&str) -> bool) -> Vec<Case> {
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
    let cases = file.tables("case").into_iter().flat_map(|case| played(&topic, case)).collect();
    file.end();
    cases
}

/// A case as often as it is played: once, or once per row below the names of `each`.
fn played(topic: &str, mut fields: Fields) -> Vec<Case> {
    let title = format!("{topic}: {}", fields.text("name").expect("a case has a name"));
    let sections = fields.texts("section");
    let is_cited = !sections.is_empty() && sections.iter().all(|section| section.starts_with('§'));
    assert!(is_cited, "{title}: missing or invalid key `section`");
    let case = Written {
        given: Given::read(fields.table("given")),
        script: fields.text("script").expect("a case has a script"),
        title,
    };
    let each = fields.results("each");
    fields.end();
    match each.split_first() {
        None => vec![case.with(&[], &[])],
        Some((names, results)) => results.iter().map(|row| case.with(names, row)).collect(),
    }
}

struct Written {
    title: String,
    given: Given,
    script: String,
}

impl Written {
    fn with(&self, names: &[String], values: &[String]) -> Case {
        let row = if names.is_empty() { "" } else { &format!(" [{}]", values.join(" | ")) };
        let title = format!("{}{row}", self.title);
        assert_eq!(names.len(), values.len(), "{title}: a row is as long as the first");
        let mut script = self.script.clone();
        for (name, value) in names.iter().zip(values) {
            let hole = format!("{{{name}}}");
            assert!(self.script.contains(&hole), "{title}: the script leaves {hole} out");
            script = script.replace(&hole, value);
        }
        let steps = script::parse(&script).unwrap_or_else(|why| panic!("{title}: {why}"));
        Case { name: self.title.clone(), title, given: self.given.clone(), steps }
    }
}
