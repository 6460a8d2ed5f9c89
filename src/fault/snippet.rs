//! Rust code to paste into a test: [`snippet`] adds the `use` lines to expressions.

use std::fmt::Display;

/// The names at the root of this crate that expressions use.
const NAMES: [&str; 17] = [
    "Chaos",
    "DeferredCommit",
    "Disconnect",
    "ErrorResponse",
    "HeaderMutation",
    "Interface",
    "Interference",
    "InterimResponse",
    "InvalidCertificate",
    "Join",
    "ListingFault",
    "MalformedResponse",
    "MockOrigin",
    "Op",
    "Operation",
    "Profile",
    "ResponseLoss",
];

/// Returns expressions as lines of a test, after the `use` lines that they need.
pub(crate) fn snippet<T: Display>(expressions: impl IntoIterator<Item = T>) -> String {
    let lines: Vec<_> =
        expressions.into_iter().map(|expression| format!("    {expression};\n")).collect();
    let lines = lines.concat();
    let code = without_texts(&lines);
    let used: Vec<_> = NAMES.into_iter().filter(|name| is_named(name, &code)).collect();
    let own = match used.as_slice() {
        [] => String::new(),
        [name] => format!("    use mock_origin::{name};\n"),
        names => format!("    use mock_origin::{{{}}};\n", names.join(", ")),
    };
    let time = if is_named("Duration", &code) { "    use std::time::Duration;\n" } else { "" };
    let gap = if own.is_empty() && time.is_empty() { "" } else { "\n" };
    format!("{own}{time}{gap}{lines}")
}

/// Returns code without its string literals, which may look like code.
fn without_texts(code: &str) -> String {
    let (mut is_in_text, mut is_escaped) = (false, false);
    let is_code = |letter: &char| {
        let is_end = *letter == '"' && !is_escaped;
        is_escaped = is_in_text && *letter == '\\' && !is_escaped;
        is_in_text ^= is_end;
        !is_in_text
    };
    code.chars().filter(is_code).collect()
}

fn is_named(name: &str, code: &str) -> bool {
    code.match_indices(&format!("{name}::")).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        !before.is_some_and(char::is_alphanumeric)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_used_names_are_imported() {
        for (expression, uses) in [
            ("origin.on_token().expire_after_requests(3)", ""),
            ("origin.on(Op::any()).hold()", "    use mock_origin::Op;\n\n"),
            (
                r#"origin.on(Op::piece(2)).path("/Disconnect::\"HeaderMutation::\\").lose(ResponseLoss::Reset)"#,
                "    use mock_origin::{Op, ResponseLoss};\n\n",
            ),
            (
                "origin.on(Op::operation(Operation::Stat)).delay(Duration::from_secs(1))",
                "    use mock_origin::{Op, Operation};\n    use std::time::Duration;\n\n",
            ),
            (
                "origin.on_token().expire_after(Duration::from_secs(1))",
                "    use std::time::Duration;\n\n",
            ),
        ] {
            assert_eq!(snippet([expression]), format!("{uses}    {expression};\n"));
        }
    }
}
