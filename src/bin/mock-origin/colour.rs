//! Colours lines for a terminal. Only this program writes colours: no text of the library contains any.
//! Start with [`Colour`].

use std::env;
use std::ffi::OsStr;

/// Whether lines are coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Colour {
    Never,
    Always,
}

/// What a line reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A request that succeeded.
    Success,
    /// A fault acted.
    Fault,
    /// A request failed, or the bytes are not a request.
    Failure,
    /// An event beside the requests.
    Mark,
}

impl Colour {
    /// Decides by the output and by the variables `NO_COLOR` and `CLICOLOR_FORCE`.
    pub(crate) fn for_terminal(is_terminal: bool) -> Self {
        Self::choose(is_terminal, |name| env::var_os(name).is_some_and(|value| is_set(&value)))
    }

    /// `NO_COLOR` wins, because users who set it may not be able to read colours at all.
    fn choose(is_terminal: bool, is_set: impl Fn(&str) -> bool) -> Self {
        match () {
            () if is_set("NO_COLOR") => Self::Never,
            () if is_terminal || is_set("CLICOLOR_FORCE") => Self::Always,
            () => Self::Never,
        }
    }

    /// Returns a line in the colour of its kind. The line contains no control characters.
    pub(crate) fn paint(self, kind: Kind, line: String) -> String {
        let code = match kind {
            _ if self == Self::Never => return line,
            Kind::Success => return line,
            Kind::Fault => 33,
            Kind::Failure => 31,
            Kind::Mark => 36,
        };
        format!("\u{1b}[{code}m{line}\u{1b}[0m")
    }
}

/// Returns whether a variable is set: neither empty nor `0`.
fn is_set(value: &OsStr) -> bool {
    !value.is_empty() && value != "0"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_win_over_the_terminal() {
        for (is_terminal, variables, expected) in [
            (false, &[][..], Colour::Never),
            (true, &[], Colour::Always),
            (true, &["NO_COLOR"], Colour::Never),
            (false, &["CLICOLOR_FORCE"], Colour::Always),
            (true, &["NO_COLOR", "CLICOLOR_FORCE"], Colour::Never),
        ] {
            let chosen = Colour::choose(is_terminal, |name| variables.contains(&name));
            assert_eq!(chosen, expected, "{is_terminal} {variables:?}");
        }
        assert!(is_set("1".as_ref()) && !is_set("0".as_ref()) && !is_set("".as_ref()));
    }

    #[test]
    fn colours_enclose_the_line() {
        let paint = |colour: Colour, kind| colour.paint(kind, "a".to_owned());
        assert_eq!(paint(Colour::Never, Kind::Failure), "a");
        assert_eq!(paint(Colour::Always, Kind::Success), "a");
        assert_eq!(paint(Colour::Always, Kind::Failure), "\u{1b}[31ma\u{1b}[0m");
    }
}
