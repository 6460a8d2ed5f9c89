//! `docs/faults.md`, made of the recipes.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

const CHAPTERS: [&str; 7] =
    ["connections", "refusals", "answers", "sessions", "others", "timing", "chance"];

const OPENING: &str = "\
# Faults

An upload client is judged by what it does when things go wrong. Here is a recipe for each situation.
Each is a test of this crate: this page is made of them, and they run.

A fault is a sentence: **on what** (`origin.on(Op::piece(2))`, and `.path(\"/videos/*.mp4\")`, `.user(\"jane\")`,
`.upload(id)`), **which of those** (`.attempt(1)`, `.attempts(1..=2)`, `.nth(3)`, `.first()`, `.times(2)`,
`.always()`), and **what happens**, the verb that adds it. Without the middle a fault acts once.

* An *attempt* counts per operation, user, path and part number, from the origin's start: pieces that are
  sent in parallel do not disturb each other. A try that is refused for its token counts apart, as nobody knows
  whose it is, and forms without `.path` count for each other, as theirs is in the body.
* `.nth(n)` counts what is selected, from when the fault was added, and is that call or none. `.first()` and
  `.times(k)` pass over calls on which the fault can do nothing: that the origin itself refuses, where the call
  must be done for it (`commit_then`), or whose body, answer or headers do not have what it is about.
* Of several faults that could act on a call, the first that was added does. It is decided at the head: a fault
  that is added later strikes the next request. For JSON-RPC, and forms with `.path`, that is behind the body.
* `finish()` fails on a fault that never acted, and says what came near it. Once is enough for it, also of
  `.times(3)` or `.attempts(1..=2)`: `Armed::fired` has the count. `Armed::remove` takes a fault away.
* What a fault did is in the journal: `received`, `written`, `committed`, `outcome`, and its name in `faults`.
  Bytes are exact as the origin read and wrote them; what a client has sent beyond, and what it has seen, lies
  in the kernel's buffers.
* JSON-RPC tells what it asks for in its body, which is read whole first: `Op::method(\"stat\")` can be refused,
  lost, held, and the rest, but not be cut in the middle of the body. In a batch a refusal by a row
  (`ErrorResponse::code(-8)`) concerns its call alone, and one by a status the whole request.
* A client that leaves while a fault makes it wait is noticed: the exchange ends with `Outcome::ClientGone`, and
  the fault counts, as it has acted. Closing only the sending direction is leaving too, as for nginx; without such
  a fault a client that has closed it is answered.
* Nothing waits for ever: `Builder::hold_limit` (30 s) ends what holds, stalls, is silent or closed by half. It is
  no limit to what ends by itself: `delay`, `delay_continue`, `read_slowly` and `answer_slowly` take the time that
  their figures say.

In all recipes `videos()` is `MockOrigin::builder().directory(\"/videos\").start()`, and `upload(&origin)` is the
client under test: it uploads `/videos/movie.mp4` in four pieces of 1,000 bytes, and tries everything three times.
`upload_expecting(&origin)` is the same client, which waits 50 ms for `100 Continue` before it sends a piece.
`list(&origin)` is what JSON-RPC `listFile` answers of `/videos`, as text; `restart_and_complete(&origin, id)` asks
for `restartMultipart` and completes the upload again. The same faults can be written in files for the binary:
[faults-in-files.md](faults-in-files.md).
";

#[test]
fn the_page_of_faults_is_made_of_the_recipes() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let source = |name| {
        fs::read_to_string(root.join("tests/recipes").join(name).with_extension("rs")).unwrap()
    };
    let sources = CHAPTERS.map(source);
    let chapters: String = sources.iter().map(|source| told(source)).collect();
    let made = OPENING.to_owned() + &imports(&sources) + &contents(&chapters) + &chapters;
    let path = root.join("docs/faults.md");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, &made).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(made == written, "docs/faults.md is not what tests/recipes says");
}

/// What the recipes import, all of them together.
fn imports(sources: &[String]) -> String {
    let names = |source: &String| -> Vec<String> {
        let (_, behind) = source.split_once("use mock_origin::{").unwrap();
        let (names, _) = behind.split_once("};").unwrap();
        names.split(',').map(|name| name.trim().to_owned()).collect()
    };
    let names: BTreeSet<String> = sources.iter().flat_map(names).collect();
    let mut lines = String::new();
    for name in names.iter().filter(|name| !name.is_empty()) {
        let width = lines.lines().last().map_or(0, str::len);
        if lines.is_empty() || width + name.len() > 95 {
            lines += "\n   ";
        }
        lines.extend([" ", name, ","]);
    }
    format!("\n```rust\nuse std::time::Duration;\n\nuse mock_origin::{{{lines}\n}};\n```\n")
}

/// The headings of the chapters, as links to them.
fn contents(chapters: &str) -> String {
    let headings = chapters.lines().filter_map(|line| line.strip_prefix("## "));
    let link = |heading: &str| {
        let anchor = heading.to_lowercase().replace(',', "").replace(' ', "-");
        format!("* [{heading}](#{anchor})\n")
    };
    format!("\n{}", headings.map(link).collect::<String>())
}

/// A chapter: its heading, and its recipes.
fn told(source: &str) -> String {
    let mut lines = source.lines();
    let heading = lines.by_ref().map_while(|line| line.strip_prefix("//!"));
    let mut page = prose("##", heading);
    let recipes = source.split("#[test]\n").collect::<Vec<_>>();
    for pair in recipes.windows(2) {
        let words: Vec<_> =
            pair[0].lines().rev().map_while(|line| line.strip_prefix("///")).collect();
        page += &prose("###", words.into_iter().rev());
        // Writing to a string cannot fail.
        let _ = write!(page, "\n```rust\n{}\n```\n", body(pair[1]));
    }
    page
}

/// A heading, and what follows it.
fn prose<'a>(level: &str, mut lines: impl Iterator<Item = &'a str>) -> String {
    let heading = lines.next().unwrap().trim();
    let rest: Vec<_> = lines.map(|line| line.strip_prefix(' ').unwrap_or(line)).collect();
    let rest = rest.join("\n");
    match rest.trim_matches('\n') {
        "" => format!("\n{level} {heading}\n"),
        rest => format!("\n{level} {heading}\n\n{rest}\n"),
    }
}

/// What stands between the braces of the function that begins `source`.
fn body(source: &str) -> String {
    let inside = source.split("\n}").next().unwrap();
    let lines = inside.lines().skip(1).map(|line| line.strip_prefix("    ").unwrap_or(line));
    lines.collect::<Vec<_>>().join("\n")
}
