//! The description of a rule. Start with [`Rule`].

use std::fmt;

use super::conduct::Conduct;
use super::violations::Violations;

/// The weight of a rule, and the threshold from which findings fail a verification.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Level {
    /// As a threshold: no finding fails the verification. No rule has this level.
    Off,
    /// The client violates the protocol or HTTP, or loses data.
    #[default]
    Must,
    /// The client wastes requests, leaves something behind, or depends on luck.
    Should,
    /// A remark: the conduct is allowed.
    Info,
}

impl Level {
    /// Every level with its name in text.
    const NAMES: [(Self, &'static str); 4] =
        [(Self::Off, "off"), (Self::Must, "must"), (Self::Should, "should"), (Self::Info, "info")];

    /// Returns the name in text: `off`, `must`, `should` or `info`.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(level, _)| *level == self).map_or("", |(_, name)| name)
    }

    /// Returns the level of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, known)| *known == name).map(|(level, _)| *level)
    }

    /// Returns whether this threshold includes rules of the level `rule`.
    pub fn includes(self, rule: Self) -> bool {
        rule != Self::Off && rule <= self
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The source of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Basis {
    /// The published documentation of the service states it.
    Documented,
    /// Recorded responses or real clients show it.
    Observed,
    /// No source states it: it is our interpretation.
    Assumed,
    /// A standard of HTTP states it.
    Rfc,
    /// Real clients lost data or wasted requests by it.
    Evidence,
}

impl Basis {
    /// Returns the name in text.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Documented => "documented",
            Self::Observed => "observed",
            Self::Assumed => "assumed",
            Self::Rfc => "RFC",
            Self::Evidence => "evidence",
        }
    }

    /// Returns the section of a demand and what its basis means, for readers who do not know the terms.
    pub(crate) fn explain(self, section: &str) -> String {
        let meaning = match self {
            Self::Rfc => return section.to_owned(),
            Self::Documented => "the documentation of the service states it",
            Self::Observed => "recorded responses or real clients show it",
            Self::Assumed => "no source states it: it is our interpretation",
            Self::Evidence => "real clients lost data or wasted requests by it",
        };
        format!("docs/protocol.md {section} ({}: {meaning})", self.name())
    }

    /// Returns the heaviest level that a rule with this basis can have.
    pub const fn heaviest(self) -> Level {
        match self {
            Self::Assumed => Level::Should,
            _ => Level::Must,
        }
    }
}

/// A rule about the conduct of a client.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Rule {
    /// The name, `family.rule`.
    pub id: &'static str,
    /// The weight.
    pub level: Level,
    /// What the rule demands, in one sentence.
    pub sentence: &'static str,
    /// Why the conduct is wrong, and what to do instead.
    pub advice: &'static str,
    /// The section of the protocol or of an RFC.
    pub section: &'static str,
    /// The source.
    pub basis: Basis,
    /// Whether the run must end before a violation is certain, because a later request may still
    /// satisfy the rule. Violations of other rules are certain when they occur.
    pub needs_end: bool,
    /// Returns whether the client did anything that the rule is about.
    pub(crate) applies: fn(&Conduct<'_>) -> bool,
    /// Adds every violation to the findings.
    pub(crate) judge: fn(&Conduct<'_>, &mut Violations),
}

impl Rule {
    /// Returns the part of the id before the dot.
    pub fn family(&self) -> &'static str {
        self.id.split('.').next().unwrap_or_default()
    }

    /// Returns the text of `mock-origin explain`: the sentence, the advice and the source.
    pub fn explain(&self) -> String {
        format!(
            "{} ({})\n\n{}\n{}\n\nsource: {}\n",
            self.id,
            self.level,
            self.sentence,
            self.advice,
            self.basis.explain(self.section),
        )
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rule")
            .field("id", &self.id)
            .field("level", &self.level)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threshold_includes_heavier_levels() {
        assert!(Level::Should.includes(Level::Must) && Level::Should.includes(Level::Should));
        assert!(!Level::Must.includes(Level::Should) && !Level::Off.includes(Level::Must));
        for (level, name) in Level::NAMES {
            assert_eq!((level.name(), Level::from_name(name)), (name, Some(level)));
        }
        assert_eq!(Level::from_name("Must"), None);
    }
}
