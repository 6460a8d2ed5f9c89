//! HAR files are valid, and say what the journal says.

use boon::{Compiler, Schemas};
use mock_origin::MockOrigin;
use serde_json::Value;

use crate::exports::eventful_run;
use crate::exports::files::Scratch;

const SCHEMA: &str = include_str!("../../../fixtures/har-1.2.schema.json");

/// Writes the HAR file of an origin, validates it and returns it.
fn valid_har(origin: &MockOrigin) -> Value {
    let scratch = Scratch::new();
    let path = scratch.path("run.har");
    origin.write_har(&path).unwrap();
    let har = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    assert_valid(&har);
    har
}

#[track_caller]
fn assert_valid(har: &Value) {
    if let Err(error) = validate(har) {
        panic!("{error}");
    }
}

fn validate(har: &Value) -> Result<(), String> {
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    compiler.enable_format_assertions();
    compiler.add_resource("har.json", serde_json::from_str(SCHEMA).unwrap()).unwrap();
    let schema = compiler.compile("har.json", &mut schemas).unwrap();
    schemas.validate(har, schema).map_err(|error| format!("{error:#}"))
}

#[test]
fn an_empty_run_is_a_valid_archive() {
    let har = valid_har(&MockOrigin::start());
    assert_eq!(har["log"]["entries"], Value::Array(Vec::new()));
    assert_eq!(har["log"]["creator"]["name"], "mock-origin");
}

#[test]
fn the_schema_rejects_what_the_definition_forbids() {
    let har = valid_har(&eventful_run());
    for (pointer, wrong) in [
        ("/log/version", Value::from("1.3")),
        ("/log/entries/0/time", Value::from(-1)),
        ("/log/entries/0/request/url", Value::from("no url")),
        ("/log/entries/0/request/bodySize", Value::from(0.5)),
        ("/log/entries/0/startedDateTime", Value::from("yesterday")),
        ("/log/entries/0/timings/send", Value::from(-2)),
        ("/log/entries/0/serverIPAddress", Value::from("localhost")),
    ] {
        let mut broken = har.clone();
        *broken.pointer_mut(pointer).unwrap() = wrong;
        assert!(validate(&broken).is_err(), "{pointer}");
    }
    let mut unknown = har;
    unknown["log"]["entries"][0]["attempt"] = "1/2".into();
    assert!(validate(&unknown).is_err(), "a name without an underscore");
}

#[test]
fn an_entry_has_exact_sizes_and_our_facts() {
    let origin = eventful_run();
    let har = valid_har(&origin);
    let journal = origin.journal();
    let entries = har["log"]["entries"].as_array().unwrap();
    assert_eq!(entries.len(), journal.exchanges().len());
    for (entry, exchange) in entries.iter().zip(journal.exchanges()) {
        assert_eq!(entry["_exchange"], exchange.index);
        assert_eq!(entry["request"]["headersSize"], exchange.head.raw().len());
        assert_eq!(entry["request"]["bodySize"], exchange.received);
        let (head, body) = (&entry["response"]["headersSize"], &entry["response"]["bodySize"]);
        if exchange.response.is_some() {
            let sent = head.as_u64().unwrap() + body.as_u64().unwrap();
            assert_eq!(sent, exchange.written, "{entry:#}");
        } else {
            assert_eq!((head, body), (&Value::from(-1), &Value::from(-1)));
            assert_eq!(entry["response"]["status"], 0);
        }
        let timings = entry["timings"].as_object().unwrap();
        let known = timings.values().filter_map(Value::as_f64).filter(|time| *time >= 0.0);
        let difference = known.sum::<f64>() - entry["time"].as_f64().unwrap();
        assert!(difference.abs() < 0.01, "{entry:#}");
    }
    // The first piece 1 was rejected, the first piece 2 got no response.
    let facts = |at: usize| {
        let entry = &entries[at];
        let names = ["_operation", "_part", "_attempt", "_outcome", "_fault"];
        names.map(|name| entry[name].to_string())
    };
    assert_eq!(facts(1), ["\"piece\"", "1", "\"1/2\"", "\"responded\"", "[\"bad day\"]"]);
    assert_eq!(facts(2), ["\"piece\"", "2", "\"1/2\"", "\"cut_by_fault\"", "[\"lost\"]"]);
    assert_eq!(facts(4), ["\"piece\"", "2", "\"2/2\"", "\"responded\"", "[]"]);
}

#[test]
fn a_finding_stands_at_its_exchanges() {
    let origin = eventful_run();
    let har = valid_har(&origin);
    for finding in origin.findings().iter().filter(|finding| finding.level().name() != "info") {
        for exchange in finding.exchanges() {
            let entry = &har["log"]["entries"][usize::try_from(*exchange).unwrap()];
            let marks = entry["_finding"].as_array().unwrap();
            assert!(marks.contains(&finding.to_string().into()), "{finding}\n{entry:#}");
        }
    }
}

#[test]
fn a_step_of_protocol_time_does_not_stretch_durations() {
    let har = valid_har(&eventful_run());
    let entries = har["log"]["entries"].as_array().unwrap();
    let days: Vec<_> =
        entries.iter().map(|entry| entry["startedDateTime"].as_str().unwrap()).collect();
    assert!(days.is_sorted(), "{days:?}");
    assert!(entries.iter().all(|entry| entry["time"].as_f64().unwrap() < 60_000.0));
}

#[test]
fn secrets_are_redacted_unless_they_are_wanted() {
    let run = |show| {
        let origin = MockOrigin::builder().show_secrets(show).start();
        let headers = [("X-Agile-Username", "jane"), ("X-Agile-Password", "secret")];
        let mut client = crate::support::Client::new(&origin);
        client.send("POST", "/account/login?password=secret&a=b", &headers, b"");
        let login = &valid_har(&origin)["log"]["entries"][0];
        [login["request"].to_string(), login["response"].to_string()]
    };
    let [request, response] = run(false);
    assert!(!request.contains("secret") && request.contains("<redacted>"), "{request}");
    assert!(request.contains("?password=%3Credacted%3E&a=b"), "{request}");
    assert!(response.contains(r#"{"name":"X-Agile-Token","value":"<redacted>"}"#), "{response}");
    let [request, response] = run(true);
    assert!(request.contains(r#"{"name":"X-Agile-Password","value":"secret"}"#), "{request}");
    assert!(request.contains("?password=secret&a=b"), "{request}");
    assert!(!response.contains("<redacted>"), "{response}");
}

#[test]
fn a_file_that_cannot_be_written_is_an_error() {
    let origin = MockOrigin::start();
    let path = Scratch::new().path("no/such/run.har");
    for error in [origin.write_har(&path).unwrap_err(), origin.write_trace(&path).unwrap_err()] {
        assert!(error.is_io());
        assert_eq!(error.to_string(), format!("cannot write {}", path.display()));
    }
}

#[tokio::test]
async fn async_exports_write_the_same_files() {
    let (origin, scratch) = (eventful_run(), Scratch::new());
    let path = |name| scratch.path(name);
    origin.write_har(path("1.har")).unwrap();
    origin.write_har_async(path("2.har")).await.unwrap();
    origin.write_trace(path("1.json")).unwrap();
    origin.write_trace_async(path("2.json")).await.unwrap();
    for (one, other) in [("1.har", "2.har"), ("1.json", "2.json")] {
        assert_eq!(std::fs::read(path(one)).unwrap(), std::fs::read(path(other)).unwrap());
    }
    assert_eq!(origin.transcript(), origin.transcript_async().await);
    assert!(origin.write_har_async(path("no/such")).await.unwrap_err().is_io());
}
