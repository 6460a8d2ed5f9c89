//! The generated blocks of `docs/check.md`, from the catalogue and the tables in `src/check`, and the keys of
//! its profile.

use std::fmt::Write as _;

use mock_origin::check::{EXIT_STATUSES, Flavour, Profile, RULES, Scenario, scenarios};
use mock_origin::referee::Basis;

use crate::support::page::{assert_block, block_names};

const PAGE: &str = "docs/check.md";

#[test]
fn blocks_of_the_check_page_match_the_tables() {
    assert_eq!(block_names(PAGE), ["rules", "statuses", "scenarios"]);
    let rules = RULES
        .iter()
        .map(|it| format!("| `{}` | {} | {} | {} |\n", it.id, it.level, it.sentence, it.advice));
    let rules: Vec<_> = rules.collect();
    let head = "| Rule | Level | Demand | Advice |\n|---|---|---|---|\n";
    assert_block(PAGE, "rules", &format!("{head}{}", rules.concat()));
    let statuses =
        EXIT_STATUSES.iter().map(|(status, what)| format!("| {} | {what} |\n", status.code()));
    let statuses: Vec<_> = statuses.collect();
    let head = "| Status | Means |\n|---|---|\n";
    assert_block(PAGE, "statuses", &format!("{head}{}", statuses.concat()));
    assert_block(PAGE, "scenarios", &catalogue());
    assert_profile_is_described();
}

/// A list of all scenarios, then a section for each.
fn catalogue() -> String {
    let mut page = String::from("| Scenario | Situation | Rule | Level |\n|---|---|---|---|\n");
    for it in scenarios() {
        let (id, level) = (it.id, it.level);
        let anchor = id.replace('/', "");
        writeln!(page, "| [`{id}`](#{anchor}) | {} | `{}` | {level} |", it.situation, it.rule)
            .unwrap();
    }
    scenarios().for_each(|scenario| page += &section(scenario));
    page
}

fn section(scenario: &Scenario) -> String {
    let Scenario { id, situation, right, rule, level, section, basis, .. } = *scenario;
    let (first, rest) = right.split_at(1);
    let source = match basis {
        Basis::Rfc => section.to_owned(),
        basis => format!("{section}, {}", basis.name()),
    };
    let needs = scenario.feature.map(|it| format!("needs `{}` \u{b7} ", it.name()));
    let flavours: Vec<_> = scenario.flavours().into_iter().map(Flavour::name).collect();
    format!(
        "\n### `{id}`\n\n{situation} A right client {}{rest}\n\n```rust\n{}```\n\n`{rule}` \u{b7} {level} \
         \u{b7} {}{} \u{b7} file `{}`, {} \u{b7} {source}\n",
        first.to_lowercase(),
        scenario.setup_code(),
        needs.unwrap_or_default(),
        flavours.join(", "),
        scenario.path(),
        scenario.content,
    )
}

/// Returns the names that a profile's error lists as known.
fn listed(profile: &str) -> Vec<String> {
    let error = Profile::from_toml("profile.toml", profile).unwrap_err().to_string();
    let (_, names) = error.split_once("known: ").unwrap();
    names.split(", ").map(str::to_owned).collect()
}

/// Asserts that the page has every key and every feature of a profile, and that its example is valid.
fn assert_profile_is_described() {
    let page = std::fs::read_to_string(PAGE).unwrap();
    let example = page.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    Profile::from_toml("the example", example).unwrap();
    let keys = listed("kez = 1");
    assert_eq!(keys.len(), 11, "{keys:?}");
    for name in keys.iter().chain(&listed("features = [\"kez\"]")) {
        assert!(page.contains(&format!("\n| `{name}` | ")), "{name}");
        assert!(!keys.contains(name) || example.contains(&**name), "{name}");
    }
}
