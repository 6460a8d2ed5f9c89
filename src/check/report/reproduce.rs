//! Ways to see a run again: as a command, as a served origin and as Rust code. Start with [`reproduction`].

use serde::Serialize;

use crate::check::{Event, Reproduction, Scenario};
use crate::fault::{Fault, snippet};
use crate::mock::Builder;
use crate::wording::shell_word;

/// Returns how to see a run again. `builder` is that of its origin, and `faults` are the faults or injections of
/// chaos that it had.
pub(in crate::check) fn reproduction(
    scenario: &Scenario,
    seed: u64,
    builder: &Builder,
    faults: &[Fault],
) -> Reproduction {
    let id = scenario.id;
    let seeds = match scenario.event {
        Event::Chaos => format!("--seeds {seed}..{seed}"),
        _ => format!("--seed {seed}"),
    };
    let seed_step = format!(".seed({seed})");
    let steps = [builder.steps(), vec![seed_step, ".start()".to_owned()]].concat();
    let start = format!("let origin = MockOrigin::builder()\n        {}", steps.join("\n        "));
    let code = std::iter::once(start).chain(faults.iter().map(ToString::to_string));
    Reproduction {
        check: format!("mock-origin check --only {id} {seeds}"),
        serve: serve(id, seed, builder, !faults.is_empty()),
        faults: faults_file(faults),
        rust: snippet(code),
    }
}

/// Returns the command that serves the same origin. Files that are stored at the start are made first.
fn serve(id: &str, seed: u64, builder: &Builder, has_faults: bool) -> String {
    let mut words = vec!["mock-origin serve".to_owned()];
    for (number, (path, content)) in (1..).zip(builder.stored_files()) {
        let local = format!("file-{number}");
        let text = content.escape_ascii().to_string().replace("\\\"", "\"").replace("\\'", "'");
        words.insert(
            number - 1,
            format!("printf {} > {local};", shell_word(&text.replace('%', "%%"))),
        );
        words.push(format!("--file {}", shell_word(&format!("{path}={local}"))));
    }
    words.extend(builder.serve_options().iter().map(|word| shell_word(word)));
    words.push(format!("--seed {seed}"));
    if has_faults {
        words.push(format!("--faults {}.toml", id.replace('/', "-")));
    }
    words.join(" ")
}

/// Returns faults as a file for `--faults`.
fn faults_file(faults: &[Fault]) -> String {
    #[derive(Serialize)]
    struct File<'a> {
        fault: &'a [Fault],
    }

    if faults.is_empty() {
        return String::new();
    }
    // TOML has no integers above `i64::MAX`, which a fault may have.
    toml::to_string(&File { fault: faults }).unwrap_or_else(|error| format!("# {error}\n"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::check::{Flavour, Plan, scenario_by_id, scenarios};
    use crate::mock::MockOrigin;

    /// Returns the reproduction of a scenario, and its faults.
    fn reproduced(scenario: &Scenario, flavour: Flavour) -> (Reproduction, Vec<Fault>) {
        let plan = Plan::new(flavour, 65_536, scenario.content.size(65_536), 7);
        let builder = scenario.prepare_origin(MockOrigin::builder(), &plan).verify_on_drop(false);
        let origin = builder.clone().start();
        (scenario.faults)(&origin, &plan);
        let faults: Vec<_> = origin.faults().iter().map(|it| (*it.fault).clone()).collect();
        (reproduction(scenario, 7, &builder, &faults), faults)
    }

    #[test]
    fn files_of_faults_are_read_back_to_equal_faults() {
        let mut count = 0;
        for scenario in scenarios() {
            for flavour in Flavour::ALL.into_iter().filter(|it| scenario.applies_to(*it)) {
                let (again, faults) = reproduced(scenario, flavour);
                if !faults.is_empty() {
                    let read = Fault::list_from_toml("faults.toml", &again.faults);
                    assert_eq!(read.unwrap(), faults, "{}: {}", scenario.id, again.faults);
                    count += faults.len();
                }
            }
        }
        assert!(count > 40, "{count}");
    }

    #[test]
    fn every_fault_of_the_corpus_can_be_written_as_toml() {
        for name in ["objects", "lists"] {
            let path = format!("{}/fixtures/faults/{name}.txt", env!("CARGO_MANIFEST_DIR"));
            for line in std::fs::read_to_string(path).unwrap().lines() {
                let Ok(fault) = Fault::from_json(line) else { continue };
                let text = faults_file(std::slice::from_ref(&fault));
                let read = Fault::list_from_toml("faults.toml", &text).unwrap();
                assert_eq!(read, [fault], "{text}");
            }
        }
    }

    #[test]
    fn a_scenario_is_reproduced_in_three_ways() {
        let (again, _) = reproduced(scenario_by_id("lost/complete").unwrap(), Flavour::Multipart);
        assert_eq!(again.check, "mock-origin check --only lost/complete --seed 7");
        assert_eq!(
            again.serve,
            "mock-origin serve --dir /videos --seed 7 --faults lost-complete.toml"
        );
        let code = "    use mock_origin::{MockOrigin, Op, ResponseLoss};\n\n    let origin = MockOrigin::builder()\n        \
                    .directory(\"/videos\")\n        .seed(7)\n        .start();\n    origin.on(Op::complete())";
        assert!(again.rust.starts_with(code), "{}", again.rust);
    }

    #[test]
    fn options_and_files_are_options_of_serve() {
        let scenario = scenario_by_id("control/plain").unwrap();
        let builder = MockOrigin::builder()
            .directory("/a b")
            .file("/a b/old", "50% of \"it\"\n")
            .set("join", "polls:3")
            .hold_limit(std::time::Duration::from_millis(1_500));
        let again = reproduction(scenario, 1, &builder, &[]);
        assert_eq!(
            again.serve,
            "printf '50%% of \"it\"\\n' > file-1; mock-origin serve --file '/a b/old=file-1' --dir '/a b' \
             --set join=polls:3 --hold-limit 1.5 --seed 1"
        );
        assert!(again.faults.is_empty());
    }
}
