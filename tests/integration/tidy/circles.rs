//! Finds import circles among files. A parent module and its own children may import each other.

use std::collections::{BTreeMap, BTreeSet};

use super::{code, root, sources};

/// The files that each file imports, by module path: `api::rpc::files`.
type Imports = BTreeMap<String, BTreeSet<String>>;

/// Returns the module path of every file of the library, with the file below `src`.
fn modules() -> BTreeMap<String, String> {
    let src = root().join("src");
    let files = sources(&src).into_iter();
    let files = files.map(|file| file.strip_prefix(&src).unwrap().to_str().unwrap().to_owned());
    let files = files.filter(|file| !file.starts_with("bin/") && file != "lib.rs");
    let module = |file: &str| {
        let stem = file.strip_suffix(".rs").unwrap();
        stem.strip_suffix("/mod").unwrap_or(stem).replace('/', "::")
    };
    files.map(|file| (module(&file), file)).collect()
}

/// Splits a `use` tree into its paths: `a::{b, c::d}` is `a::b` and `a::c::d`.
fn expand(tree: &str) -> Vec<String> {
    let Some((prefix, rest)) = tree.split_once('{') else { return vec![tree.to_owned()] };
    let (group, _) = rest.rsplit_once('}').unwrap();
    let (mut depth, mut start, mut paths) = (0, 0, Vec::new());
    for (at, char) in group.char_indices().chain([(group.len(), ',')]) {
        match char {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                let item = &group[start..at];
                paths.extend(expand(item).into_iter().map(|path| format!("{prefix}{path}")));
                start = at + 1;
            }
            _ => {}
        }
    }
    paths
}

/// Returns every path in the code that starts with `crate`, `super` or `self`.
fn paths(code: &str) -> Vec<String> {
    let joined: String = code.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut found = Vec::new();
    for start in ["crate::", "super::", "self::"] {
        for (at, _) in joined.match_indices(start) {
            let before = joined[..at].chars().next_back();
            if before.is_some_and(|char| char.is_alphanumeric() || "_:".contains(char)) {
                continue;
            }
            let rest = &joined[at..];
            let is_use = joined[..at].ends_with("use ");
            let end = if is_use { rest.find(';') } else { rest.find(is_no_path) };
            let tree = rest[..end.unwrap_or(rest.len())].replace(' ', "");
            found.extend(expand(&tree));
        }
    }
    found
}

fn is_no_path(char: char) -> bool {
    !(char.is_alphanumeric() || "_:".contains(char))
}

/// Returns the full path of an import in `module`, without the leading `crate`.
fn absolute(module: &str, path: &str) -> String {
    if let Some(rest) = path.strip_prefix("crate::") {
        return rest.to_owned();
    }
    let (mut module, mut path) = (module, path.strip_prefix("self::").unwrap_or(path));
    while let Some(rest) = path.strip_prefix("super::") {
        module = module.rsplit_once("::").map_or("", |(parent, _)| parent);
        path = rest;
    }
    if module.is_empty() { path.to_owned() } else { format!("{module}::{path}") }
}

fn is_related(one: &str, other: &str) -> bool {
    let is_parent = |parent: &str, child: &str| child.starts_with(&format!("{parent}::"));
    is_parent(one, other) || is_parent(other, one)
}

fn imports(modules: &BTreeMap<String, String>) -> Imports {
    let mut imports = Imports::new();
    for (module, file) in modules {
        let code = code(&root().join("src").join(file)).join("\n");
        let targets = paths(&code).into_iter().filter_map(|path| {
            let path = absolute(module, &path);
            // The longest prefix that is a module.
            let mut prefix = path.as_str();
            while !modules.contains_key(prefix) {
                prefix = prefix.rsplit_once("::")?.0;
            }
            let is_other = prefix != module && !is_related(prefix, module);
            is_other.then(|| prefix.to_owned())
        });
        imports.insert(module.clone(), targets.collect());
    }
    imports
}

/// Returns every module that `from` imports, directly or not.
fn reachable<'a>(imports: &'a Imports, from: &str) -> BTreeSet<&'a str> {
    let (mut seen, mut left) = (BTreeSet::new(), vec![from]);
    while let Some(module) = left.pop() {
        for next in &imports[module] {
            if seen.insert(next.as_str()) {
                left.push(next);
            }
        }
    }
    seen
}

/// Returns the files of every circle, sorted.
fn circles() -> BTreeSet<Vec<String>> {
    let modules = modules();
    let imports = imports(&modules);
    let reached: BTreeMap<&str, _> =
        imports.keys().map(|module| (module.as_str(), reachable(&imports, module))).collect();
    let circle_of = |module: &str| {
        let members = reached[module].iter().filter(|other| reached[**other].contains(module));
        members.map(|member| modules[*member].clone()).collect::<Vec<_>>()
    };
    imports.keys().map(|module| circle_of(module)).filter(|circle| !circle.is_empty()).collect()
}

#[test]
fn files_do_not_import_each_other_in_circles() {
    let found = circles();
    assert!(found.is_empty(), "these files import each other in a circle: {found:#?}");
}

#[test]
fn use_trees_are_split_into_paths() {
    assert_eq!(expand("a::{b,c::{d,e}}"), ["a::b", "a::c::d", "a::c::e"]);
    assert_eq!(absolute("api::rpc::files", "super::session::login"), "api::rpc::session::login");
}
