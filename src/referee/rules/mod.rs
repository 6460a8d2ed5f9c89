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

    use super::super::evidence::UploadFacts;
    use super::super::example::Example;
    use super::super::rule::Level;
    use super::*;
    use crate::storage::Timestamp;

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

    /// What a client does after a violation.
    type Continuation = fn(Example) -> Example;

    /// Examples that violate each rule that needs the end, and what satisfies the rule later.
    fn undone_violations() -> Vec<(&'static str, Example, Continuation)> {
        let create = || Example::default().create();
        let lost = || create().piece(1, b"a").complete().lost();
        let facts = UploadFacts::default;
        let open = UploadFacts { is_open: true, bytes: 1, ..facts() };
        let settled = UploadFacts { settled: Some(Timestamp::from_secs(1_000)), ..facts() };
        let rejected = create().piece(1, b"a").rejected(503, -26).rpc("getMultipartStatus");
        let abort: Continuation = |it| it.rpc("abortMultipart").leaving(UploadFacts::default());
        let restart: Continuation = |it| it.rpc("restartMultipart").leaving(UploadFacts::default());
        let login = |it: Example, token| {
            it.reconnect().login().create().with("X-Agile-Authorization", token)
        };
        let logins = ["1", "2", "3", "4", "5"].into_iter().fold(Example::default(), login);
        let connect = |it: Example, _| it.reconnect().login();
        let connections = (1..20).fold(Example::default().login(), connect);
        let empty = create().piece(1, b"a").piece(2, b"").complete();
        let tiny = (1..=100).fold(create(), |it, at| it.piece(at, b"a"));
        let again = create().piece(1, b"a").piece(2, b"b").piece(1, b"a");
        let poll = |it: Example, _| it.wait(1_000).rpc("getMultipartStatus");
        let polls = (0..6).fold(create(), poll).leaving(settled);
        vec![
            ("retry.none", rejected, |it| it.piece(1, b"a")),
            ("retry.acknowledged", again, restart),
            ("complete.again_from_start", lost().create_as("b").piece_of("b", 1, b"a"), |it| {
                it.rpc("getMultipartStatus")
            }),
            ("complete.unverified", lost(), |it| it.rpc("getMultipartStatus")),
            ("orphan.left", create().piece(1, b"a").leaving(open), abort),
            ("orphan.unknown", create().lost().leaving(open), abort),
            ("orphan.zombie", create().rpc("abortMultipart").piece(1, b"a"), restart),
            ("piece.empty_last", empty, |it| it.piece(3, b"c")),
            ("piece.tiny", tiny, |it| it.piece(101, &vec![0; 7 << 20])),
            ("token.storm", logins, |it| it.create().with("X-Agile-Authorization", "5")),
            ("token.kept", Example::default().login(), |it| it.rpc("logout")),
            ("http.churn", connections, Example::login),
            ("poll.endless", polls, restart),
        ]
    }

    #[test]
    fn rules_that_need_the_end_can_be_satisfied_later() {
        let cases = undone_violations();
        let ids: Vec<_> = cases.iter().map(|(id, ..)| *id).collect();
        let declared: Vec<_> =
            RULES.iter().filter(|rule| rule.needs_end).map(|rule| rule.id).collect();
        assert_eq!(ids, declared);
        for (id, example, go_on) in cases {
            assert!(example.clone().violated_rules().contains(id), "{id} is not violated");
            assert!(!go_on(example).violated_rules().contains(id), "{id} stays violated");
        }
    }
}
