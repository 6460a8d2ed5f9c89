//! What the origin recorded: the root, the journal, the timeline, connections and marks.

use mock_origin::MockOrigin;
use mock_origin::control::ENDPOINTS;
use serde_json::{Value, json};

use crate::support::{Client, create, piece, record};
use crate::{stage, stage_of};

#[test]
fn the_root_lists_every_endpoint() {
    let stage = stage();
    let there = stage.call("GET", "/__mock/", "");
    assert_eq!(stage.call("GET", "/__mock", ""), there);
    let listed = there["endpoints"].as_array().unwrap();
    assert_eq!(listed.len(), ENDPOINTS.len());
    for (listed, endpoint) in listed.iter().zip(ENDPOINTS) {
        assert_eq!(
            (&listed["method"], &listed["path"]),
            (&json!(endpoint.method), &json!(endpoint.path))
        );
        assert_eq!(listed["meaning"], endpoint.what);
    }
}

#[test]
fn the_journal_has_every_field_and_no_secret() {
    let stage = stage();
    let mut client = Client::new(&stage.origin);
    let id = create(&mut client, &stage.token, "/videos", "a.mp4");
    assert_eq!(piece(&mut client, &stage.token, &id, 1, b"text").status, 200);
    assert_eq!(stage.put("b.txt").status, 200);
    let journal = stage.call("GET", "/__mock/journal", "");
    let exchanges = journal["exchanges"].as_array().unwrap();
    assert_eq!(exchanges.len(), 3);
    let exchange = &exchanges[1];
    let call = &exchange["calls"][0];
    for (found, expected) in [
        (&exchange["index"], json!(1)),
        (&exchange["connection"], json!(0)),
        (&exchange["method"], json!("POST")),
        (&exchange["target"], json!("/multipart/piece")),
        (&exchange["framing"], json!("length")),
        (&exchange["declared"], json!(4)),
        (&exchange["received"], json!(4)),
        (&exchange["status"], json!(200)),
        (&exchange["outcome"], json!("responded")),
        (&exchange["faults"], json!([])),
        (&call["operation"], json!("piece")),
        (&call["interface"], json!("http")),
        (&call["name"], json!("/multipart/piece")),
        (&call["user"], json!("jane")),
        (&call["path"], json!("/acme/videos/a.mp4")),
        (&call["upload"], json!(id)),
        (&call["part"], json!(1)),
        (&call["code"], json!(0)),
    ] {
        assert_eq!(*found, expected, "{exchange}");
    }
    let (opened, closed) =
        (exchange["opened"].as_f64().unwrap(), exchange["closed"].as_f64().unwrap());
    assert!(opened <= exchange["committed"].as_f64().unwrap() && opened <= closed);
    assert!(
        exchange["response_started"].is_f64() && exchange["digest"].as_str().unwrap().len() == 64
    );
    let authorization = json!(["X-Agile-Authorization", "<redacted>"]);
    assert!(exchange["headers"].as_array().unwrap().contains(&authorization), "{exchange}");
    assert_eq!(exchanges[2]["target"], "/post/raw");
    let text = journal.to_string();
    assert!(!text.contains(&stage.token) && !text.contains("hidden"), "{text}");
}

#[test]
fn after_returns_only_later_exchanges() {
    let stage = stage();
    for name in ["a", "b", "c"] {
        assert_eq!(stage.put(name).status, 200);
    }
    for (after, indices) in [("0", &[1, 2][..]), ("2", &[]), ("18446744073709551615", &[])] {
        let journal = stage.call("GET", &format!("/__mock/journal?after={after}"), "");
        let found: Vec<_> = journal["exchanges"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["index"].as_u64().unwrap())
            .collect();
        assert_eq!(found, indices, "{after}");
    }
}

#[test]
fn after_and_limit_page_through_the_journal() {
    let stage = stage();
    (0..5).for_each(|number| assert_eq!(stage.put(&number.to_string()).status, 200));
    let mut found = Vec::new();
    let mut page = "/__mock/journal?limit=2".to_owned();
    loop {
        let journal = stage.call("GET", &page, "");
        let indices = journal["exchanges"].as_array().unwrap().iter();
        let indices: Vec<_> = indices.map(|one| one["index"].as_u64().unwrap()).collect();
        let Some(last) = indices.last() else { break };
        page = format!("/__mock/journal?after={last}&limit=2");
        found.push(indices);
    }
    assert_eq!(found, [vec![0, 1], vec![2, 3], vec![4]]);
}

#[test]
fn the_journal_counts_what_the_limit_dropped() {
    let stage = stage_of(MockOrigin::builder().journal_limit(2));
    (0..5).for_each(|number| assert_eq!(stage.put(&number.to_string()).status, 200));
    stage.origin.journal();
    let journal = stage.call("GET", "/__mock/journal?limit=1", "");
    assert_eq!((&journal["dropped"], &journal["cleared"]), (&json!(3), &json!(0)));
    assert_eq!(journal["exchanges"][0]["index"], 3);
    assert!(stage.call("GET", "/__mock/journal?after=4", "")["exchanges"][0].is_null());
}

#[test]
fn clearing_the_journal_keeps_files_and_faults() {
    let stage = stage();
    stage.call("POST", "/__mock/faults", r#"{"op": "raw", "always": true, "delay": 0.000001}"#);
    (0..3).for_each(|number| assert_eq!(stage.put(&number.to_string()).status, 200));
    assert_eq!(stage.call("DELETE", "/__mock/journal", ""), json!({ "cleared": 3 }));
    let journal = stage.call("GET", "/__mock/journal", "");
    assert_eq!(journal, json!({ "dropped": 0, "cleared": 3, "exchanges": [] }));
    assert_eq!(stage.call("GET", "/__mock/files", "")["files"].as_array().unwrap().len(), 3);
    assert_eq!(stage.call("GET", "/__mock/faults", "")["faults"][0]["id"], 0);
    assert_eq!(stage.put("3").status, 200);
    let journal = stage.call("GET", "/__mock/journal", "");
    assert_eq!(journal["exchanges"][0]["index"], 3);
}

#[test]
fn a_long_journal_is_streamed_and_refers_to_faults_by_id() {
    const COUNT: usize = 600;
    let stage = stage();
    let name = "x".repeat(10_000);
    let fault =
        format!(r#"{{"op": "login", "always": true, "delay": 0.000001, "name": "{name}"}}"#);
    stage.call("POST", "/__mock/faults", &fault);
    let login = [("X-Agile-Username", "jane"), ("X-Agile-Password", "secret")];
    let mut client = Client::new(&stage.origin);
    for _ in 0..COUNT {
        assert_eq!(client.send("GET", "/account/login", &login, b"").status, 200);
    }
    let mut control = Client::to(&stage.base());
    let response =
        control.write(stage.bytes("GET", "/__mock/journal", "", b"")).read_to_end().unwrap();
    let response = String::from_utf8(response).unwrap();
    let (head, chunked) = response.split_once("\r\n\r\n").unwrap();
    assert!(head.contains("Transfer-Encoding: chunked"), "{head}");
    let journal: Value = serde_json::from_str(&unchunked(chunked)).unwrap();
    let exchanges = journal["exchanges"].as_array().unwrap();
    assert_eq!(exchanges.len(), COUNT);
    assert!(exchanges.iter().all(|one| one["faults"] == json!([{ "id": 0 }])));
    assert!(response.len() < COUNT * 2000, "{} bytes", response.len());
}

/// Joins the chunks of a body; every chunk must be ASCII.
pub(crate) fn unchunked(mut rest: &str) -> String {
    let mut whole = String::new();
    loop {
        let (length, behind) = rest.split_once("\r\n").unwrap();
        match usize::from_str_radix(length, 16).unwrap() {
            0 => return whole,
            length => {
                whole.push_str(&behind[..length]);
                rest = &behind[length + 2..];
            }
        }
    }
}

#[test]
fn the_timeline_is_plain_text() {
    let stage = stage();
    stage.put("a.txt");
    let response = stage.send("GET", "/__mock/timeline", "", b"");
    assert_eq!(response.header("Content-Type"), Some("text/plain; charset=utf-8"));
    assert!(
        response.text().contains("POST /post/raw of /acme/videos/a.txt"),
        "{}",
        response.text()
    );
}

#[test]
fn responses_escape_control_and_bidi_characters() {
    let stage = stage();
    let name = "a\u{9b}\u{202e}\u{2028}\u{200b}\u{7f}b";
    let body = json!({ "method": format!("{name}\n FAKE"), "id": 1 }).to_string();
    Client::new(&stage.origin).send("POST", "/jsonrpc", &[], body.as_bytes());
    assert_eq!(stage.put("a\u{202e}b").status, 200);
    let fault =
        json!({ "op": "piece", "path": format!("/{name}"), "name": "c\u{202e}d", "hold": true });
    stage.call("POST", "/__mock/faults", &fault.to_string());
    for path in ["journal", "verdict", "faults", "timeline", "transcript", "har", "trace"] {
        let response = stage.send("GET", &format!("/__mock/{path}"), "", b"");
        let text = response.text();
        let raw = text
            .trim_end()
            .find(|char: char| "\u{9b}\u{202e}\u{2028}\u{200b}\u{7f}".contains(char));
        assert_eq!(raw, None, "{path}: {text:?}");
        assert!(text.contains("\\u") && !text.contains("\n FAKE"), "{path}: {text}");
    }
    let faults = stage.call("GET", "/__mock/faults", "");
    assert_eq!(faults["faults"][0]["name"], "c\u{202e}d", "the escaped name has the same value");
}

#[test]
fn the_journal_redacts_every_kind_of_secret() {
    let stage = stage();
    let secret = "5b3dbe7e-4b5c-4d5e-8f10-0123456789ab";
    let url = format!("http://jane:{secret}@host/p?a=1&token={secret}&e={secret}&h={secret}");
    let headers = [
        ("X-LLNW-Authorization", secret),
        ("Cookie", secret),
        ("Proxy-Authorization", secret),
        ("Set-Cookie", secret),
        ("Referer", &*url),
    ];
    let target = url.replace("/p?", "/account/login?");
    Client::new(&stage.origin).send("GET", &target, &headers, b"");
    let bad = format!("{{\"params\": [\"jane\", \"{secret}\"]}}\r\n\r\n");
    let mut client = Client::new(&stage.origin);
    client.write(bad).finish_writing().read_to_end().unwrap();
    record::closed_connection(&stage.origin, client.address());
    for path in ["journal", "timeline", "verdict", "transcript", "har", "trace"] {
        let response = stage.send("GET", &format!("/__mock/{path}"), "", b"");
        assert!(!response.text().contains(secret), "{path}: {}", response.text());
    }
    let journal = stage.origin.journal();
    assert!(!format!("{journal:?}").contains(secret));
    let request = stage.origin.requests().iter().next().unwrap().clone();
    for name in ["X-LLNW-Authorization", "Cookie", "Referer"] {
        let failure = request.try_header(name, "other").unwrap_err().to_string();
        assert!(!failure.contains(secret), "{failure}");
    }
    let exchange = stage.call("GET", "/__mock/journal", "");
    let target = exchange["exchanges"][0]["target"].as_str().unwrap();
    assert_eq!(target, "http://<redacted>@host/account/login");
}

#[test]
fn connections_lists_bytes_that_are_no_request() {
    let stage = stage();
    assert_eq!(stage.call("GET", "/__mock/connections", ""), json!({ "connections": [] }));
    let mut client = Client::new(&stage.origin);
    client.send("OPTIONS", "/", &[], b"");
    client.write("{}\r\n\r\n").finish_writing().read_to_end().unwrap();
    record::closed_connection(&stage.origin, client.address());
    let listed = stage.call("GET", "/__mock/connections", "");
    let unparsed = &listed["connections"][0]["unparsed"];
    assert_eq!(
        (&unparsed["kind"], &unparsed["behind"]),
        (&json!("bytes_behind_request"), &json!(0))
    );
    assert_eq!((&unparsed["excerpt"], &unparsed["status"]), (&json!("{}"), &json!(400)));
    let verdict = stage.call("GET", "/__mock/verdict", "");
    assert!(verdict["failures"][0].as_str().unwrap().contains("behind #0"), "{verdict}");
}

#[test]
fn marks_are_listed_in_order() {
    let stage = stage();
    assert_eq!(stage.call("GET", "/__mock/marks", ""), json!({ "marks": [] }));
    stage.call("POST", "/__mock/faults", r#"{"op": "piece", "part": 9, "reject": 503}"#);
    Client::new(&stage.origin).send("OPTIONS", "/", &[], b"");
    stage.call("POST", "/__mock/marks", r#"{"note": "second upload"}"#);
    stage.call("POST", "/__mock/clock", r#"{"advance": 5}"#);
    stage.call("DELETE", "/__mock/faults/0", "");
    let listed = stage.call("GET", "/__mock/marks", "");
    let marks = listed["marks"].as_array().unwrap();
    let shown: Vec<_> = marks
        .iter()
        .map(|mark| [&mark["index"], &mark["event"], &mark["next_exchange"]].map(Value::to_string))
        .collect();
    let expected = [
        ["0", "\"fault_added\"", "0"],
        ["1", "\"note\"", "1"],
        ["2", "\"advanced\"", "1"],
        ["3", "\"fault_removed\"", "1"],
    ];
    assert_eq!(shown, expected);
    assert_eq!(
        (&marks[1]["text"], &marks[1]["fault"]),
        (&json!("note: second upload"), &json!(null))
    );
    assert_eq!(
        (&marks[2]["text"], &marks[3]["fault"]),
        (&json!("protocol time advanced by 5s"), &json!({ "id": 0 }))
    );
    assert!(marks.iter().all(|mark| mark["at"].is_f64()));
}

#[test]
fn the_journal_reports_truncated_bodies_and_expired_tokens() {
    let stage = stage();
    let token = [("X-Agile-Authorization", &*stage.token)];
    stage.origin.expire_token(&stage.token);
    Client::new(&stage.origin).send("POST", "/multipart/create", &token, b"");
    let head = "OPTIONS / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n";
    let mut client = Client::new(&stage.origin);
    assert_eq!(client.write(head).read().status, 100);
    client.write("hel").finish_writing().read_to_end().unwrap();
    Client::new(&stage.origin).write("OPTIONS / HTTP/1.1\r\n\r\n").read_to_end().unwrap();
    let journal = stage.call("GET", "/__mock/journal", "");
    let [dead, cut, hostless] = [0, 1, 2].map(|at| &journal["exchanges"][at]);
    let ended = json!({ "session": 0, "by": "test", "exchange": null, "fault": null });
    assert_eq!(dead["calls"][0]["ended_token"], ended);
    assert_eq!((&cut["body_end"], &cut["digest"]), (&json!("truncated"), &json!(null)));
    assert_eq!(cut["partial_digest"].as_str().map(str::len), Some(64));
    let [opened, continued, last_byte] =
        ["opened", "continued", "last_byte"].map(|key| cut[key].as_f64().unwrap());
    assert!(opened <= continued && continued <= last_byte, "{cut}");
    assert_eq!(hostless["http_error"], "it has no Host");
    assert_eq!((&hostless["body_end"], &hostless["last_byte"]), (&json!(null), &json!(null)));
    assert!(stage.origin.verify().is_err(), "a request had no Host");
}
