//! `/__mock/wait`: it returns when enough exchanges match, or when the origin is idle.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::stage;
use crate::support::{Client, create, piece};

#[test]
fn a_wait_ends_when_enough_exchanges_match() {
    let stage = stage();
    let target = "/__mock/wait?op=raw&status=200&count=3&timeout=600";
    std::thread::scope(|scope| {
        let wait = scope.spawn(|| stage.call("GET", target, ""));
        for name in ["a", "b", "c"] {
            assert!(!wait.is_finished());
            assert_eq!(stage.put(name).status, 200);
        }
        assert_eq!(wait.join().unwrap(), json!({ "met": true, "count": 3 }));
    });
    // Earlier exchanges count.
    let met = json!({ "met": true, "count": 3 });
    assert_eq!(stage.call("GET", "/__mock/wait?op=raw&count=2&timeout=600", ""), met);
}

#[test]
fn a_wait_accepts_every_selector() {
    let stage = stage();
    let mut client = Client::new(&stage.origin);
    let id = create(&mut client, &stage.token, "/videos", "a.mp4");
    for number in 1..=3 {
        assert_eq!(piece(&mut client, &stage.token, &id, number, b"text").status, 200);
    }
    assert_eq!(stage.put("b.txt").status, 200);
    // The last exchange may not be recorded yet.
    stage.call("GET", "/__mock/wait?quiet=0&timeout=600", "");
    for (query, count) in [
        ("", 5),
        ("op=piece", 3),
        ("part=2", 1),
        ("op=piece&part=2..%3D3", 2),
        ("path=/videos/*", 5),
        ("path=/videos/b.txt", 1),
        ("user=jane", 5),
        (&format!("upload={id}"), 4),
        ("interface=jsonrpc", 0),
        ("method=stat", 0),
        ("status=200", 5),
        ("status=404", 0),
        ("code=0", 5),
        ("code=-1", 0),
        ("outcome=responded", 5),
        ("outcome=cut_by_fault", 0),
        ("after=1", 3),
        ("after=18446744073709551615", 0),
    ] {
        let waited = stage.call("GET", &format!("/__mock/wait?{query}&count=100&timeout=0"), "");
        assert_eq!(waited, json!({ "met": false, "count": count }), "{query}");
    }
}

#[test]
fn a_wait_for_an_outcome_finds_a_held_response() {
    let stage = stage();
    stage.call("POST", "/__mock/faults", r#"{"op": "raw", "hold": true}"#);
    std::thread::scope(|scope| {
        let put = scope.spawn(|| stage.put("a.txt").status);
        let held = stage.call("GET", "/__mock/wait?outcome=held&timeout=600", "");
        assert_eq!(held, json!({ "met": true, "count": 1 }));
        let quiet = stage.call("GET", "/__mock/wait?quiet=0&timeout=0.05", "");
        assert_eq!(quiet, json!({ "met": false }), "a held response is an open exchange");
        stage.call("POST", "/__mock/faults/0/release", "");
        assert_eq!(put.join().unwrap(), 200);
        let responded = stage.call("GET", "/__mock/wait?outcome=responded&timeout=600", "");
        assert_eq!(responded, json!({ "met": true, "count": 1 }));
    });
}

#[test]
fn a_wait_for_quiet_lasts_at_least_the_given_time() {
    let stage = stage();
    assert_eq!(stage.put("a.txt").status, 200);
    let begun = Instant::now();
    let quiet = stage.call("GET", "/__mock/wait?quiet=0.2&timeout=600", "");
    assert_eq!(quiet, json!({ "met": true }));
    assert!(begun.elapsed() >= Duration::from_millis(200));
}

#[test]
fn a_wait_ends_after_its_timeout() {
    let stage = stage();
    let begun = Instant::now();
    let waited = stage.call("GET", "/__mock/wait?timeout=0.1", "");
    assert_eq!(waited, json!({ "met": false, "count": 0 }));
    assert!(begun.elapsed() >= Duration::from_millis(100));
}

#[test]
fn hundreds_of_waits_do_not_block_requests() {
    let stage = stage();
    let waiting: Vec<_> = (0..600)
        .map(|_| {
            let mut client = Client::to(&stage.base());
            client.write(stage.bytes("GET", "/__mock/wait?op=raw&timeout=600", "", b""));
            client
        })
        .collect();
    stage.call("GET", "/__mock/clock", "");
    assert_eq!(stage.put("a.txt").status, 200);
    for mut client in waiting {
        let response: Value = serde_json::from_str(client.read().text()).unwrap();
        assert_eq!(response, json!({ "met": true, "count": 1 }));
    }
}

#[test]
fn a_reset_restarts_the_count_of_a_wait() {
    let stage = stage();
    let target = "/__mock/wait?op=create&count=2&timeout=600";
    let waits: Vec<_> = (0..20)
        .map(|_| {
            let mut client = Client::to(&stage.base());
            client.write(stage.bytes("GET", target, "", b""));
            client
        })
        .collect();
    // The reset arrives before, during or after the start of each wait.
    let create = |name| {
        let token = stage.origin.issue_token("jane");
        create(&mut Client::new(&stage.origin), &token, "/videos", name)
    };
    create("a");
    stage.call("POST", "/__mock/reset", "");
    create("b");
    create("c");
    for mut client in waits {
        let waited: Value = serde_json::from_str(client.read().text()).unwrap();
        assert_eq!(waited, json!({ "met": true, "count": 2 }));
    }
}

#[test]
fn invalid_waits_return_one_line() {
    let stage = stage();
    for (query, expected) in [
        ("ops=raw", "unknown parameter `ops`; did you mean `op`?"),
        ("op=rawr", "invalid value \"rawr\" for `op`; expected `any`, `login`"),
        (
            "op=raw&method=stat",
            "conflicting keys `method` and `op`; expected at most one of `op`, `method`",
        ),
        ("op=raw&part=1", "key `part` requires op = \"piece\""),
        ("part=x", "invalid value \"x\" for `part`; expected N or \"A..=B\""),
        ("op=piece&part=0", "part: invalid part number 0; expected 1 to 2147483647"),
        (
            "op=piece&interface=jsonrpc",
            "piece over jsonrpc does not exist; it is available over http",
        ),
        ("path=videos", "path: invalid path \"videos\"; did you mean \"/videos\"?"),
        ("user=jim", "unknown user \"jim\"; known users: [\"jane\"]"),
        ("status=ok", "invalid value \"ok\" for parameter `status`; expected an HTTP status"),
        ("code=x", "invalid value \"x\" for parameter `code`; expected a result code"),
        (
            "outcome=fine",
            "invalid value \"fine\" for parameter `outcome`; expected an outcome, as in the journal",
        ),
        ("count=-1", "invalid value \"-1\" for parameter `count`; expected a number of 1 or more"),
        ("count=0", "invalid value \"0\" for parameter `count`; expected a number of 1 or more"),
        (
            "timeout=soon",
            "invalid value \"soon\" for parameter `timeout`; expected seconds from 0 to 3600",
        ),
        (
            "timeout=3601",
            "invalid value \"3601\" for parameter `timeout`; expected seconds from 0 to 3600",
        ),
        (
            "timeout=-1",
            "invalid value \"-1\" for parameter `timeout`; expected seconds from 0 to 3600",
        ),
        (
            "quiet=1&op=raw",
            "conflicting parameters `quiet` and `op`; quiet concerns every exchange",
        ),
    ] {
        let (status, line) = stage.rejected("GET", &format!("/__mock/wait?{query}"), "");
        assert_eq!(status, 400, "{query}: {line}");
        assert!(line.starts_with(expected), "{query}: {line}");
    }
}
