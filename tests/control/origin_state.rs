//! Clock, reset, offline, options and chaos.

use serde_json::json;

use crate::stage;
use crate::support::{Client, Ended, TIMEOUT, create, piece, request};

#[test]
fn advance_moves_the_clock_up_to_the_year_9999() {
    let stage = stage();
    let now = stage.call("GET", "/__mock/clock", "")["now"].as_f64().unwrap();
    let then = stage.call("POST", "/__mock/clock", r#"{"advance": 3600}"#)["now"].as_f64().unwrap();
    assert!((3600.0..3700.0).contains(&(then - now)), "{now} {then}");
    assert_eq!(stage.put("a.txt").status, 403, "the token has expired");
    for (advance, status) in [("0.5", 200), ("1e300", 400), ("18446744073709551615", 200)] {
        let body = format!("{{\"advance\": {advance}}}");
        let response = stage.send("POST", "/__mock/clock", "", body.as_bytes());
        assert_eq!(response.status, status, "{advance}: {}", response.text());
    }
    let end_of_9999 = json!({ "now": 253_402_300_799.0 });
    assert_eq!(stage.call("GET", "/__mock/clock", ""), end_of_9999);
    stage.call("GET", "/__mock/clock", "");
    stage.call("GET", "/__mock/verdict", "");
}

#[test]
fn reset_clears_everything_but_the_ports() {
    let stage = stage();
    stage.put("a.txt");
    stage.call("POST", "/__mock/faults", r#"{"op": "raw", "reject": 503}"#);
    assert_eq!(stage.call("POST", "/__mock/reset", ""), json!({}));
    assert_eq!(
        stage.call("GET", "/__mock/journal", ""),
        json!({ "dropped": 0, "cleared": 0, "exchanges": [] })
    );
    assert_eq!(stage.call("GET", "/__mock/verdict", ""), json!({ "ok": true }));
    assert_eq!(stage.put("a.txt").status, 403, "tokens are gone");
}

#[test]
fn reset_closes_a_held_request_without_a_response() {
    let stage = stage();
    let hold = r#"{"op": "create", "hold": true}"#;
    stage.call("POST", "/__mock/faults", hold);
    let mut client = Client::new(&stage.origin);
    let headers = [("X-Agile-Authorization", &*stage.token), ("X-Agile-Basename", "a")];
    client.write(request("POST", "/multipart/create", &headers, b""));
    assert!(stage.origin.wait_until(TIMEOUT, |_| {
        stage.call("GET", "/__mock/faults", "")["faults"][0]["fired"] == 1
    }));
    stage.call("POST", "/__mock/reset", "");
    let (received, ended) = client.receive(usize::MAX);
    assert_eq!((&*received, ended), (&b""[..], Ended::Fin));
    assert!(stage.origin.uploads().is_empty());
}

#[test]
fn the_control_stays_available_while_the_origin_is_offline() {
    let stage = stage();
    let address = stage.origin.url().strip_prefix("http://").unwrap().to_owned();
    for _ in 0..2 {
        assert_eq!(stage.call("POST", "/__mock/offline", "{}"), json!({}));
        assert!(std::net::TcpStream::connect(&address).is_err());
    }
    for _ in 0..2 {
        assert_eq!(stage.call("POST", "/__mock/online", ""), json!({}));
        assert_eq!(stage.put("a.txt").status, 200);
    }
}

#[test]
fn one_invalid_option_rejects_all_options() {
    let stage = stage();
    let (status, line) =
        stage.rejected("POST", "/__mock/options", r#"{"pieces": 1, "rate_limit": "often"}"#);
    assert_eq!((status, &*line), (400, "invalid value \"often\" for `rate_limit`; expected off|N"));
    let mut client = Client::new(&stage.origin);
    let id = create(&mut client, &stage.token, "/videos", "a.mp4");
    for number in 1..=2 {
        assert_eq!(piece(&mut client, &stage.token, &id, number, b"text").status, 200);
    }
    stage.call("POST", "/__mock/options", r#"{"pieces": 2, "join": "polls:3"}"#);
    assert_ne!(piece(&mut client, &stage.token, &id, 3, b"text").status, 200);
}

#[test]
fn options_are_returned_as_they_are_set() {
    let stage = stage();
    stage.call("POST", "/__mock/options", r#"{"pieces": 2, "join": "polls:3", "rate_limit": 100}"#);
    let values = stage.call("GET", "/__mock/options", "");
    for (name, value) in [
        ("pieces", json!(2)),
        ("join", json!("polls:3")),
        ("rate_limit", json!(100)),
        ("disk_quota", json!("off")),
        ("egress_delay", json!(0)),
        ("x_content_type_auto", json!("reject")),
    ] {
        assert_eq!(values[name], value, "{values}");
    }
    assert_eq!(stage.call("POST", "/__mock/options", &values.to_string()), json!({}));
    assert_eq!(stage.call("GET", "/__mock/options", ""), values);
}

#[test]
fn chaos_lists_its_injected_faults() {
    let stage = stage();
    let body =
        r#"{"seed": 41, "profile": "server_errors", "max_per_operation": 2, "percent": 100}"#;
    assert_eq!(stage.call("POST", "/__mock/chaos", body), json!({}));
    let begun = stage.call("GET", "/__mock/chaos", "");
    let chaos: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(begun, json!({ "chaos": chaos, "injected": [] }));
    assert!(stage.put("a.txt").status >= 400);
    let done = stage.call("GET", "/__mock/chaos", "");
    let first = &done["injected"][0];
    assert!(first["rust"].as_str().unwrap().starts_with("origin.on(Op::"), "{done}");
    let fault = first["fault"].to_string();
    assert_eq!(stage.call("DELETE", "/__mock/faults", ""), json!({ "deleted": [] }));
    assert_eq!(stage.put("b.txt").status, 200, "chaos has ended");
    stage.call("POST", "/__mock/faults", &fault);
    stage.call("POST", "/__mock/chaos", r#"{"seed": 1}"#);
    stage.origin.clear_faults();
}

#[test]
fn ending_chaos_keeps_faults_and_injected_list() {
    let stage = stage();
    stage.call("POST", "/__mock/faults", r#"{"op": "piece", "part": 9, "hold": true}"#);
    for seed in [7, 8] {
        let body = format!(r#"{{"seed": {seed}, "profile": "server_errors", "percent": 100}}"#);
        stage.call("POST", "/__mock/chaos", &body);
    }
    assert_eq!(
        stage.call("GET", "/__mock/chaos", "")["chaos"]["seed"],
        8,
        "the latest chaos is active"
    );
    assert!(stage.put("a.txt").status >= 400);
    assert_eq!(stage.call("DELETE", "/__mock/chaos", ""), json!({}));
    assert_eq!(stage.put("b.txt").status, 200);
    let ended = stage.call("GET", "/__mock/chaos", "");
    assert_eq!((&ended["chaos"], ended["injected"].as_array().unwrap().len()), (&json!(null), 1));
    assert_eq!(stage.call("GET", "/__mock/faults", "")["faults"][0]["id"], 0);
    stage.origin.clear_faults();
}

#[test]
fn reset_keeps_an_offline_origin_offline() {
    let stage = stage();
    let address = stage.origin.url().strip_prefix("http://").unwrap().to_owned();
    stage.call("POST", "/__mock/offline", "");
    stage.call("POST", "/__mock/reset", "");
    assert!(std::net::TcpStream::connect(&address).is_err());
}
