//! The command line as text that can be pasted into a shell. Start with [`shown`].

use mock_origin::internals::wording::shell_word;

/// The options whose values contain a secret, behind the first colon or as a whole.
const SECRETS: [&str; 3] = ["--user", "--key-pair", TOKEN];
const TOKEN: &str = "--control-token";

/// Returns the command that was run. Passwords, keys and tokens are left out. If the seed was chosen
/// at random, it ends with a placeholder for it.
pub(crate) fn shown(args: impl IntoIterator<Item = String>) -> String {
    let mut shown = vec!["mock-origin".to_owned()];
    let (mut option, mut has_seed) = (String::new(), false);
    for arg in args.into_iter().skip(1) {
        let (name, value) = match arg.split_once('=').filter(|_| arg.starts_with("--")) {
            Some((name, value)) => (name.to_owned(), Some(value)),
            None if arg.starts_with("--") => (arg.clone(), None),
            None => (std::mem::take(&mut option), None),
        };
        has_seed |= name == "--seed";
        let is_value_of_secret = SECRETS.contains(&&*name) && (value.is_some() || arg != name);
        let text = if is_value_of_secret {
            let value = value.unwrap_or(&arg);
            let public = value.split_once(':').filter(|_| name != TOKEN);
            let public = public.map(|(public, _)| format!("{public}:"));
            let prefix = if arg.starts_with("--") { format!("{name}=") } else { String::new() };
            format!("{prefix}{}<redacted>", public.unwrap_or_default())
        } else {
            arg.clone()
        };
        option = if arg.starts_with("--") && value.is_none() { name } else { String::new() };
        shown.push(shell_word(&text));
    }
    if !has_seed {
        shown.push("--seed {seed}".to_owned());
    }
    shown.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown_of(args: &[&str]) -> String {
        let args = ["/bin/mock-origin", "serve"].iter().chain(args).map(|arg| (*arg).to_owned());
        shown(args)
    }

    #[test]
    fn the_command_is_shown_without_secrets() {
        assert_eq!(
            shown_of(&["--user", "jane:pa ss", "--dir", "/a b", "--seed", "9", "--user=x:y:z"]),
            "mock-origin serve --user 'jane:<redacted>' --dir '/a b' --seed 9 '--user=x:<redacted>'"
        );
        assert_eq!(
            shown_of(&["--quiet", "--key-pair", "A:s", "--control-token", "t0k:en"]),
            "mock-origin serve --quiet --key-pair 'A:<redacted>' --control-token '<redacted>' --seed {seed}"
        );
        assert_eq!(shown_of(&["--dir=it's"]), r"mock-origin serve '--dir=it'\''s' --seed {seed}");
    }
}
