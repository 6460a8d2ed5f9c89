//! Faults: `/__mock/faults` adds, lists, releases and deletes them, and `/__mock/verdict` judges them.

use std::sync::Arc;

use mock_origin::Outcome;
use mock_origin::journal::Exchange;
use serde_json::json;

use crate::stage;
use crate::support::{self, record};

#[test]
fn faults_are_added_injected_listed_and_deleted() {
    let stage = stage();
    let one =
        r#"{"op": "raw", "path": "/acme/videos/*", "attempt": 1, "reject": 503, "name": "busy"}"#;
    assert_eq!(stage.call("POST", "/__mock/faults", one), json!({ "ids": [0] }));
    let several = r#"[{"op": "piece", "part": 9, "hold": true}, {"on": "connections", "nth": 7, "reset": true}]"#;
    assert_eq!(stage.call("POST", "/__mock/faults", several), json!({ "ids": [1, 2] }));
    let tables = r#"{"fault": [{"on": "tokens", "user": "jane", "expire_after_requests": 90}]}"#;
    assert_eq!(stage.call("POST", "/__mock/faults", tables), json!({ "ids": [3] }));
    let _ = stage.put("a.txt").status;
    let listed = stage.call("GET", "/__mock/faults", "");
    let first = &listed["faults"][0];
    assert_eq!(
        (&first["id"], &first["name"], &first["location"]),
        (&json!(0), &json!("busy"), &json!(null))
    );
    assert_eq!((&first["fault"]["op"], &first["fault"]["reject"]), (&json!("raw"), &json!(503)));
    assert_eq!(listed["faults"][2]["matched"], 1);
    assert_eq!(stage.call("DELETE", "/__mock/faults/2", ""), json!({ "deleted": [2] }));
    assert_eq!(stage.call("DELETE", "/__mock/faults", ""), json!({ "deleted": [0, 1, 3] }));
    assert_eq!(stage.call("GET", "/__mock/faults", ""), json!({ "faults": [] }));
}

#[test]
fn the_list_and_the_verdict_count_injected_faults() {
    let stage = stage();
    stage.call("POST", "/__mock/faults", r#"{"op": "raw", "attempt": 1, "reject": 503}"#);
    let verdict = stage.call("GET", "/__mock/verdict", "");
    assert_eq!(verdict["ok"], false);
    let failure = verdict["failures"][0].as_str().unwrap();
    let given = r#"fault was never injected: {"op": "raw", "attempt": 1, "reject": 503}"#;
    assert!(failure.contains(given), "{failure}");
    assert_eq!(stage.put("a.txt").status, 503);
    assert_eq!(stage.put("a.txt").status, 200);
    let fault = &stage.call("GET", "/__mock/faults", "")["faults"][0];
    assert_eq!((&fault["matched"], &fault["fired"]), (&json!(1), &json!(1)));
    assert_eq!(stage.call("GET", "/__mock/verdict", ""), json!({ "ok": true }));
}

#[test]
fn the_list_returns_each_fault_definition_verbatim() {
    let stage = stage();
    let one = "{\"reject\": 503,\n  \"op\":\"raw\"}";
    let other = r#"{"op": "piece", "part": 9, "hold": true}"#;
    stage.call("POST", "/__mock/faults", &format!(" {one} "));
    stage.call("POST", "/__mock/faults", &format!("[{other}, {one}]"));
    stage.call("POST", "/__mock/faults", &format!("{{\"fault\": [{one}]}}"));
    let listed = stage.call("GET", "/__mock/faults", "");
    let listed = listed["faults"].as_array().unwrap();
    let definitions: Vec<_> = listed.iter().map(|fault| fault["definition"].clone()).collect();
    assert_eq!(definitions, [one, other, one, one]);
    assert_eq!(listed[0]["name"], "{\"reject\": 503, \"op\":\"raw\"}");
    stage.origin.on(mock_origin::Op::login()).reject(503);
    let rust = &stage.call("GET", "/__mock/faults", "")["faults"][4];
    assert_eq!(rust["definition"], json!(null));
    assert!(rust["name"].as_str().unwrap().starts_with("origin.on(Op::login())"), "{rust}");
    stage.origin.clear_faults();
}

#[test]
fn one_invalid_fault_rejects_the_whole_list() {
    let stage = stage();
    let fine = r#"{"op": "raw", "reject": 503}"#;
    for (other, expected) in [
        (
            r#"{"op": "raw", "user": "nobody", "reject": 503}"#,
            "fault 2: unknown user \"nobody\"; known users: [\"jane\"]",
        ),
        (r#"{"op": "raw"}"#, "fault 2: missing action; expected one of "),
        (
            r#"{"op": "raw", "hold": true, "reject": 503}"#,
            "fault 2: conflicting actions `hold` and `reject`; expected exactly one",
        ),
    ] {
        let (status, line) =
            stage.rejected("POST", "/__mock/faults", &format!("[{fine}, {other}]"));
        assert_eq!(status, 400);
        assert!(line.starts_with(expected), "{line}");
        assert!(stage.origin.faults().is_empty());
    }
    // A single fault has no number.
    let alone =
        stage.rejected("POST", "/__mock/faults", r#"{"op": "raw", "user": "x", "hold": true}"#);
    assert_eq!(alone, (400, "unknown user \"x\"; known users: [\"jane\"]".to_owned()));
}

#[test]
fn deleting_a_hold_releases_its_response() {
    let stage = stage();
    stage.call("POST", "/__mock/faults", r#"{"op": "raw", "hold": true}"#);
    std::thread::scope(|scope| {
        let put = scope.spawn(|| stage.put("a.txt").status);
        assert!(stage.origin.wait_until(support::TIMEOUT, |requests| {
            requests.iter().any(|request| request.outcome() == Outcome::Held)
        }));
        let journal = stage.call("GET", "/__mock/journal", "");
        assert_eq!(journal["exchanges"][0]["outcome"], "held");
        stage.call("DELETE", "/__mock/faults/0", "");
        assert_eq!(put.join().unwrap(), 200);
    });
}

#[test]
fn releasing_an_unknown_fault_does_not_affect_later_holds() {
    let stage = stage();
    assert_eq!(stage.rejected("DELETE", "/__mock/faults/0", "").0, 404);
    assert_eq!(stage.rejected("POST", "/__mock/faults/0/release", "").0, 404);
    stage.call("POST", "/__mock/faults", r#"{"op": "raw", "hold": true}"#);
    std::thread::scope(|scope| {
        let put = scope.spawn(|| stage.put("a.txt").status);
        record::wait_for(&stage.origin, |journal| {
            let held = |one: &Arc<Exchange>| one.outcome == Outcome::Held;
            journal.exchanges().iter().any(held).then_some(())
        });
        stage.call("DELETE", "/__mock/faults", "");
        assert_eq!(put.join().unwrap(), 200);
    });
}

#[test]
fn release_rejects_unknown_faults_and_faults_without_hold() {
    let stage = stage();
    stage.call("POST", "/__mock/faults", r#"{"op": "raw", "reject": 503}"#);
    let release = |id: &str| stage.rejected("POST", &format!("/__mock/faults/{id}/release"), "");
    assert_eq!(release("0"), (404, "fault 0 has no hold; no fault has".to_owned()));
    assert_eq!(release("1"), (404, "unknown fault 1; known: 0".to_owned()));
    stage.origin.clear_faults();
}

#[test]
fn a_released_hold_stays_in_the_list_and_the_verdict() {
    let stage = stage();
    let faults = r#"[{"op": "raw", "hold": true}, {"op": "login", "reject": 503}]"#;
    stage.call("POST", "/__mock/faults", faults);
    std::thread::scope(|scope| {
        let put = scope.spawn(|| stage.put("a.txt").status);
        record::wait_for(&stage.origin, |journal| {
            let held = |one: &Arc<Exchange>| one.outcome == Outcome::Held;
            journal.exchanges().iter().any(held).then_some(())
        });
        let released = stage.call("POST", "/__mock/faults/0/release", "");
        assert_eq!(released, json!({ "released": [0] }));
        assert_eq!(put.join().unwrap(), 200);
    });
    let listed = stage.call("GET", "/__mock/faults", "");
    assert_eq!((&listed["faults"][0]["id"], &listed["faults"][0]["fired"]), (&json!(0), &json!(1)));
    let other = stage.rejected("POST", "/__mock/faults/1/release", "");
    assert_eq!(other, (404, "fault 1 has no hold; faults with hold: 0".to_owned()));
    let verdict = stage.call("GET", "/__mock/verdict", "");
    assert_eq!(verdict["failures"].as_array().unwrap().len(), 1, "{verdict}");
}
