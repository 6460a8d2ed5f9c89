//! The table of all rules. Each rule is one file, with a good and a bad example as tests.

mod ack;
mod leftovers;
mod names;
mod order;
mod pieces;
mod polling;
mod retry;
mod session;
mod transport;

use crate::error::Error;
use crate::wording::unknown;

use super::rule::Rule;

/// Every rule, grouped by family.
pub static RULES: &[&Rule] = &[
    &ack::status::RULE,
    &ack::code::RULE,
    &ack::checksum::RULE,
    &ack::size::RULE,
    &ack::header::RULE,
    &retry::none::RULE,
    &retry::permanent::RULE,
    &retry::early::RULE,
    &retry::unbounded::RULE,
    &retry::flat::RULE,
    &retry::partial::RULE,
    &retry::other_bytes::RULE,
    &retry::acknowledged::RULE,
    &order::early::RULE,
    &order::gap::RULE,
    &order::empty::RULE,
    &order::again_from_start::RULE,
    &order::unverified::RULE,
    &leftovers::left::RULE,
    &leftovers::unknown::RULE,
    &leftovers::zombie::RULE,
    &pieces::number::RULE,
    &pieces::length::RULE,
    &pieces::empty_last::RULE,
    &pieces::tiny::RULE,
    &session::dead_used::RULE,
    &session::storm::RULE,
    &session::kept::RULE,
    &session::in_target::RULE,
    &session::plain::RULE,
    &transport::no_http::RULE,
    &transport::leftover::RULE,
    &transport::invalid::RULE,
    &transport::smuggle::RULE,
    &transport::expect_ignored::RULE,
    &transport::after_rejection::RULE,
    &transport::churn::RULE,
    &polling::ignored::RULE,
    &polling::none::RULE,
    &polling::hot::RULE,
    &polling::endless::RULE,
    &polling::list_unbounded::RULE,
    &names::unquoted::RULE,
    &names::mangled::RULE,
    &names::type_unknown::RULE,
    &names::legacy::RULE,
];

/// Returns the rule of that id, such as `complete.early`.
///
/// # Errors
///
/// If there is none, with the rule that may be meant.
pub fn rule_by_id(id: &str) -> Result<&'static Rule, Error> {
    let rule = RULES.iter().find(|rule| rule.id == id).copied();
    rule.ok_or_else(|| {
        let known: Vec<_> = RULES.iter().map(|rule| rule.id).collect();
        Error::invalid_argument(unknown("rule", id, &known))
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::rule::Level;
    use super::*;

    #[test]
    fn no_level_stands_above_its_basis() {
        for rule in RULES {
            assert!(rule.level != Level::Off && rule.level >= rule.basis.heaviest(), "{rule:?}");
        }
    }

    #[test]
    fn every_rule_has_an_id_of_its_own_and_complete_texts() {
        let ids: BTreeSet<_> = RULES.iter().map(|rule| rule.id).collect();
        assert_eq!(ids.len(), RULES.len());
        for rule in RULES {
            let is_word = |word: &str| {
                word.bytes().all(|byte| b"abcdefghijklmnopqrstuvwxyz_".contains(&byte))
            };
            assert!(rule.id.split('.').all(is_word) && rule.id.matches('.').count() == 1);
            for text in [rule.sentence, rule.advice] {
                assert!(text.ends_with('.') && !text.contains("  "), "{}: {text}", rule.id);
            }
            assert!(rule.section.starts_with('§') || rule.section.starts_with("RFC "));
        }
    }
}
