//! The generated blocks of `docs/protocol.md`, from the tables in `src/protocol`.

use std::fmt::{Debug, Display, Write as _};

use mock_origin::internals::protocol::{
    ABORT_MULTIPART, Availability, COMPLETE, CONTENT_TYPES, ENDPOINTS, ENVELOPE_RESULTS, Endpoint,
    ErrorKind, METHODS, Method, PERMISSIONS, PIECE, PIECE_TRANSITIONS, Param, Permission,
    PieceState, Provenance, RESTART_MULTIPART, ResultCode, Transition, UPLOAD_TRANSITIONS,
    result_code_for,
};
use mock_origin::options::{LIMITS, OPTION_SPECS};
use mock_origin::{Operation, UploadState};

use crate::support::page::{assert_block, block_names};

const PAGE: &str = "docs/protocol.md";

#[test]
fn blocks_of_the_protocol_page_match_the_tables() {
    let blocks = blocks();
    let mut names: Vec<_> = blocks.iter().map(|(name, _)| name.clone()).collect();
    let mut found = block_names(PAGE);
    names.sort();
    found.sort();
    assert_eq!(found, names, "{PAGE} must have each block once");
    for (name, generated) in &blocks {
        assert_block(PAGE, name, generated);
    }
}

/// Every block with its name.
fn blocks() -> Vec<(String, String)> {
    let has_table =
        |endpoint: &&&Endpoint| !endpoint.headers.is_empty() || !endpoint.results.is_empty();
    let endpoints = ENDPOINTS.iter().filter(has_table).map(|endpoint| {
        let path = if endpoint.path.is_empty() { "stored files" } else { endpoint.path };
        (format!("endpoint {path}"), endpoint_block(endpoint))
    });
    let methods = ["§7.2", "§7.3", "§7.4"]
        .map(|section| (format!("methods {section}"), methods_block(section)));
    let others = [
        ("envelope", results_table(ENVELOPE_RESULTS)),
        ("states", states_block()),
        ("options", options_block()),
        ("content types", content_types_block()),
    ]
    .map(|(name, block)| (name.to_owned(), block));
    endpoints.chain(methods).chain(others).collect()
}

fn endpoint_block(endpoint: &Endpoint) -> String {
    let methods: Vec<_> = endpoint.methods.iter().map(|method| method.name()).collect();
    let mut block = format!("Methods: {}.\n\n", methods.join(", "));
    block += "| Header | | Provenance |\n|---|---|---|\n";
    for header in endpoint.headers {
        let required = if header.required { "required" } else { "optional" };
        let provenance = letters(header.provenance);
        writeln!(block, "| `{}` | {required} | {provenance} |", header.name).unwrap();
    }
    if !endpoint.results.is_empty() {
        block.push('\n');
        block += &results_table(endpoint.results);
    }
    block
}

fn methods_block(section: &str) -> String {
    let methods = METHODS.iter().filter(|method| method.section == section);
    let blocks: Vec<_> = methods.map(|method| method_block(method)).collect();
    blocks.join("\n")
}

fn method_block(method: &Method) -> String {
    let params: Vec<_> = method.params.iter().map(signature_param).collect();
    let (name, params) = (method.name, params.join(", "));
    let provenance: Vec<_> = method.provenance.iter().copied().map(provenance_word).collect();
    let (provenance, results) = (provenance.join(", "), results_table(method.results));
    format!("#### `{name}({params})`\n\nProvenance: {provenance}.\n\n{results}")
}

fn signature_param(param: &Param) -> String {
    let alias = param.alias.map(|alias| format!("|{alias}")).unwrap_or_default();
    format!("{}{alias}{}", param.name, if param.required { "" } else { "?" })
}

fn results_table(results: &[ResultCode]) -> String {
    let mut table = "| HTTP | Code | Meaning | | Section | Provenance |\n\
                     |---|---|---|---|---|---|\n"
        .to_owned();
    for result in results {
        let note = match result.availability {
            Availability::FaultOnly => "fault only",
            Availability::Normal => "",
        };
        let (http, code, phrase) = (result.http, printed_code(result.code), result.phrase);
        let (section, provenance) = (result.section, letters(result.provenance));
        writeln!(table, "| {http} | {code} | {phrase} | {note} | {section} | {provenance} |")
            .unwrap();
    }
    table
}

fn states_block() -> String {
    let mut block = "| Upload state | Number |\n|---|---|\n".to_owned();
    for state in UploadState::ALL {
        writeln!(block, "| {state} | {} |", state.number()).unwrap();
    }
    block += "\n| Piece state | Number |\n|---|---|\n";
    for state in PieceState::ALL {
        writeln!(block, "| {state} | {} |", state.number()).unwrap();
    }
    write_transitions(&mut block, "Upload", UPLOAD_TRANSITIONS);
    write_transitions(&mut block, "Piece", PIECE_TRANSITIONS);
    block += "\n| Operation | NEW | READY | ABORT | FAILED | other states | Provenance |\n\
              |---|---|---|---|---|---|---|\n";
    for permission in PERMISSIONS {
        write_permission(&mut block, permission);
    }
    block
}

fn write_transitions<S: Display, E: Debug>(
    block: &mut String,
    title: &str,
    transitions: &[Transition<S, E>],
) {
    writeln!(block, "\n| {title} | Event | Next state | Provenance |\n|---|---|---|---|").unwrap();
    for transition in transitions {
        let event = words(&format!("{:?}", transition.on));
        let (from, to) = (&transition.from, &transition.to);
        writeln!(block, "| {from} | {event} | {to} | {} |", letters(transition.provenance))
            .unwrap();
    }
}

fn write_permission(block: &mut String, permission: &Permission) {
    let results = match permission.operation {
        Operation::Piece => PIECE.results,
        Operation::Complete => COMPLETE.results,
        Operation::Abort => ABORT_MULTIPART.results,
        Operation::Restart => RESTART_MULTIPART.results,
        other => panic!("{other:?} has no table here"),
    };
    let cell = |error: Option<ErrorKind>| {
        let Some(error) = error else { return "allowed".to_owned() };
        printed_code(result_code_for(results, error).unwrap().code)
    };
    let states =
        [permission.new, permission.ready, permission.abort, permission.failed, permission.other]
            .map(cell)
            .join(" | ");
    let operation = words(&format!("{:?}", permission.operation));
    writeln!(block, "| {operation} | {states} | {} |", letters(permission.provenance)).unwrap();
}

fn options_block() -> String {
    let mut block = "| Option | Values | Default | Effect |\n|---|---|---|---|\n".to_owned();
    for option in OPTION_SPECS {
        let values = option.values.replace('|', "\\|");
        let effect = option.what.replace('*', "\\*");
        writeln!(block, "| `{}` | {values} | {} | {effect} |", option.name, option.default)
            .unwrap();
    }
    block += "\nA limit is an option too, and takes a number of 1 or more.\n\n\
              | Limit | Default | Section | Provenance |\n|---|---|---|---|\n";
    for limit in LIMITS {
        let (name, default, section) = (limit.name, limit.default, limit.section);
        writeln!(block, "| `{name}` | {default} | {section} | {} |", letters(limit.provenance))
            .unwrap();
    }
    block
}

fn content_types_block() -> String {
    let mut block = "| Type | Extensions |\n|---|---|\n".to_owned();
    for spec in CONTENT_TYPES {
        writeln!(block, "| {} | {} |", spec.name, spec.extensions.join(" ")).unwrap();
    }
    block
}

fn printed_code(code: i32) -> String {
    code.to_string().replace('-', "−")
}

/// A variant's name as lower-case words: `PieceStored` is `piece stored`.
fn words(variant: &str) -> String {
    let mut words = String::new();
    for char in variant.chars() {
        if char.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.extend(char.to_lowercase());
    }
    words
}

fn provenance_word(provenance: Provenance) -> &'static str {
    match provenance {
        Provenance::Documented => "documented",
        Provenance::Observed => "observed",
        Provenance::Assumed => "assumed",
    }
}

fn letters(provenance: &[Provenance]) -> String {
    let letter = |provenance: &Provenance| match provenance {
        Provenance::Documented => "D",
        Provenance::Observed => "O",
        Provenance::Assumed => "A",
    };
    provenance.iter().map(letter).collect::<Vec<_>>().join(", ")
}
