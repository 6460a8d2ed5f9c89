//! Generates `docs/faults.md` from the recipes.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

const CHAPTERS: [&str; 7] =
    ["connections", "rejections", "responses", "sessions", "others", "timing", "chance"];

const OPENING: &str = "\
# Faults

This page has a recipe for each failure that a client should survive. Every recipe is a test of this crate; the
page is generated from `tests/integration/recipes`.

```rust
origin.on(Op::piece(2)).path(\"/videos/*.mp4\").attempt(1).reject(503);
```

A fault has three parts:

1. the requests it applies to: `origin.on(Op::piece(2))`, narrowed by `.path(\"/videos/*.mp4\")`, `.user(\"jane\")`
   or `.upload(id)`;
2. which of them: `.attempt(1)`, `.attempts(1..=2)`, `.nth(3)`, `.first()`, `.times(2)` or `.always()`. The default
   is `.first()`;
3. what happens. This call adds the fault.

Rules:

* **Attempts** are counted per operation, user, path and part number from the start of the origin, so pieces that are
  sent in parallel do not affect each other. Requests with an invalid token are counted apart, because their user is
  unknown. Forms without `.path` are counted together, because their path is in the body.
* **`.nth(n)`** selects the n-th matching request after the fault was added. If the fault cannot apply to that request,
  it is never injected. `.first()` and `.times(k)` skip requests to which the fault cannot apply, and use the next
  one. A fault cannot apply if the origin rejects a request that must succeed first (`commit_then`), or if the request
  or its response lacks what the fault changes.
* **Order**: if several faults match a request, the one that was added first is injected. The choice is made when the
  head has been read. For JSON-RPC, and for forms with `.path`, it is made after the body. A fault that is added
  later applies to the next request.
* **Verification**: `finish()` fails if a fault was never injected, and names the requests that came close. One
  injection is enough, also for `.times(3)` and `.attempts(1..=2)`; `FaultHandle::fired` returns the count.
  `FaultHandle::remove` removes a fault. An origin that is dropped without `finish()` fails in the same way.
* **Journal**: each exchange records the fault in `faults` and its effect in `received`, `written`, `committed` and
  `outcome`. The numbers count the bytes that the origin read and wrote. Bytes may still be in kernel buffers, so the
  journal cannot say how much the client sent or saw.
* **JSON-RPC**: the method is in the body, so the body is read first. `Op::method(\"stat\")` can be rejected, lost,
  held and so on, but not cut during the body. In a batch, `ErrorResponse::code(-8)` rejects one call; a status
  rejects the whole request.
* **Clients that disconnect** while a fault delays them are noticed. The exchange ends with `Outcome::ClientGone`, and
  the fault counts as injected. Closing only the sending side counts as disconnecting, as in nginx; without such a
  fault the client still gets its response.
* **Time limit**: `Builder::hold_limit` (30 s) ends faults that hold, stall, stay silent or half-close. It does not
  limit `delay`, `delay_continue`, `read_slowly` and `respond_slowly`, which end by themselves.

The recipes use these functions:

* `videos()` is `MockOrigin::builder().directory(\"/videos\").start()`.
* `upload(&origin)` is the client under test. It uploads `/videos/movie.mp4` in four pieces of 1,000 bytes and sends
  each request up to three times.
* `upload_expecting(&origin)` is the same client; it waits 50 ms for `100 Continue` before it sends a piece.
* `list(&origin)` returns the JSON-RPC response of `listFile` for `/videos` as text.
* `restart_and_complete(&origin, id)` calls `restartMultipart` and completes the upload again.

[faults-in-files.md](faults-in-files.md) describes the same faults in TOML and JSON.
";

#[test]
fn the_page_of_faults_equals_the_recipes() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let source = |name| {
        fs::read_to_string(root.join("tests/integration/recipes").join(name).with_extension("rs"))
            .unwrap()
    };
    let sources = CHAPTERS.map(source);
    let chapters: String = sources.iter().map(|source| chapter(source)).collect();
    let made = OPENING.to_owned() + &imports(&sources) + &contents(&chapters) + &chapters;
    let path = root.join("docs/faults.md");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, &made).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(made == written, "docs/faults.md differs from tests/integration/recipes");
}

/// Returns the imports of all recipes.
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
    let options = |source: &String| -> Vec<String> {
        let lines = source.lines().filter(|line| line.starts_with("use mock_origin::options::"));
        lines.map(|line| format!("{line}\n")).collect()
    };
    let options: BTreeSet<String> = sources.iter().flat_map(options).collect();
    let options: String = options.into_iter().collect();
    format!(
        "\n```rust\nuse std::time::Duration;\n\n{options}use mock_origin::{{{lines}\n}};\n```\n"
    )
}

/// Returns the headings of the chapters as links.
fn contents(chapters: &str) -> String {
    let headings = chapters.lines().filter_map(|line| line.strip_prefix("## "));
    let link = |heading: &str| {
        let anchor = heading.to_lowercase().replace(',', "").replace(' ', "-");
        format!("* [{heading}](#{anchor})\n")
    };
    format!("\n{}", headings.map(link).collect::<String>())
}

/// Returns a chapter: its heading and its recipes.
fn chapter(source: &str) -> String {
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

/// Returns a heading and the text below it.
fn prose<'a>(level: &str, mut lines: impl Iterator<Item = &'a str>) -> String {
    let heading = lines.next().unwrap().trim();
    let rest: Vec<_> = lines.map(|line| line.strip_prefix(' ').unwrap_or(line)).collect();
    let rest = rest.join("\n");
    match rest.trim_matches('\n') {
        "" => format!("\n{level} {heading}\n"),
        rest => format!("\n{level} {heading}\n\n{rest}\n"),
    }
}

/// Returns the body of the function at the start of `source`.
fn body(source: &str) -> String {
    let inside = source.split("\n}").next().unwrap();
    let lines = inside.lines().skip(1).map(|line| line.strip_prefix("    ").unwrap_or(line));
    lines.collect::<Vec<_>>().join("\n")
}
