//! The help text of `mock-origin check`. Start with [`help`].

use std::fmt::Write as _;

use mock_origin::check::{EXIT_STATUSES, PLACEHOLDERS};

const USAGE: &str = "\
Runs an upload client through a catalogue of situations, and judges what it says against
what is true.

Usage: mock-origin check [OPTIONS] -- COMMAND [ARGS…]

For each scenario the program starts an origin, runs the command, and compares its exit
status with the stored file: 0 says that the file is stored, 89 that the client does not
support what is asked, and any other that the file is not stored. The command is run as
it stands, without a shell, in an empty folder. Its arguments may contain placeholders:
";

const OPTIONS: &str = "
{{ and }} are braces. The same values are in its environment: MOCK_ORIGIN_URL and so on.

The client:
  --profile FILE     what the client claims to do, in TOML; may contain the command
  --print-profile    run only the control scenarios, and print a profile
  --via WAY          how the client reaches the origin: url, proxy or tls  [url]
  --tls              the same as --via tls
  --timeout SECONDS  the longest time of a run  [3 times the control run, and 10 s more]
  --keep-proxies     keep the proxy variables of the environment

The scenarios; * in a pattern matches any characters:
  --list             print the selected scenarios
  --explain PATTERN  print all about scenarios
  --only PATTERN     run only these scenarios; may be repeated
  --skip PATTERN     do not run these scenarios; may be repeated
  --seed N           the seed of contents, tokens and identifiers  [1]
  --seeds A..B       the seeds of random faults, from A to B inclusive  [1..5]
  --jobs N           how many scenarios run at once  [half the cores]
  --fail-fast        stop after the first scenario that fails
  --keep             keep the folders of the client

The verdict:
  --strict           warnings and declined scenarios are failures too
  --expect FILE      the failures that are expected: SCENARIO:RULE  # SENTENCE — REASON
  --fix-expect       rewrite the file of --expect to describe this run

Reports:
  -q, --quiet        print only the summary
  -v, --verbose      print each result when its run ends
  --color WHEN       auto, always or never  [auto]
  --junit FILE       JUnit XML
  --html FILE        a page with a link to a page for each run, in the folder NAME.d
  --json FILE        JSON; docs/check.schema.json describes it
  --md FILE          Markdown
  --har DIR          a HAR file for each run
  --trace DIR        a trace for each run
  -h, --help         this text
  -V, --version      the version

With GITHUB_ACTIONS in the environment, failures become annotations. Ctrl-C kills the
clients and prints the results so far. Another one 5 s later ends the program at once.

Exit status:
";

/// Returns the usage.
pub(super) fn help() -> String {
    let mut text = USAGE.to_owned();
    for names in PLACEHOLDERS.chunks(8) {
        let names: Vec<_> = names.iter().map(|name| format!("{{{name}}}")).collect();
        let _ = writeln!(text, "  {}", names.join(" "));
    }
    text += OPTIONS;
    for (status, meaning) in EXIT_STATUSES {
        let _ = writeln!(text, "  {:<4} {meaning}", status.code());
    }
    text
}
