//! The texts of `fixtures/faults`, and round trips of faults that no text was written for.

#![allow(clippy::unwrap_used)]

#[path = "../../../tests/support/corpus.rs"]
mod corpus;

use std::time::Duration;

use corpus::assert_corpus;

use crate::error::Error;
use crate::fault::{
    CallContext, CallMatcher, Chaos, DeferredCommit, ErrorResponse, Fault, FaultAction,
    InterimSupport, MalformedResponse, PathGlob, Repeat, ResponseLoss, Stage,
};
use crate::journal::{Call, Op};
use crate::protocol::{ENDPOINTS, Interface, METHODS, OPERATION_NAMES, Operation};

fn described(faults: Result<Vec<Fault>, Error>) -> Result<Vec<String>, String> {
    let faults = faults.map_err(|error| error.to_string())?;
    Ok(faults.iter().map(|fault| format!("{fault}\n=> {}", fault.to_json())).collect())
}

#[test]
fn texts_of_faults_are_accepted_or_rejected_as_recorded() {
    assert_corpus("objects", |text| described(text.parse().map(|fault| vec![fault])));
    assert_corpus("lists", |text| described(Fault::list_from_json(text)));
    assert_corpus("chaos", |text| {
        let chaos: Chaos = text.parse().map_err(|error: Error| error.to_string())?;
        Ok(vec![format!("{chaos}\n=> {}", chaos.to_json())])
    });
}

#[test]
#[cfg(feature = "check")]
fn files_of_faults_are_accepted_or_rejected_as_recorded() {
    assert_corpus("toml", |text| described(Fault::list_from_toml("faults.toml", text)));
}

#[test]
#[cfg(feature = "check")]
fn a_fault_keeps_the_words_of_its_text() {
    let text = "# All of them.\n[[fault]]\nreject = 503 # busy\nop  =  'raw'\n\n\
                [[fault]]\nop = \"piece\"\n[fault.reject_after]\nbytes = 0x10\nreject = 500\n";
    let faults = Fault::list_from_toml("faults.toml", text).unwrap();
    let words: Vec<_> = faults.iter().filter_map(Fault::definition).collect();
    assert_eq!(
        words,
        [
            "{ reject = 503, op = 'raw' }",
            "{ op = \"piece\", reject_after = { bytes = 0x10, reject = 500 } }",
        ]
    );
    let list = r#" [{"op":  "raw", "hold": true}, {"on": "tokens", "expire_after": 1}]"#;
    let faults = Fault::list_from_json(list).unwrap();
    assert_eq!(faults[0].definition(), Some(r#"{"op":  "raw", "hold": true}"#));
    assert_eq!(faults[1].definition(), Some(r#"{"on": "tokens", "expire_after": 1}"#));
}

#[track_caller]
fn assert_round_trip(fault: &Fault) {
    let json = fault.to_json();
    assert_eq!(&Fault::from_json(&json).unwrap(), fault, "{json}");
    assert!(!json.contains('\n'), "{json}");
}

#[test]
fn every_operation_and_every_method_can_be_selected() {
    for (operation, _) in OPERATION_NAMES {
        let matcher = CallMatcher::new(Op::operation(*operation));
        assert_round_trip(&Fault::on_call(matcher, FaultAction::Hold));
    }
    for method in METHODS {
        assert_round_trip(&Fault::on_call(
            CallMatcher::new(Op::method(method.name)),
            FaultAction::Hold,
        ));
    }
    let endpoints = ENDPOINTS.iter().filter(|one| one.interface != Interface::JsonRpc);
    let asked = endpoints.map(|one| one.operation).chain(METHODS.iter().map(|one| one.operation));
    for operation in asked {
        assert!(!operation.name().is_empty(), "{operation:?}");
    }
}

#[test]
fn faults_built_by_tests_round_trip() {
    let matcher = CallMatcher {
        path: Some(PathGlob::new("/a \"b\"/*")),
        user: Some("ünï".to_owned()),
        upload: Some("u \\ 1".to_owned()),
        attempts: Some(2..=3),
        count: Some(Repeat::Times(2)),
        ..CallMatcher::new(Op::piece(1..=3).over(Interface::Http))
    };
    let patient = ErrorResponse::status(429).retry_after(Duration::from_secs(2)).header("A", "\t");
    for action in [
        FaultAction::Hold,
        FaultAction::Reject(patient.clone()),
        FaultAction::RejectAfter(0, patient),
        FaultAction::Delay(Duration::new(1_000_000, 1)),
        FaultAction::Delay(Duration::MAX.saturating_sub(Duration::from_nanos(999_999_999))),
        FaultAction::CommitLater(
            DeferredCommit::after(Duration::from_millis(1)).then(ResponseLoss::Status(500)),
        ),
        FaultAction::Garble(MalformedResponse::Garbage(vec![0x80])),
    ] {
        assert_round_trip(&Fault::on_call(matcher.clone(), action));
    }
}

#[test]
fn faults_of_chaos_round_trip() {
    // A method is known only after its body.
    let there = |call: &Call| {
        let at = if call.interface == Interface::JsonRpc { Stage::Commit } else { Stage::Head };
        let interim = InterimSupport::Expected;
        CallContext { at, rejected: None, declared: Some(1 << 20), interim }
    };
    let of_jane = |call| Call { user: Some("jane".into()), ..call };
    let calls = [
        Call {
            part: Some(2),
            path: Some("/acme/videos/a.mp4".into()),
            ..Call::new(Operation::Piece, Interface::Http, "/multipart/piece")
        },
        of_jane(Call::new(Operation::Complete, Interface::JsonRpc, "completeMultipart")),
        of_jane(Call::new(Operation::Stat, Interface::JsonRpc, "stat")),
        of_jane(Call::new(Operation::Login, Interface::Http, "/account/login")),
    ];
    let chaos = (0..100).map(|seed| Chaos::new(seed).percent(100).max_per_operation(2));
    let decided = chaos.flat_map(|chaos| {
        calls.iter().map(move |call| chaos.decide(call, 1, there(call))).collect::<Vec<_>>()
    });
    let decided: Vec<_> = decided.flatten().collect();
    assert!(decided.len() > 100, "{}", decided.len());
    decided.iter().for_each(assert_round_trip);
}

/// `docs/faults.schema.json` is generated here, and every text of the corpus is judged by it.
mod schema {
    use std::path::Path;

    use boon::{Compiler, Schemas};
    use schemars::generate::SchemaSettings;
    use schemars::transform::RecursiveTransform;
    use serde_json::{Value, json};

    use super::corpus::cases;
    use crate::fault::Fault;

    /// A file of faults in TOML or JSON, or in JSON also one fault or a list of faults.
    fn schema() -> Value {
        // An absent key is not `null`, and other programs do not know the number formats of Rust.
        let plain = RecursiveTransform(|schema: &mut schemars::Schema| {
            let Some(object) = schema.as_object_mut() else { return };
            object.retain(|key, value| key != "default" || !value.is_null());
            let bounds = match object.remove("format").as_ref().and_then(Value::as_str) {
                Some("uint32") => Some((json!(0), json!(u32::MAX))),
                Some("uint64") => Some((json!(0), json!(u64::MAX))),
                Some("int32") => Some((json!(i32::MIN), json!(i32::MAX))),
                _ => None,
            };
            if let Some((minimum, maximum)) = bounds {
                object.insert("minimum".to_owned(), minimum);
                object.insert("maximum".to_owned(), maximum);
            }
            if let Some(types) = object.get_mut("type").and_then(Value::as_array_mut) {
                types.retain(|kind| kind != "null");
                if let [kind] = types.as_slice() {
                    *object.get_mut("type").unwrap() = kind.clone();
                }
            }
            if let Some(forms) = object.get_mut("anyOf").and_then(Value::as_array_mut) {
                forms.retain(|form| *form != json!({ "type": "null" }));
                if let [Value::Object(form)] = forms.as_mut_slice() {
                    let form = std::mem::take(form);
                    object.remove("anyOf");
                    object.extend(form);
                }
            }
        });
        let settings = SchemaSettings::draft2020_12().with_transform(plain);
        let mut generator = settings.into_generator();
        generator.subschema_for::<Fault>();
        let definitions = generator.take_definitions(true);
        let fault = json!({ "$ref": "#/$defs/Fault" });
        let list = json!({ "type": "array", "items": fault, "minItems": 1 });
        json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": "Faults of mock-origin",
            "anyOf": [
                {
                    "type": "object",
                    "properties": { "fault": list },
                    "required": ["fault"],
                    "additionalProperties": false,
                },
                fault,
                list,
            ],
            "$defs": definitions,
        })
    }

    #[test]
    fn the_schema_in_docs_is_generated_from_the_types() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/faults.schema.json");
        let generated = serde_json::to_string_pretty(&schema()).unwrap() + "\n";
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&path, &generated).unwrap();
        }
        let written = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(written == generated, "docs/faults.schema.json is out of date");
    }

    /// Numbers that a schema cannot tell from valid ones: 1.0 is the integer 1.
    const BEYOND_THE_SCHEMA: [&str; 4] = ["1.0", "503.0", "=4294967296", "18446744073709551616"];

    /// A schema cannot know which combinations and values make sense, so it may accept more.
    #[test]
    fn the_schema_accepts_valid_texts_and_rejects_malformed_ones() {
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        compiler.add_resource("faults.schema.json", schema()).unwrap();
        let schema = compiler.compile("faults.schema.json", &mut schemas).unwrap();
        let is_valid = |value: &Value| schemas.validate(value, schema).is_ok();
        let mut counts = [0, 0];
        for name in ["objects", "lists", "toml"] {
            for (text, result) in cases(name) {
                let value: Option<Value> = match name {
                    "toml" => toml::from_str(&text).ok(),
                    _ => serde_json::from_str(&text).ok(),
                };
                let Some(value) = value else { continue };
                if result.starts_with("=>") {
                    assert!(is_valid(&value), "{text}: {:?}", schemas.validate(&value, schema));
                    counts[0] += 1;
                } else if result.contains("invalid value ") || result.contains("unknown key ") {
                    let is_beyond = BEYOND_THE_SCHEMA.iter().any(|part| text.contains(part));
                    // One schema describes every form of JSON and TOML.
                    let is_list = text.starts_with("[{") || text.starts_with("{\"fault");
                    let is_other_form = (is_list && name == "objects") || text.starts_with("op =");
                    assert!(is_beyond || is_other_form || !is_valid(&value), "{text}: {result}");
                    counts[1] += 1;
                }
            }
        }
        assert!(counts[0] > 100 && counts[1] > 300, "{counts:?}");
    }
}
