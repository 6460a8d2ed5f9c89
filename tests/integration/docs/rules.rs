//! The generated blocks of `docs/rules.md`, from the table in `src/referee/rules`.

use std::fmt::Write as _;

use mock_origin::referee::{Basis, Level, RULES};

use crate::support::page::{assert_block, block_names};

const PAGE: &str = "docs/rules.md";

#[test]
fn blocks_of_the_rules_page_match_the_table() {
    let blocks = ["example", "rules"];
    assert_eq!(block_names(PAGE), blocks);
    let failure = std::fs::read_to_string("fixtures/failures/referee_complete_early.txt").unwrap();
    assert_block(PAGE, "example", &format!("```text\n{failure}```\n"));
    assert_block(PAGE, "rules", &rules());
}

/// A section for each family, with a table of its rules.
fn rules() -> String {
    let mut page = String::new();
    let mut family = "";
    for rule in RULES {
        if rule.family() != family {
            family = rule.family();
            let gap = if page.is_empty() { "" } else { "\n" };
            writeln!(page, "{gap}### {family}\n").unwrap();
            writeln!(page, "| Rule | Level | Demand | Advice | Source |").unwrap();
            writeln!(page, "|---|---|---|---|---|").unwrap();
        }
        let (id, level, section) = (rule.id, rule.level, rule.section);
        let source = match rule.basis {
            Basis::Rfc => section.to_owned(),
            basis => format!("{section}, {}", basis.name()),
        };
        writeln!(page, "| `{id}` | {level} | {} | {} | {source} |", rule.sentence, rule.advice)
            .unwrap();
    }
    page
}

#[test]
fn rules_of_a_family_stand_together() {
    let families: Vec<_> = RULES.chunk_by(|one, next| one.family() == next.family()).collect();
    let mut names: Vec<_> = families.iter().map(|rules| rules[0].family()).collect();
    names.sort_unstable();
    assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
    assert!(RULES.iter().all(|rule| rule.level != Level::Off));
}
