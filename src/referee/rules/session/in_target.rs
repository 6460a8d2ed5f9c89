//! `secret.in_target`: a request target is written to logs.

use crate::protocol::{Interface, Operation};
use crate::referee::head_facts::HeadMark;
use crate::referee::request::Request;
use crate::referee::rule::{Basis, Level, Rule};

pub(in crate::referee) static RULE: Rule = Rule {
    id: "secret.in_target",
    level: Level::Should,
    sentence: "A client should not put a password or a token into the request target.",
    advice: "Send credentials in headers. Only POST /post/file takes a token in its query.",
    section: "RFC 9110 §17.9",
    basis: Basis::Rfc,
    needs_end: false,
    applies: |conduct| conduct.requests.iter().any(|it| it.interface() != Interface::Egress),
    judge: |conduct, violations| {
        let secret =
            conduct.marked(HeadMark::Target).iter().filter(|request| has_secret(**request));
        let secret: Vec<_> = secret.collect();
        let Some(first) = secret.first() else { return };
        violations.add(secret.iter().map(|it| it.index()), secret.len(), || {
            let (what, number) = (first.describe(), first.number());
            format!("{what} ({number}) has a password or a token in its target")
        });
    },
};

/// Returns whether the target of a request names a secret. The addresses of stored files may be
/// signed (§8), and one endpoint takes a token (§2.3).
fn has_secret(request: Request<'_>) -> bool {
    const SECRETS: [&[u8]; 3] = [b"password", b"passwd", b"token"];
    let target = request.exchange.head.target();
    let may = request.interface() == Interface::Egress || request.is(Operation::PostFile);
    let authority =
        target.strip_prefix(b"http://").and_then(|rest| rest.split(|byte| *byte == b'/').next());
    let Some(at) = target.iter().position(|byte| *byte == b'?').filter(|_| !may) else {
        return authority.is_some_and(|authority| authority.contains(&b'@'));
    };
    target[at + 1..].split(|byte| *byte == b'&').any(|parameter| {
        let name = parameter.split(|byte| *byte == b'=').next().unwrap_or_default();
        let name = name.to_ascii_lowercase();
        SECRETS.iter().any(|secret| name.ends_with(secret))
    })
}

#[cfg(test)]
mod tests {
    use crate::protocol::Operation;
    use crate::referee::example::Example;

    #[test]
    fn credentials_in_headers_are_good() {
        Example::default().login().create().assert_good("secret.in_target");
    }

    #[test]
    fn the_documented_token_of_a_form_is_good() {
        let example = Example::default();
        let example = example.post(Operation::PostFile, "/post/file?token=abc", &[], b"a");
        example.assert_good("secret.in_target");
    }

    #[test]
    fn a_password_in_the_query_is_bad() {
        let target = "/account/login?username=jane&password=secret";
        let example = Example::default().post(Operation::Login, target, &[], b"");
        example.assert_bad(
            "secret.in_target",
            "POST /account/login (#0) has a password or a token in its target",
        );
    }
}
