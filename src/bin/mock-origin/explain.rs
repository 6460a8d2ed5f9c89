//! `mock-origin explain`: prints a rule of the referee, or the list of all rules.

use std::fmt::Write as _;

use lexopt::{Arg, Parser};
use mock_origin::referee::{RULES, rule_by_id};

/// Returns the text about the rule on the command line; without one, a line about every rule.
pub(crate) fn explain(mut parser: Parser) -> Result<String, String> {
    let mut rule = None;
    while let Some(arg) = parser.next().map_err(|error| error.to_string())? {
        match arg {
            Arg::Value(id) if rule.is_none() => rule = Some(id.to_string_lossy().into_owned()),
            other => return Err(format!("{}; expected one rule", other.unexpected())),
        }
    }
    match rule {
        Some(id) => Ok(rule_by_id(&id).map_err(|error| error.to_string())?.explain()),
        None => Ok(list()),
    }
}

fn list() -> String {
    let mut text = "Rules of the referee; mock-origin explain RULE prints one:\n".to_owned();
    for rule in RULES {
        let (id, level) = (rule.id, rule.level.name());
        let _ = writeln!(text, "  {id:<26} {level:<7} {}", rule.sentence);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn explained(args: &[&str]) -> Result<String, String> {
        explain(Parser::from_args(args))
    }

    #[test]
    fn a_rule_is_explained_with_its_source() {
        let text = explained(&["complete.gap"]);
        assert!(text.is_ok_and(|text| {
            text.starts_with("complete.gap (must)\n\n")
                && text.ends_with(
                    "source: docs/protocol.md §4.3 (documented: the documentation of the service states it)\n",
                )
        }));
    }

    #[test]
    fn every_rule_is_listed() {
        let text = explained(&[]);
        assert!(text.is_ok_and(|text| RULES.iter().all(|rule| text.contains(rule.id))));
    }

    #[test]
    fn unknown_rules_and_more_than_one_are_rejected() {
        let error = "unknown rule `complete.gab`; did you mean `complete.gap`?";
        assert_eq!(explained(&["complete.gab"]), Err(error.to_owned()));
        let error = "unexpected argument \"complete.gap\"; expected one rule";
        assert_eq!(explained(&["complete.gap", "complete.gap"]), Err(error.to_owned()));
    }
}
