//! The content of the file: sizes at the edges, and sources that change while they are read.

use crate::check::{Content, Event, Expected, Feature, Role, Scenario};
use crate::options::Limit;
use crate::referee::{Basis, Level};

/// The response to piece 1 is held, so that the source changes between the reading of two pieces.
const CHANGING: Scenario = Scenario {
    rule: "check.lie",
    level: Level::Must,
    section: "§4.5",
    basis: Basis::Evidence,
    role: Role::Piece,
    expected: Expected::Either,
    ..Scenario::DEFAULT
};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        id: "content/empty",
        situation: "The file is empty.",
        right: "Stores an empty file: as one empty piece, or as a whole file.",
        rule: "check.gave_up",
        level: Level::Should,
        section: "§4.2",
        basis: Basis::Assumed,
        feature: Some(Feature::Empty),
        content: Content::Empty,
        ..Scenario::DEFAULT
    },
    Scenario {
        id: "content/one-byte",
        situation: "The file has one byte.",
        right: "Stores it.",
        rule: "check.lie",
        level: Level::Must,
        section: "§4.5",
        basis: Basis::Documented,
        content: Content::Bytes(1),
        ..Scenario::DEFAULT
    },
    Scenario {
        id: "content/exact-multiple",
        situation: "The size of the file is a multiple of the piece size.",
        right: "Sends no empty piece after the last one.",
        rule: "piece.empty_last",
        level: Level::Should,
        section: "§4.2",
        basis: Basis::Assumed,
        role: Role::Piece,
        content: Content::Pieces(3),
        ..Scenario::DEFAULT
    },
    Scenario {
        id: "content/one-over",
        situation: "The last piece has one byte.",
        right: "Sends it.",
        rule: "check.lie",
        level: Level::Must,
        section: "§4.5",
        basis: Basis::Documented,
        role: Role::Piece,
        content: Content::PiecesAnd(3, 1),
        ..Scenario::DEFAULT
    },
    Scenario {
        id: "content/changes",
        situation: "The source is overwritten while it is read: its size stays, its bytes change.",
        right: "Stores the old or the new bytes, or reports a failure. Storing a mixture is not a success.",
        event: Event::ChangeSource,
        ..CHANGING
    },
    Scenario {
        id: "content/grows",
        situation: "The source grows while it is read.",
        right: "Stores the old or the new bytes, or reports a failure.",
        event: Event::GrowSource,
        ..CHANGING
    },
    Scenario {
        id: "content/too-many-pieces",
        situation: "The origin takes at most two pieces, fewer than the file has.",
        right: "Reports the failure, or begins again with larger pieces.",
        rule: "check.lie",
        level: Level::Must,
        section: "§4.2",
        basis: Basis::Documented,
        role: Role::Piece,
        expected: Expected::Either,
        builder: |builder, _| builder.limit(Limit::Pieces, 2),
        is_exercised: |journal| super::has_code(journal, -10),
        ..Scenario::DEFAULT
    },
];
