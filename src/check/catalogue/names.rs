//! Names and directories: the file is stored under exactly the name that the client was given.

use crate::check::{Expected, Feature, Scenario};
use crate::referee::{Basis, Level};

const NAMED: Scenario = Scenario {
    right: "Stores the file under exactly this name.",
    rule: "check.lie",
    level: Level::Must,
    section: "§3.3",
    basis: Basis::Documented,
    ..Scenario::DEFAULT
};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        id: "names/reserved",
        situation: "The name has spaces and characters that are reserved in URLs, headers or forms.",
        name: "a b+c%&=#?;'.mp4",
        level: Level::Should,
        ..NAMED
    },
    Scenario {
        id: "names/unicode",
        situation: "The name and the directory have characters outside US-ASCII.",
        right: "Quotes them, with X-Agile-Encoding: UTF8.",
        feature: Some(Feature::Unicode),
        name: "\u{fc}ber \u{6620}\u{753b} \u{1f3ac}.mp4",
        directory: "/vid\u{e9}os",
        level: Level::Should,
        ..NAMED
    },
    Scenario {
        id: "names/decomposed",
        situation: "The name has a letter and its accent as two characters.",
        right: "Keeps the two characters: another normalization is another name.",
        feature: Some(Feature::Unicode),
        name: "cafe\u{301}.mp4",
        level: Level::Should,
        ..NAMED
    },
    Scenario {
        id: "names/repeated-segment",
        situation: "Two segments of the path are equal, and the name begins like them.",
        right: "Keeps every segment.",
        section: "§3.1",
        name: "videos.mp4",
        directory: "/videos/videos",
        ..NAMED
    },
    Scenario {
        id: "names/parents-missing",
        situation: "The directory and its parent do not exist.",
        right: "Creates the directories, and then stores the file.",
        rule: "check.gave_up",
        level: Level::Should,
        section: "§4.1",
        feature: Some(Feature::Mkdir),
        directory: "/archive/2024",
        has_directory: false,
        ..NAMED
    },
    Scenario {
        id: "names/overwrite",
        situation: "An older file has the name.",
        right: "Replaces the file, or refuses to and reports it.",
        section: "§4.5",
        expected: Expected::Either,
        builder: |builder, _| builder.file("/videos/film.mp4", "an older film"),
        ..NAMED
    },
    Scenario {
        id: "names/is-directory",
        situation: "A directory has the name, so that the file cannot be stored.",
        right: "Reports the failure.",
        section: "§3.6",
        expected: Expected::NotStored,
        builder: |builder, _| builder.directory("/videos/film.mp4"),
        is_exercised: |journal| [-23, -8].iter().any(|code| super::has_code(journal, *code)),
        ..NAMED
    },
];
