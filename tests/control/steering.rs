//! What makes the origin go another way.

use serde_json::json;

use crate::stage;
use crate::support::{Client, create, piece};

#[test]
fn the_clock_jumps() {
    let stage = stage();
    let now = stage.ask("GET", "/__mock/clock", "")["now"].as_u64().unwrap();
    let then = stage.ask("POST", "/__mock/clock", r#"{"advance": 3600}"#)["now"].as_u64().unwrap();
    assert!((3600..3700).contains(&(then - now)), "{now} {then}");
    assert_eq!(stage.put("a.txt").status, 403, "the token has expired");
    for advance in ["0.5", "1e300", "18446744073709551615"] {
        let body = format!("{{\"advance\": {advance}}}");
        let answer = stage.send("POST", "/__mock/clock", "", body.as_bytes());
        assert!(matches!(answer.status, 200 | 400), "{advance}: {}", answer.text());
    }
    stage.ask("GET", "/__mock/clock", "");
    stage.ask("GET", "/__mock/verdict", "");
}

#[test]
fn reset_forgets_and_keeps_the_ports() {
    let stage = stage();
    stage.put("a.txt");
    stage.ask("POST", "/__mock/faults", r#"{"op": "raw", "reject": 503}"#);
    assert_eq!(stage.ask("POST", "/__mock/reset", ""), json!({}));
    assert_eq!(stage.ask("GET", "/__mock/journal", ""), json!({ "exchanges": [] }));
    assert_eq!(stage.ask("GET", "/__mock/verdict", ""), json!({ "ok": true }));
    assert_eq!(stage.put("a.txt").status, 403, "tokens are gone");
}

#[test]
fn the_origin_goes_offline_and_the_control_stays() {
    let stage = stage();
    let address = stage.origin.url().strip_prefix("http://").unwrap().to_owned();
    for _ in 0..2 {
        assert_eq!(stage.ask("POST", "/__mock/offline", "{}"), json!({}));
        assert!(std::net::TcpStream::connect(&address).is_err());
    }
    for _ in 0..2 {
        assert_eq!(stage.ask("POST", "/__mock/online", ""), json!({}));
        assert_eq!(stage.put("a.txt").status, 200);
    }
}

#[test]
fn switches_are_set_all_or_none() {
    let stage = stage();
    let (status, line) =
        stage.refused("POST", "/__mock/switches", r#"{"pieces": 1, "rate_limit": "often"}"#);
    assert_eq!((status, &*line), (400, "rate_limit takes off|N, not \"often\""));
    let mut client = Client::new(&stage.origin);
    let id = create(&mut client, &stage.token, "/videos", "a.mp4");
    for number in 1..=2 {
        assert_eq!(piece(&mut client, &stage.token, &id, number, b"text").status, 200);
    }
    stage.ask("POST", "/__mock/switches", r#"{"pieces": 2, "join": "polls:3"}"#);
    assert_ne!(piece(&mut client, &stage.token, &id, 3, b"text").status, 200);
}

#[test]
fn chaos_decides_and_tells_what_it_has_done() {
    let stage = stage();
    let body = r#"{"seed": 41, "profile": "ill", "at_most": 2, "percent": 100}"#;
    assert_eq!(stage.ask("POST", "/__mock/chaos", body), json!({}));
    assert!(stage.put("a.txt").status >= 400);
    let done = stage.ask("GET", "/__mock/chaos", "");
    let first = &done["done"][0];
    assert!(first["sentence"].as_str().unwrap().starts_with("origin.on(Op::"), "{done}");
    let fault = first["fault"].to_string();
    assert_eq!(stage.ask("DELETE", "/__mock/faults", ""), json!({ "deleted": [] }));
    assert_eq!(stage.put("b.txt").status, 200, "chaos is over");
    stage.ask("POST", "/__mock/faults", &fault);
    stage.ask("POST", "/__mock/chaos", r#"{"seed": 1}"#);
}
