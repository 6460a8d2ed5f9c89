//! `token.kept`: a session ends by a logout.

use crate::protocol::Operation;
use crate::referee::rule::{Basis, Level, Rule};

pub(in crate::referee) static RULE: Rule = Rule {
    id: "token.kept",
    level: Level::Info,
    sentence: "A client may log out when it needs its token no more.",
    advice: "Call the JSON-RPC method logout. A token that is kept works until it expires.",
    section: "§7.4",
    basis: Basis::Documented,
    needs_end: true,
    applies: |conduct| conduct.has(Operation::Login),
    judge: |conduct, violations| {
        let logins = conduct
            .requests
            .iter()
            .filter(|request| request.is(Operation::Login) && request.is_accepted());
        let logins: Vec<_> = logins.collect();
        let Some(first) = logins.first() else { return };
        if !conduct.has(Operation::Logout) {
            violations.add(logins.iter().map(|it| it.index()), logins.len(), || {
                format!("{} ({}) was never followed by a logout", first.describe(), first.number())
            });
        }
    },
};

#[cfg(test)]
mod tests {
    use crate::referee::example::Example;

    #[test]
    fn a_logout_is_good() {
        Example::default().login().rpc("logout").assert_good("token.kept");
    }

    #[test]
    fn a_session_without_a_logout_is_remarked() {
        Example::default()
            .login()
            .create()
            .assert_bad("token.kept", "POST /account/login (#0) was never followed by a logout");
    }
}
