//! The rules of the house, held by reading the sources (ARCHITECTURE.md, "Rooms").

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

/// A room, the rooms it may look into, and the crates from outside that it may name.
struct Room {
    name: &'static str,
    below: &'static [&'static str],
    crates: &'static [&'static str],
}

const ROOMS: &[Room] = &[
    Room { name: "wording", below: &[], crates: &[] },
    Room { name: "protocol", below: &["wording"], crates: &[] },
    Room { name: "blob", below: &["wording", "protocol"], crates: &["bytes", "ring", "tempfile"] },
    Room {
        name: "storage",
        below: &["wording", "protocol", "blob"],
        crates: &["percent_encoding", "uuid"],
    },
    Room {
        name: "journal",
        below: &["wording", "protocol", "blob", "storage"],
        crates: &["memchr", "serde"],
    },
    Room {
        name: "api",
        below: &["wording", "protocol", "blob", "storage", "journal"],
        crates: &["base64", "httpdate", "infer", "percent_encoding", "ring", "serde_json"],
    },
    Room {
        name: "fault",
        below: &["wording", "protocol", "blob", "storage", "journal"],
        crates: &["serde_json"],
    },
    Room {
        name: "report",
        below: &["wording", "protocol", "blob", "storage", "journal"],
        crates: &[],
    },
    Room {
        name: "assertions",
        below: &["wording", "protocol", "blob", "storage", "journal", "fault", "api", "report"],
        crates: &[],
    },
    Room {
        name: "server",
        below: &[
            "wording",
            "protocol",
            "blob",
            "storage",
            "journal",
            "fault",
            "api",
            "report",
            "assertions",
        ],
        crates: &["bytes", "hyper", "hyper_util", "parking_lot", "tokio"],
    },
    Room {
        name: "mock",
        below: &[
            "wording",
            "protocol",
            "blob",
            "storage",
            "journal",
            "fault",
            "api",
            "report",
            "assertions",
            "server",
        ],
        crates: &["bytes", "parking_lot", "tokio"],
    },
    Room {
        name: "control",
        below: &[
            "wording",
            "protocol",
            "blob",
            "storage",
            "journal",
            "fault",
            "api",
            "report",
            "assertions",
            "server",
            "mock",
        ],
        crates: &["percent_encoding", "serde_json"],
    },
    // A program of its own, which sees of the house what everybody sees.
    Room { name: "bin", below: &[], crates: &["ctrlc", "lexopt", "serde_json", "toml"] },
];

/// Every crate from outside that any room names.
const CRATES: &[&str] = &[
    "base64",
    "bytes",
    "ctrlc",
    "http",
    "httpdate",
    "hyper",
    "hyper_util",
    "infer",
    "lexopt",
    "memchr",
    "parking_lot",
    "percent_encoding",
    "ring",
    "serde",
    "serde_json",
    "tempfile",
    "tokio",
    "toml",
    "uuid",
];

const MOST_LINES: usize = 500;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file below `folder`.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = fs::read_dir(folder) else { return found };
    for path in entries.map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The lines of code before the unit tests, comments left out.
fn code(file: &Path) -> Vec<String> {
    let text = fs::read_to_string(file).unwrap();
    let before_tests = text.split("#[cfg(test)]\n").next().unwrap();
    let lines = before_tests.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.map(str::to_owned).collect()
}

/// Whether `line` names `path` as the beginning of a path, and not as the end of a longer word.
fn names(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(at, _)| {
        !line[..at].ends_with(|before: char| before.is_alphanumeric() || "_:".contains(before))
    })
}

/// Collects what `wrong` says of each line of each room.
fn complaints(wrong: impl Fn(&Room, &str) -> Option<String>) -> Vec<String> {
    let mut found = Vec::new();
    for room in ROOMS {
        for file in sources(&root().join("src").join(room.name)) {
            for line in code(&file) {
                let said = wrong(room, &line);
                found.extend(
                    said.map(|said| format!("{}: {said}: {}", file.display(), line.trim())),
                );
            }
        }
    }
    found
}

#[test]
fn every_folder_of_src_is_a_room() {
    let folders = fs::read_dir(root().join("src")).unwrap().map(|entry| entry.unwrap());
    for folder in folders.filter(|entry| entry.path().is_dir()) {
        let name = folder.file_name().into_string().unwrap();
        assert!(ROOMS.iter().any(|room| room.name == name), "{name} is no room");
        assert!(!sources(&folder.path()).is_empty(), "{name} is empty");
    }
}

#[test]
fn a_room_looks_only_into_those_below_it() {
    let found = complaints(|room, line| {
        let others = ROOMS.iter().filter(|other| other.name != room.name);
        let above = others.filter(|other| !room.below.contains(&other.name));
        let named =
            above.into_iter().find(|other| names(line, &format!("crate::{}::", other.name)));
        named.map(|other| format!("{} looks into {}", room.name, other.name))
    });
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn a_room_names_only_the_crates_that_it_is_for() {
    let found = complaints(|room, line| {
        let foreign = CRATES.iter().filter(|name| !room.crates.contains(name));
        let named = foreign.into_iter().find(|name| names(line, &format!("{name}::")));
        named.map(|name| format!("{} names {name}", room.name))
    });
    assert!(found.is_empty(), "{found:#?}");
}

/// The program around the library may do both: standard error and standard input have threads there.
#[test]
fn only_the_server_reads_a_clock_or_starts_a_thread() {
    let found = complaints(|room, line| {
        let forbidden = ["SystemTime::now", "Instant::now", "thread::spawn", "thread::sleep"];
        let said = forbidden.into_iter().find(|said| line.contains(said))?;
        let may = ["server", "mock", "bin"].contains(&room.name);
        (!may).then(|| format!("{} says {said}", room.name))
    });
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn no_file_is_too_long_to_be_about_one_question() {
    for folder in ["src", "tests", "examples", "benches"] {
        for file in sources(&root().join(folder)) {
            let lines = fs::read_to_string(&file).unwrap().lines().count();
            assert!(
                lines <= MOST_LINES,
                "{} has {lines} lines: cut it by question",
                file.display()
            );
        }
    }
}

#[test]
fn lib_rs_holds_documentation_and_re_exports_alone() {
    for line in &code(&root().join("src/lib.rs")) {
        // An indented line goes on with a list of re-exports.
        let is_fine = line.is_empty()
            || line.starts_with("    ")
            || line == "};"
            || ["pub mod", "mod ", "pub use", "#[cfg", "#![cfg", "#[doc"]
                .iter()
                .any(|begin| line.starts_with(begin));
        assert!(is_fine, "{line}");
    }
}

#[test]
fn every_dependency_is_known_to_these_rooms_and_has_its_reason() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let manifest: toml::Table = toml::from_str(&manifest).unwrap();
    let reasons = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let (_, reasons) = reasons.split_once("\n## Dependencies\n").unwrap();
    for name in manifest["dependencies"].as_table().unwrap().keys() {
        assert!(CRATES.contains(&&*name.replace('-', "_")), "tests/tidy.rs does not know {name}");
        assert!(reasons.contains(name), "ARCHITECTURE.md does not say what {name} is for");
    }
}
