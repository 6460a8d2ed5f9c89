//! Faults and their accounts, and what happened.

use std::sync::Arc;

use mock_origin::Outcome;
use mock_origin::control::ENDPOINTS;
use mock_origin::journal::Exchange;
use serde_json::{Value, json};

use crate::stage;
use crate::support::{self, Client, create, piece, record};

#[test]
fn the_root_says_what_there_is() {
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
fn faults_are_added_act_are_listed_and_go() {
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
fn what_a_fault_has_done_is_in_its_account_and_in_the_verdict() {
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
fn a_fault_is_shown_in_the_words_in_which_it_was_given() {
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
fn of_several_faults_all_are_added_or_none() {
    let stage = stage();
    let fine = r#"{"op": "raw", "reject": 503}"#;
    for (other, said) in [
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
        assert!(line.starts_with(said), "{line}");
        assert!(stage.origin.faults().is_empty());
    }
    // Alone it needs no number.
    let alone =
        stage.rejected("POST", "/__mock/faults", r#"{"op": "raw", "user": "x", "hold": true}"#);
    assert_eq!(alone, (400, "unknown user \"x\"; known users: [\"jane\"]".to_owned()));
}

#[test]
fn deleting_a_hold_releases_its_answer() {
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
fn a_hold_still_holds_if_its_number_was_released_or_deleted_before_it_was_added() {
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
fn what_cannot_be_released_is_told_from_what_there_is_not() {
    let stage = stage();
    stage.call("POST", "/__mock/faults", r#"{"op": "raw", "reject": 503}"#);
    let release = |id: &str| stage.rejected("POST", &format!("/__mock/faults/{id}/release"), "");
    assert_eq!(release("0"), (404, "fault 0 has no hold; no fault has".to_owned()));
    assert_eq!(release("1"), (404, "unknown fault 1; known: 0".to_owned()));
    stage.origin.clear_faults();
}

#[test]
fn a_released_hold_keeps_its_account_and_is_judged() {
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

#[test]
fn the_journal_tells_everything_but_secrets() {
    let stage = stage();
    let mut client = Client::new(&stage.origin);
    let id = create(&mut client, &stage.token, "/videos", "a.mp4");
    assert_eq!(piece(&mut client, &stage.token, &id, 1, b"text").status, 200);
    assert_eq!(stage.put("b.txt").status, 200);
    let journal = stage.call("GET", "/__mock/journal", "");
    let exchanges = journal["exchanges"].as_array().unwrap();
    assert_eq!(exchanges.len(), 3);
    let told = &exchanges[1];
    let call = &told["calls"][0];
    for (found, expected) in [
        (&told["index"], json!(1)),
        (&told["connection"], json!(0)),
        (&told["method"], json!("POST")),
        (&told["target"], json!("/multipart/piece")),
        (&told["framing"], json!("length")),
        (&told["declared"], json!(4)),
        (&told["received"], json!(4)),
        (&told["status"], json!(200)),
        (&told["outcome"], json!("responded")),
        (&told["faults"], json!([])),
        (&call["operation"], json!("piece")),
        (&call["interface"], json!("http")),
        (&call["name"], json!("/multipart/piece")),
        (&call["user"], json!("jane")),
        (&call["path"], json!("/acme/videos/a.mp4")),
        (&call["upload"], json!(id)),
        (&call["part"], json!(1)),
        (&call["code"], json!(0)),
    ] {
        assert_eq!(*found, expected, "{told}");
    }
    let (opened, closed) = (told["opened"].as_f64().unwrap(), told["closed"].as_f64().unwrap());
    assert!(opened <= told["committed"].as_f64().unwrap() && opened <= closed);
    assert!(told["response_started"].is_f64() && told["digest"].as_str().unwrap().len() == 64);
    let authorization = json!(["X-Agile-Authorization", "<redacted>"]);
    assert!(told["headers"].as_array().unwrap().contains(&authorization), "{told}");
    assert_eq!(exchanges[2]["target"], "/post/raw");
    let text = journal.to_string();
    assert!(!text.contains(&stage.token) && !text.contains("hidden"), "{text}");
}

#[test]
fn the_journal_is_read_on_from_a_number() {
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
fn the_journal_is_read_page_by_page() {
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
fn a_long_journal_is_streamed_and_an_exchange_names_its_fault_by_id() {
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

/// A body out of its chunks; every chunk is ASCII here.
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
fn the_timeline_is_text() {
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
fn no_answer_has_dangerous_characters_in_it() {
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
    assert_eq!(faults["faults"][0]["name"], "c\u{202e}d", "what is escaped means the same");
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
    let told = stage.call("GET", "/__mock/journal", "");
    let target = told["exchanges"][0]["target"].as_str().unwrap();
    assert_eq!(target, "http://<redacted>@host/account/login");
}

#[test]
fn connections_that_no_exchange_tells_of_are_listed() {
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
fn marks_are_listed_in_their_order() {
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
fn facts_about_body_and_token_are_told() {
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
