//! `docs/faults-in-files.md` lists every key and every name of the schema, and its examples work.

use std::collections::BTreeSet;
use std::fs;

use mock_origin::Fault;
use serde_json::Value;

fn file(name: &str) -> String {
    fs::read_to_string(format!("{}/docs/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn block<'a>(page: &'a str, language: &str) -> &'a str {
    let (_, rest) = page.split_once(&format!("```{language}\n")).unwrap();
    rest.split("```").next().unwrap()
}

#[test]
fn the_toml_and_json_examples_define_the_same_faults() {
    let page = file("faults-in-files.md");
    let toml = Fault::list_from_toml("faults.toml", block(&page, "toml")).unwrap();
    assert_eq!(Fault::list_from_json(block(&page, "json")).unwrap(), toml);
    assert!(toml.len() > 4);
}

/// Returns every name that a value may have, through references.
fn names(value: &Value, definitions: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                match (key.as_str(), value) {
                    ("$ref", Value::String(path)) => {
                        let name = path.rsplit('/').next().unwrap();
                        names(&definitions[name], definitions, found);
                    }
                    ("const", Value::String(name)) => drop(found.insert(name.clone())),
                    ("enum", Value::Array(list)) => {
                        found.extend(list.iter().map(|name| name.as_str().unwrap().to_owned()));
                    }
                    ("description", _) => {}
                    _ => names(value, definitions, found),
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|value| names(value, definitions, found)),
        _ => {}
    }
}

#[test]
fn the_page_lists_every_key_and_name_of_the_schema() {
    let (page, schema) = (file("faults-in-files.md"), file("faults.schema.json"));
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let definitions = &schema["$defs"];
    let keys = definitions["FaultSpec"]["properties"].as_object().unwrap();
    let rows: Vec<_> = page.lines().filter_map(|line| line.strip_prefix("| `")).collect();
    let row = |key: &str| rows.iter().find_map(|row| row.strip_prefix(&format!("{key}` | ")));
    for (key, value) in keys {
        let row = row(key).unwrap_or_else(|| panic!("the page has no row for {key}"));
        let mut found = BTreeSet::new();
        names(value, definitions, &mut found);
        for name in found {
            // `reject_after` and `commit_later` refer to the rows of other keys.
            let is_listed = row.contains(&format!("\"{name}\"")) || row.contains(" = as for ");
            assert!(is_listed, "the row of {key} does not list {name}");
        }
    }
    assert_eq!(rows.len(), keys.len(), "the page has rows for unknown keys");
}
