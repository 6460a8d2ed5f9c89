//! Checks that a type's inherent `impl` blocks stand in the file that defines it, so that a reader finds
//! all methods in one place.

use super::{code, root, sources};

/// The types with blocks in other files, and the reason. Only remove entries.
const ALLOWED: &[(&str, &str)] = &[
    ("MockOrigin", "about 90 public methods, in files of src/mock by topic"),
    ("Builder", "steps about options, exploration and the referee stand beside these"),
    ("Chaos", "reading and writing as text stand in fault/config"),
    ("Fault", "reading and writing as text stand in fault/config"),
    ("Storage", "one file of operations per part of the service"),
];

/// Returns the types of the inherent `impl` blocks at the start of a line.
fn inherent_impls(lines: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let Some(rest) = line.strip_prefix("impl").filter(|rest| rest.starts_with([' ', '<']))
        else {
            continue;
        };
        let mut header = rest.to_owned();
        for next in lines[at + 1..].iter().take_while(|_| !line.contains('{')) {
            header += " ";
            header += next;
            if next.contains('{') {
                break;
            }
        }
        let header = without_generics(header.split('{').next().unwrap());
        let header = header.split(" where ").next().unwrap().trim();
        if !header.contains(" for ") {
            found.push(header.rsplit("::").next().unwrap().to_owned());
        }
    }
    found
}

/// Returns the text without what stands between `<` and `>`.
fn without_generics(text: &str) -> String {
    let mut depth = 0;
    let mut before = ' ';
    text.chars()
        .filter(|char| {
            let is_arrow = *char == '>' && before == '-';
            before = *char;
            match char {
                '<' => depth += 1,
                '>' if !is_arrow => {
                    depth -= 1;
                    return false;
                }
                _ => {}
            }
            depth == 0
        })
        .collect()
}

/// Returns whether the lines define the type.
fn defines(lines: &[String], name: &str) -> bool {
    lines.iter().any(|line| {
        let words: Vec<_> =
            line.split(|char: char| !char.is_alphanumeric() && char != '_').collect();
        words
            .windows(2)
            .any(|pair| ["struct", "enum", "union"].contains(&pair[0]) && pair[1] == name)
    })
}

#[test]
fn inherent_impls_stand_beside_their_type() {
    let mut found = Vec::new();
    for file in sources(&root().join("src")) {
        let lines = code(&file);
        for name in inherent_impls(&lines).into_iter().filter(|name| !defines(&lines, name)) {
            found.push((name, file.display().to_string()));
        }
    }
    let is_allowed = |name: &str| ALLOWED.iter().any(|(allowed, _)| *allowed == name);
    let wrong: Vec<_> = found.iter().filter(|(name, _)| !is_allowed(name)).collect();
    assert!(wrong.is_empty(), "move these blocks to the file that defines the type: {wrong:#?}");
    for (allowed, _) in ALLOWED {
        let is_left = found.iter().any(|(name, _)| name == allowed);
        assert!(is_left, "{allowed} has all its blocks in one file; remove it from ALLOWED");
    }
}

#[test]
fn inherent_impls_are_found() {
    let text = "impl A {}\nimpl<T: Into<B>> crate::c::D<T> {\nimpl E for F {\n    impl G {}\n\
                impl<F: Fn() -> u8>\n    H<F>\nwhere\n    F: Copy,\n{\nimplement";
    let lines: Vec<_> = text.lines().map(str::to_owned).collect();
    assert_eq!(inherent_impls(&lines), ["A", "D", "H"]);
    let defined = ["pub(crate) struct A<T> {".to_owned()];
    assert!(defines(&defined, "A") && !defines(&defined, "B"));
}
