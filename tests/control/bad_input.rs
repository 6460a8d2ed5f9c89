//! Invalid and hostile requests: each returns one line and changes nothing.

use serde_json::json;

use crate::support::Client;
use crate::{error, stage};

const FAULTS: &str = "/__mock/faults";
const CLOCK: &str = "/__mock/clock";
const CHAOS: &str = "/__mock/chaos";

/// Method, path, body, expected status, and how the error line begins.
const INVALID: &[(&str, &str, &str, u16, &str)] = &[
    (
        "GET",
        "/",
        "",
        404,
        "unknown path /; expected one of /__mock/, /__mock/faults, /__mock/faults/ID, ",
    ),
    ("GET", "/__mock/nothing", "", 404, "unknown path /__mock/nothing; expected one of "),
    ("GET", "/__mock/faults/0/x", "", 404, "unknown path /__mock/faults/0/x; expected one of "),
    ("DELETE", "/__mock/faults/0", "", 404, "unknown fault 0; known: none"),
    ("DELETE", "/__mock/faults/-1", "", 404, "unknown fault -1; known: none"),
    ("DELETE", "/__mock/faults/ID", "", 404, "unknown fault ID; known: none"),
    ("POST", "/__mock/faults/0/release", "", 404, "unknown fault 0; known: none"),
    (
        "GET",
        "/__mock/faults/0/release",
        "",
        405,
        "invalid method GET for /__mock/faults/0/release; expected POST",
    ),
    ("PUT", FAULTS, "", 405, "invalid method PUT for /__mock/faults; expected GET, POST, DELETE"),
    (
        "GET",
        "/__mock/faults/0",
        "",
        405,
        "invalid method GET for /__mock/faults/0; expected DELETE",
    ),
    ("GET", "/__mock/reset", "", 405, "invalid method GET for /__mock/reset; expected POST"),
    (
        "POST",
        FAULTS,
        "",
        400,
        r#"empty body; expected a fault, a list of faults, or {"fault": […]}"#,
    ),
    ("POST", FAULTS, "{", 400, "invalid JSON: "),
    ("POST", FAULTS, "7", 400, "invalid value 7 for the fault; expected a table or an object"),
    (
        "POST",
        FAULTS,
        r#"{"op": "piece", "hold": "please"}"#,
        400,
        "invalid value \"please\" for `hold`; expected true",
    ),
    (
        "POST",
        FAULTS,
        r#"{"op": "raw", "path": "a\nb", "hold": true}"#,
        400,
        r#"path: invalid path "a\nb"; did you mean "/a\nb"?"#,
    ),
    (
        "POST",
        FAULTS,
        r#"{"opp": "piece"}"#,
        400,
        "unknown key `opp` in the fault; did you mean `op`?",
    ),
    ("POST", FAULTS, "[]", 400, "empty list; expected at least one fault"),
    ("POST", FAULTS, r#"{"fault": []}"#, 400, "empty list; expected at least one fault"),
    ("POST", FAULTS, r#"{"op": "piece", "op": "raw"}"#, 400, "duplicate key `op` in the fault"),
    ("POST", CLOCK, "", 400, "empty body; expected {\"advance\": SECONDS}"),
    ("POST", CLOCK, "[]", 400, "invalid value [] for the body; expected {\"advance\": SECONDS}"),
    ("POST", CLOCK, "{}", 400, "missing key `advance` in the body"),
    (
        "POST",
        CLOCK,
        r#"{"advance": -1}"#,
        400,
        "invalid value -1 for `advance`; expected SECONDS from 0 to 18446744073709551615",
    ),
    (
        "POST",
        CLOCK,
        r#"{"advance": "1 h"}"#,
        400,
        "invalid value \"1 h\" for `advance`; expected SECONDS from 0 to 18446744073709551615",
    ),
    ("POST", CLOCK, r#"{"advance": 1, "advance": 2}"#, 400, "duplicate key `advance` in the body"),
    ("POST", CHAOS, r#"{"seed": 1, "seed": 2}"#, 400, "duplicate key `seed` in chaos"),
    (
        "POST",
        "/__mock/options",
        r#"{"rate_limit": 5, "rate_limit": 6}"#,
        400,
        "duplicate key `rate_limit` in the body",
    ),
    (
        "POST",
        CLOCK,
        r#"{"retreat": 1}"#,
        400,
        "unknown key `retreat` in the body; expected `advance`",
    ),
    (
        "POST",
        "/__mock/options",
        r#"{"colour": "red"}"#,
        400,
        "unknown option `colour`; known: result_shape, ",
    ),
    (
        "POST",
        "/__mock/options",
        r#"{"join": true}"#,
        400,
        "invalid value true for `join`; expected a text or a number",
    ),
    ("POST", CHAOS, "{}", 400, "missing key `seed` in chaos"),
    (
        "POST",
        CHAOS,
        r#"{"seed": "x"}"#,
        400,
        "invalid value \"x\" for `seed`; expected a whole number from 0 to 18446744073709551615",
    ),
    (
        "POST",
        CHAOS,
        r#"{"seed": 1, "percent": 101}"#,
        400,
        "invalid value 101 for `percent`; expected a whole number from 1 to 100",
    ),
    (
        "POST",
        CHAOS,
        r#"{"seed": 1, "max_per_operation": 4294967296}"#,
        400,
        "invalid value 4294967296 for `max_per_operation`; expected a whole number from 1 to 4294967295",
    ),
    (
        "POST",
        CHAOS,
        r#"{"seed": 1, "profile": "odd"}"#,
        400,
        "invalid value \"odd\" for `profile`; expected one of `network`, `server_errors`, `latency`, `all`",
    ),
    (
        "POST",
        CHAOS,
        r#"{"seed": 1, "max_per_operation": 0}"#,
        400,
        "invalid value 0 for `max_per_operation`; expected a whole number from 1 to 4294967295",
    ),
    (
        "POST",
        CHAOS,
        r#"{"seed": 1, "percent": 0}"#,
        400,
        "invalid value 0 for `percent`; expected a whole number from 1 to 100",
    ),
    (
        "POST",
        CHAOS,
        r#"{"seed": 1, "often": 1}"#,
        400,
        "unknown key `often` in chaos; expected one of `seed`, `profile`, `max_per_operation`, `percent`",
    ),
    (
        "GET",
        "/__mock/journal?after=x",
        "",
        400,
        "invalid value \"x\" for parameter `after`; expected the number of an exchange",
    ),
    (
        "GET",
        "/__mock/journal?after=-1",
        "",
        400,
        "invalid value \"-1\" for parameter `after`; expected the number of an exchange",
    ),
    (
        "GET",
        "/__mock/journal?after=01",
        "",
        400,
        "invalid value \"01\" for parameter `after`; expected the number of an exchange",
    ),
    (
        "GET",
        "/__mock/journal?after",
        "",
        400,
        "invalid value \"\" for parameter `after`; expected the number of an exchange",
    ),
    (
        "GET",
        "/__mock/journal?limit=all",
        "",
        400,
        "invalid value \"all\" for parameter `limit`; expected a number",
    ),
    ("GET", "/__mock/journal?after=1&after=2", "", 400, "duplicate parameter `after`"),
    (
        "GET",
        "/__mock/journal?after=%FF",
        "",
        400,
        "invalid value for parameter `after`; expected UTF-8",
    ),
    ("GET", "/__mock/journal?before=1", "", 400, "unknown parameter `before`; known: after, limit"),
    ("GET", "/__mock/verdict?x=1", "", 400, "invalid query; GET /__mock/verdict expects none"),
    ("POST", "/__mock/reset", "now", 400, "invalid body; POST /__mock/reset expects none"),
];

#[test]
fn invalid_requests_return_one_line_with_allowed_values() {
    let stage = stage();
    for (method, path, body, status, expected) in INVALID {
        let (found, line) = stage.rejected(method, path, body);
        assert_eq!(found, *status, "{method} {path} {body}: {line}");
        assert!(line.starts_with(expected), "{method} {path} {body}: {line}");
    }
    assert_eq!(stage.send("PUT", FAULTS, "", b"").header("Allow"), Some("GET, POST, DELETE"));
    let line = error(&stage.send("POST", CLOCK, "", b"\xff{}")).1;
    assert_eq!(line, "invalid body; expected UTF-8");
    assert!(stage.origin.faults().is_empty());
}

#[test]
fn a_body_above_1_mib_is_rejected() {
    let stage = stage();
    for length in [(1 << 20) + 1, 4 << 20] {
        let response = stage.send("POST", "/__mock/faults", "", &vec![b' '; length]);
        assert_eq!(error(&response), (413, "invalid body; expected at most 1 MiB".to_owned()));
    }
    let fault = br#"{"op": "raw", "reject": 503}"#;
    let mut most = vec![b' '; (1 << 20) - fault.len()];
    most.extend(fault);
    assert_eq!(stage.send("POST", "/__mock/faults", "", &most).status, 200);
    stage.origin.clear_faults();
}

#[test]
fn requests_with_a_foreign_origin_or_host_are_rejected() {
    let stage = stage();
    let send = |headers: &str| stage.send("POST", "/__mock/reset", headers, b"");
    for headers in [
        "Origin: http://localhost\r\n",
        "Origin: null\r\n",
        "Host: evil.example\r\n",
        "Host: localhost.evil.example:80\r\n",
        "Host: 192.0.2.1\r\n",
        "Host: [::1\r\n",
        "Host: [::1]evil.example\r\n",
        "Host: [::1]:80evil.example\r\n",
        "Host: localhost:80@evil.example\r\n",
        "Host: localhost:x\r\n",
        "Host: [127.0.0.1]\r\n",
        "Host: 127.0.0.1\r\nHost: evil.example\r\n",
        "Host:\r\n",
    ] {
        assert_eq!(error(&send(headers)).0, 403, "{headers}");
    }
    let whole = b"POST http://evil.example/__mock/reset HTTP/1.1\r\nHost: localhost\r\n\r\n";
    assert_eq!(error(&Client::to(&stage.base()).write(whole).read()).0, 403);
    let none = b"POST /__mock/reset HTTP/1.0\r\n\r\n";
    assert_eq!(error(&Client::to(&stage.base()).write(none).read()).0, 403);
    for headers in [
        "Host: localhost\r\n",
        "Host: LOCALHOST:1\r\n",
        "Host: 127.9.9.9\r\n",
        "Host: [::1]:80\r\n",
    ] {
        assert_eq!(send(headers).status, 200, "{headers}");
    }
}

#[test]
fn truncated_and_malformed_bodies_return_one_line() {
    let stage = stage();
    let head = "POST /__mock/faults HTTP/1.1\r\nHost: localhost\r\n";
    let mut garbage = Client::to(&stage.base());
    garbage.write(format!("{head}Transfer-Encoding: chunked\r\n\r\nno chunk\r\n"));
    let mut short = Client::to(&stage.base());
    short.write(format!("{head}Content-Length: 10\r\n\r\n{{"));
    short.finish_writing();
    for mut client in [garbage, short] {
        let expected =
            "invalid body: it ends before its declared length, or its chunks are malformed";
        assert_eq!(error(&client.read()), (400, expected.to_owned()));
    }
}

#[test]
fn ids_with_a_sign_or_leading_zero_are_unknown() {
    let stage = stage();
    stage.call("POST", FAULTS, r#"{"op": "raw", "hold": true}"#);
    for other in ["+0", "00", "0x0"] {
        let path = format!("/__mock/faults/{other}");
        let expected = format!("unknown fault {other}; known: 0");
        assert_eq!(stage.rejected("DELETE", &path, ""), (404, expected));
    }
    stage.origin.clear_faults();
}

#[test]
fn slow_and_silent_clients_do_not_block_others() {
    let stage = stage();
    let silent: Vec<_> = (0..64).map(|_| Client::to(&stage.base())).collect();
    let mut half = Client::to(&stage.base());
    half.write("POST /__mock/faults HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n{");
    let mut garbage = Client::to(&stage.base());
    garbage.write(b"\x16\x03\x01\x02\x00\r\n\r\n");
    stage.call("GET", "/__mock/verdict", "");
    let request = stage.bytes("GET", "/__mock/clock", "", b"");
    assert_eq!(Client::to(&stage.base()).write_bytewise(request).read().status, 200);
    drop((silent, half, garbage));
}

#[test]
fn concurrent_requests_are_independent() {
    let stage = stage();
    std::thread::scope(|scope| {
        for number in 0..16 {
            let stage = &stage;
            scope.spawn(move || {
                let part = number + 1;
                let fault = format!(r#"{{"op": "piece", "part": {part}, "reject": 503}}"#);
                let id = stage.call("POST", "/__mock/faults", &fault)["ids"][0].clone();
                stage.call("GET", "/__mock/journal", "");
                assert_eq!(
                    stage.call("DELETE", &format!("/__mock/faults/{id}"), ""),
                    json!({ "deleted": [id] })
                );
            });
        }
    });
    assert!(stage.origin.faults().is_empty());
}
