//! Checks the structure of the sources: layers, import circles, crates, clocks and file length.
//! [`LAYERS`] and [`impls::ALLOWED`] are the tables.

mod circles;
mod impls;

use std::fs;
use std::path::{Path, PathBuf};

/// A folder of `src`, or a single file. It may use the layers that stand before it in [`LAYERS`].
struct Layer {
    name: &'static str,
    /// Layers before it that it may not use all the same.
    except: &'static [&'static str],
    /// The external crates that it may use.
    crates: &'static [&'static str],
}

/// All layers, the lowest first.
const LAYERS: &[Layer] = &[
    Layer { name: "wording", except: &[], crates: &["strsim"] },
    Layer { name: "error", except: &[], crates: &[] },
    Layer { name: "protocol", except: &[], crates: &["serde"] },
    Layer { name: "blob", except: &[], crates: &["bytes", "ring", "tempfile"] },
    Layer { name: "storage", except: &[], crates: &["percent_encoding", "serde", "uuid"] },
    Layer { name: "journal", except: &[], crates: &["percent_encoding", "serde"] },
    Layer {
        name: "api",
        except: &[],
        crates: &["base64", "httpdate", "infer", "percent_encoding", "ring", "serde_json"],
    },
    Layer {
        name: "fault",
        except: &["api"],
        crates: &["serde", "serde_json", "serde_path_to_error", "toml"],
    },
    Layer { name: "referee", except: &["api"], crates: &[] },
    Layer { name: "report", except: &["api"], crates: &["serde_json"] },
    Layer { name: "assertions", except: &[], crates: &[] },
    Layer {
        name: "server",
        except: &[],
        crates: &["bytes", "hyper", "hyper_util", "parking_lot", "rcgen", "rustls", "tokio"],
    },
    Layer { name: "mock", except: &[], crates: &["bytes", "parking_lot", "tokio"] },
    Layer { name: "control", except: &[], crates: &["percent_encoding", "serde", "serde_json"] },
    Layer {
        name: "check",
        except: &["control"],
        crates: &["rustix", "serde", "serde_json", "tempfile", "toml"],
    },
    // A separate program: it sees only the public API.
    Layer { name: "bin", except: &[], crates: &["ctrlc", "lexopt", "rustix"] },
];

impl Layer {
    /// Returns whether this layer may use `other`.
    fn may_use(&self, other: &str) -> bool {
        let place = |name| LAYERS.iter().position(|layer| layer.name == name);
        self.name != "bin" && place(other) < place(self.name) && !self.except.contains(&other)
    }
}

/// Every external crate that any layer may use.
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
    "parking_lot",
    "percent_encoding",
    "rcgen",
    "ring",
    "rustix",
    "rustls",
    "serde",
    "serde_json",
    "serde_path_to_error",
    "strsim",
    "tempfile",
    "tokio",
    "toml",
    "uuid",
];

const MAX_LINES: usize = 500;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Returns every Rust file below `folder`.
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

/// Returns the lines of code before the unit tests, without comments.
fn code(file: &Path) -> Vec<String> {
    let text = fs::read_to_string(file).unwrap();
    let before_tests = text.split("#[cfg(test)]\n").next().unwrap();
    let lines = before_tests.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.map(str::to_owned).collect()
}

/// Returns whether `line` has `path` as the start of a path, not as the end of a longer word.
fn names(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(at, _)| {
        !line[..at].ends_with(|before: char| before.is_alphanumeric() || "_:".contains(before))
    })
}

/// Returns what `check` finds in each line of each layer.
fn violations(check: impl Fn(&Layer, &str) -> Option<String>) -> Vec<String> {
    let mut found = Vec::new();
    for layer in LAYERS {
        let folder = root().join("src").join(layer.name);
        let file = folder.with_extension("rs");
        for file in sources(&folder).into_iter().chain(file.exists().then_some(file)) {
            for line in code(&file) {
                let problem = check(layer, &line);
                found.extend(
                    problem
                        .map(|problem| format!("{}: {problem}: {}", file.display(), line.trim())),
                );
            }
        }
    }
    found
}

#[test]
fn every_folder_of_src_is_a_layer() {
    let folders = fs::read_dir(root().join("src")).unwrap().map(|entry| entry.unwrap());
    for folder in folders.filter(|entry| entry.path().is_dir()) {
        let name = folder.file_name().into_string().unwrap();
        assert!(LAYERS.iter().any(|layer| layer.name == name), "src/{name} is not in LAYERS");
        assert!(!sources(&folder.path()).is_empty(), "src/{name} is empty");
    }
}

#[test]
fn layers_use_only_lower_layers() {
    let found = violations(|layer, line| {
        let others = LAYERS.iter().filter(|other| other.name != layer.name);
        let forbidden = others.filter(|other| !layer.may_use(other.name));
        let used =
            forbidden.into_iter().find(|other| names(line, &format!("crate::{}::", other.name)));
        used.map(|other| format!("{} must not use {}", layer.name, other.name))
    });
    assert!(found.is_empty(), "{found:#?}");
}

/// The program shares the suggestions for misspelled names with the library.
#[test]
fn the_program_uses_the_public_api_and_wording() {
    let found = violations(|layer, line| {
        let internal = line.split_once("mock_origin::internals::")?.1;
        let is_hidden = layer.name == "bin" && !internal.starts_with("wording::");
        is_hidden.then(|| "bin must not use internals".to_owned())
    });
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn layers_use_only_their_external_crates() {
    let found = violations(|layer, line| {
        let foreign = CRATES.iter().filter(|name| !layer.crates.contains(name));
        let named = foreign.into_iter().find(|name| names(line, &format!("{name}::")));
        named.map(|name| format!("{} must not use the crate {name}", layer.name))
    });
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn layers_use_all_their_external_crates() {
    for layer in LAYERS {
        let files = sources(&root().join("src").join(layer.name));
        let lines: Vec<_> = files.iter().flat_map(|file| code(file)).collect();
        for name in layer.crates {
            let is_used = lines.iter().any(|line| names(line, &format!("{name}::")));
            assert!(is_used, "{} does not use the crate {name}", layer.name);
        }
    }
}

/// The command line program may do both: it has threads for standard input and standard error. So may the
/// conformance suite, which runs processes.
#[test]
fn only_the_server_reads_a_clock_or_starts_a_thread() {
    let found = violations(|layer, line| {
        let forbidden = ["SystemTime::now", "Instant::now", "thread::spawn", "thread::sleep"];
        let call = forbidden.into_iter().find(|call| line.contains(call))?;
        let may = ["server", "mock", "check", "bin"].contains(&layer.name);
        (!may).then(|| format!("{} must not call {call}", layer.name))
    });
    assert!(found.is_empty(), "{found:#?}");
}

/// Parts of the server that receive events and must not import the sources of these events.
const PURE: &[(&[&str], &[&str])] = &[
    (
        &["deferred", "epoch", "holds", "runtime", "shared", "state", "state_guard"],
        &["server::connection", "server::listener", "server::ports", "tokio::net", "hyper"],
    ),
    (&["connection/state"], &["server::", "parking_lot", "tokio", "std::time", "std::sync"]),
    (
        &[
            "request/inject/mod",
            "request/inject/before_commit",
            "request/inject/commit",
            "request/inject/header",
            "request/inject/response",
            "request/inject/select",
            "request/inject/tokens",
        ],
        &["server::connection", "request::task", "request::handler", "hyper", "tokio"],
    ),
];

#[test]
fn server_state_and_decisions_know_no_socket() {
    for (files, forbidden) in PURE {
        for name in *files {
            let file = root().join(format!("src/server/{name}.rs"));
            let lines = code(&file);
            assert!(!lines.is_empty(), "{} is missing", file.display());
            for line in &lines {
                let found = forbidden.iter().find(|path| line.contains(**path));
                assert!(found.is_none(), "{} must not use {found:?}: {line}", file.display());
            }
        }
    }
}

#[test]
fn files_have_at_most_500_lines() {
    for folder in ["src", "tests", "examples", "benches"] {
        for file in sources(&root().join(folder)) {
            let lines = fs::read_to_string(&file).unwrap().lines().count();
            assert!(lines <= MAX_LINES, "{} has {lines} lines: split it", file.display());
        }
    }
}

#[test]
fn lib_rs_has_only_documentation_and_re_exports() {
    for line in &code(&root().join("src/lib.rs")) {
        // An indented line continues a list of re-exports.
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
fn every_dependency_has_a_layer_and_a_reason() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let manifest: toml::Table = toml::from_str(&manifest).unwrap();
    let reasons = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let (_, reasons) = reasons.split_once("\n## Dependencies\n").unwrap();
    for name in manifest["dependencies"].as_table().unwrap().keys() {
        assert!(
            CRATES.contains(&&*name.replace('-', "_")),
            "tests/integration/tidy/main.rs does not know {name}"
        );
        assert!(reasons.contains(name), "ARCHITECTURE.md does not give a reason for {name}");
    }
}
