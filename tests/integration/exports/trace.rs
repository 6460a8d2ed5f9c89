//! Traces have the structure of the Trace Event format.

use std::collections::{BTreeMap, BTreeSet};

use mock_origin::MockOrigin;
use serde_json::Value;

use crate::exports::eventful_run;
use crate::exports::files::Scratch;

/// Writes the trace of an origin, checks its structure and returns its events.
fn valid_trace(origin: &MockOrigin) -> Vec<Value> {
    let scratch = Scratch::new();
    let path = scratch.path("run.json");
    origin.write_trace(&path).unwrap();
    let trace: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    assert_eq!(trace["displayTimeUnit"], "ms");
    let events = trace["traceEvents"].as_array().unwrap().clone();
    events.iter().for_each(assert_event);
    assert_spans_nest(&events);
    assert_arrows_connect_spans(&events);
    events
}

/// Every phase has the fields that the format demands for it.
#[track_caller]
fn assert_event(event: &Value) {
    for name in ["pid", "tid", "ts"] {
        assert!(event[name].is_u64(), "{name}: {event:#}");
    }
    assert!(event["name"].is_string(), "{event:#}");
    let fields: &[&str] = match event["ph"].as_str().unwrap() {
        "M" => &["args"],
        "X" => &["dur", "cat", "args"],
        "i" => &["s"],
        "s" | "f" => &["id", "cat", "bp"],
        other => panic!("unknown phase {other}"),
    };
    for field in fields {
        assert!(!event[field].is_null(), "{field}: {event:#}");
    }
    if event["ph"] == "i" {
        assert!(["g", "t"].contains(&event["s"].as_str().unwrap()), "{event:#}");
    }
}

fn span(event: &Value) -> (u64, u64) {
    let start = event["ts"].as_u64().unwrap();
    (start, start + event["dur"].as_u64().unwrap())
}

/// Viewers draw the spans of a row as a tree: two of them overlap only if one contains the other.
fn assert_spans_nest(events: &[Value]) {
    let mut rows: BTreeMap<u64, Vec<(u64, u64)>> = BTreeMap::new();
    for event in events.iter().filter(|event| event["ph"] == "X") {
        rows.entry(event["tid"].as_u64().unwrap()).or_default().push(span(event));
    }
    for spans in rows.values() {
        for (at, one) in spans.iter().enumerate() {
            for other in &spans[at + 1..] {
                let is_apart = one.1 <= other.0 || other.1 <= one.0;
                let is_inside = one.0 <= other.0 && other.1 <= one.1;
                assert!(is_apart || is_inside, "{one:?} {other:?}");
            }
        }
    }
}

/// Each arrow has a start and an end, in this order of time.
fn assert_arrows_connect_spans(events: &[Value]) {
    let ends = |ph: &str| -> BTreeMap<String, u64> {
        let of_phase = events.iter().filter(|event| event["ph"] == ph);
        of_phase.map(|it| (it["id"].to_string(), it["ts"].as_u64().unwrap())).collect()
    };
    let (starts, ends) = (ends("s"), ends("f"));
    assert_eq!(starts.keys().collect::<BTreeSet<_>>(), ends.keys().collect::<BTreeSet<_>>());
    assert!(starts.iter().all(|(id, start)| *start <= ends[id]));
}

#[test]
fn an_empty_run_is_a_valid_trace() {
    assert_eq!(valid_trace(&MockOrigin::start()).len(), 1);
}

#[test]
fn a_trace_shows_exchanges_attempts_and_marks() {
    let origin = eventful_run();
    let events = valid_trace(&origin);
    let journal = origin.journal();
    let named = |ph: &str, name: &str| {
        events.iter().filter(|event| event["ph"] == ph && event["name"] == name).count()
    };
    assert_eq!(named("M", "thread_name"), journal.connections().len());
    assert_eq!(named("X", "POST /multipart/piece of /acme/videos/ä b.mp4"), 4);
    assert_eq!(named("s", "next attempt"), 2, "pieces 1 and 2 were sent twice");
    assert_eq!(named("i", "protocol time advanced by 600s"), 1);
    let hello = |event: &&Value| event["name"].as_str().unwrap().contains("TLS ClientHello");
    assert_eq!(events.iter().filter(hello).count(), 1);
    let cut = events.iter().find(|event| event["args"]["outcome"] == "cut_by_fault").unwrap();
    assert_eq!(cut["args"]["fault"], serde_json::json!(["lost"]));
    assert_eq!((&cut["args"]["part"], &cut["args"]["attempt"]), (&2.into(), &"1/2".into()));
}
