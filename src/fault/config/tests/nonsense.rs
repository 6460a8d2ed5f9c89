//! Invalid faults are rejected in one line.

use serde_json::Value;

use crate::fault::{ACTIONS, Fault};

/// Invalid faults and their errors.
const INVALID: &[(&str, &str)] = &[
    ("3", "invalid fault 3; expected an object"),
    ("{", "invalid JSON: EOF while parsing an object at line 1 column 1"),
    (r#"{"op":"login","#, "invalid JSON: EOF while parsing a value at line 1 column 14"),
    ("{\"hold\":true,\n\"hold\":true}", "duplicate key \"hold\" at line 2"),
    (
        r#"{"on":"tokens","colour":"red","expire_after":1}"#,
        "unknown key \"colour\"; known: on, user, name, expire_after_requests, expire_after_bytes, expire_after",
    ),
    (r#"{"on":"connections","ntn":1,"reset":true}"#, "unknown key \"ntn\"; did you mean \"nth\"?"),
    (
        r#"{"on":"calls","op":"login","reset":true}"#,
        "key \"reset\" is not allowed on calls; it is allowed on connections",
    ),
    (
        r#"{"on":"connections","user":"a","reset":true}"#,
        "key \"user\" is not allowed on connections; it is allowed on calls and tokens",
    ),
    (
        r#"{"on":"tokens","hold":true}"#,
        "key \"hold\" is not allowed on tokens; it is allowed on calls",
    ),
    (
        r#"{"on":"files","hold":true}"#,
        "invalid value \"files\" for \"on\"; expected \"calls\"|\"connections\"|\"tokens\"",
    ),
    (
        r#"{"op":"login","reject":503,"hold":true}"#,
        "conflicting actions hold and reject; expected exactly one",
    ),
    (
        r#"{"on":"tokens"}"#,
        "missing action; expected one of expire_after_requests, expire_after_bytes, expire_after",
    ),
    (r#"{"hold":true}"#, "missing key \"op\" or \"method\"; a fault on calls requires one of them"),
    (
        r#"{"op":"login","method":"stat","hold":true}"#,
        "conflicting keys op and method; expected at most one of op, method",
    ),
    (
        r#"{"op":"login","attempt":1,"attempts":"1..=2","hold":true}"#,
        "conflicting keys attempt and attempts; expected at most one of attempt, attempts",
    ),
    (
        r#"{"op":"login","times":1,"nth":1,"hold":true}"#,
        "conflicting keys nth and times; expected at most one of nth, times, first, always",
    ),
    (r#"{"op":"login","part":1,"hold":true}"#, "key \"part\" requires op = \"piece\""),
    (
        r#"{"op":"piece","part":"2-4","hold":true}"#,
        "invalid value \"2-4\" for \"part\"; expected N|\"A..=B\", from 1 to 2147483647",
    ),
    (
        r#"{"op":"piece","part":-1,"hold":true}"#,
        "invalid value -1 for \"part\"; expected N|\"A..=B\", from 1 to 2147483647",
    ),
    (
        r#"{"op":"piece","part":5000000000,"hold":true}"#,
        "invalid value 5000000000 for \"part\"; expected N|\"A..=B\", from 1 to 2147483647",
    ),
    (
        r#"{"op":"login","attempt":4294967296,"hold":true}"#,
        "invalid value 4294967296 for \"attempt\"; expected N from 1 to 4294967295",
    ),
    (
        r#"{"op":"login","attempt":0,"hold":true}"#,
        "invalid value 0 for \"attempt\"; expected N from 1 to 4294967295",
    ),
    (
        r#"{"op":"login","attempts":"+1..=2","hold":true}"#,
        "invalid value \"+1..=2\" for \"attempts\"; expected \"A..=B\", from 1 to 4294967295",
    ),
    (
        r#"{"op":"login","first":false,"hold":true}"#,
        "invalid value false for \"first\"; expected true",
    ),
    (r#"{"op":"login","hold":null}"#, "invalid value null for \"hold\"; expected true"),
    (
        r#"{"op":"login","path":7,"hold":true}"#,
        "invalid value 7 for \"path\"; expected a path pattern",
    ),
    (
        r#"{"op":"login","interface":"ftp","hold":true}"#,
        "invalid value \"ftp\" for \"interface\"; expected \"http\"|\"jsonrpc\"|\"egress\"",
    ),
    (
        r#"{"op":"login","delay":-1}"#,
        "invalid value -1 for \"delay\"; expected SECONDS up to 18446744073709551615",
    ),
    (
        r#"{"op":"login","delay":1e30}"#,
        "invalid value 1e+30 for \"delay\"; expected SECONDS up to 18446744073709551615",
    ),
    (
        r#"{"op":"login","delay":"1s"}"#,
        "invalid value \"1s\" for \"delay\"; expected SECONDS up to 18446744073709551615",
    ),
    (
        r#"{"op":"complete","join":"soon"}"#,
        "invalid value \"soon\" for \"join\"; expected \"immediate\"|\"polls:N\"|\"after:SECONDS\"|\"fail\"",
    ),
    (
        r#"{"op":"piece","cut_after":{"bytes":1}}"#,
        "cut_after: missing key \"how\"; expected \"reset\"|\"close\"|\"half_close\"|\"stall\"",
    ),
    (
        r#"{"op":"piece","cut_after":{"bytes":1,"how":"reset","when":2}}"#,
        "cut_after: unknown key \"when\"; known: bytes, how",
    ),
    (
        r#"{"op":"piece","cut_response":{"bytes":-1,"how":"reset"}}"#,
        "cut_response: invalid value -1 for \"bytes\"; expected a number of bytes",
    ),
    (
        r#"{"op":"piece","reject":{"status":503,"wait":3}}"#,
        "reject: unknown key \"wait\"; known: status, raw, code, reason, headers, retry_after, content_type, body",
    ),
    (
        r#"{"op":"piece","reject":{"status":503,"headers":{"A":5}}}"#,
        "reject: invalid value {\"A\":5} for \"headers\"; expected { NAME = VALUE }, or [[NAME, VALUE]] if the order matters",
    ),
    (
        r#"{"op":"piece","reject":{"status":503,"retry_after":-1}}"#,
        "reject: invalid value -1 for \"retry_after\"; expected SECONDS up to 18446744073709551615",
    ),
    (
        r#"{"op":"piece","reject":{"status":70000}}"#,
        "reject: invalid value 70000 for \"status\"; expected a status from 300 to 599",
    ),
    (
        r#"{"op":"piece","reject":{"raw":502,"body":"<p>"}}"#,
        "reject: body and content_type must be given together",
    ),
    (
        r#"{"op":"piece","reject":{"raw":502,"body":[256],"content_type":"a/b"}}"#,
        "reject: invalid value [256] for \"body\"; expected a text or a list of bytes",
    ),
    (r#"{"op":"piece","reject":{}}"#, "reject: missing key; expected status, code or raw"),
    (
        r#"{"op":"piece","reject":{"status":503,"raw":503}}"#,
        "reject: conflicting keys status and raw; expected one of them",
    ),
    (
        r#"{"op":"piece","reject_after":{"bytes":1,"reject":{"state":503}}}"#,
        "reject_after: reject: unknown key \"state\"; known: status, raw, code, reason, headers, retry_after, content_type, body",
    ),
    (
        r#"{"op":"piece","commit_later":{"then":503}}"#,
        "commit_later: missing key \"seconds\"; expected SECONDS up to 253402300799",
    ),
    (
        r#"{"op":"piece","alter":{"with":"X-A"}}"#,
        "alter: missing key \"value\"; expected the value of the header",
    ),
    (
        r#"{"op":"piece","alter":{"code":1,"twice":"X-A"}}"#,
        "alter: expected exactly one of code, without, twice and with",
    ),
    (
        r#"{"op":"piece","garble":{}}"#,
        "garble: expected exactly one of content_length, truncate and garbage",
    ),
    (
        r#"{"op":"piece","lose":"it"}"#,
        "invalid value \"it\" for \"lose\"; expected \"reset\"|\"close\"|\"half_close\"|\"stall\"|STATUS",
    ),
    // The errors of `Fault::check`.
    (
        r#"{"method":"stat","interface":"http","hold":true}"#,
        "key \"method\" requires interface = \"jsonrpc\", or none",
    ),
    (
        r#"{"op":"piece","part":0,"hold":true}"#,
        "part: invalid part number 0; expected 1 to 2147483647",
    ),
    (
        r#"{"op":"login","nth":0,"hold":true}"#,
        "invalid value 0 for \"nth\"; expected N of 1 or more",
    ),
    (
        r#"{"op":"login","times":0,"hold":true}"#,
        "invalid value 0 for \"times\"; expected N of 1 or more",
    ),
    (
        r#"{"op":"raw","read_slowly":0}"#,
        "invalid value 0 for \"read_slowly\"; expected N of 1 or more",
    ),
    (r#"{"op":"login","path":"a","hold":true}"#, "path: invalid path \"a\"; did you mean \"/a\"?"),
    (
        r#"{"op":"login","path":"/a//b","hold":true}"#,
        "path: invalid path \"/a//b\"; expected no empty names and no trailing slash",
    ),
    (r#"{"op":"login","reject":99999}"#, "reject: invalid status 99999; expected 300 to 599"),
    (r#"{"op":"login","lose":70000}"#, "lose: invalid status 70000; expected 300 to 599"),
    (r#"{"op":"login","commit_then":5.5}"#, "commit_then: invalid status 5.5; expected 300 to 599"),
    (
        r#"{"op":"raw","commit_later":1e300}"#,
        "invalid value 1e+300 for \"commit_later\"; expected SECONDS up to 253402300799|{ seconds = SECONDS, then = as for lose }",
    ),
    (
        r#"{"op":"raw","commit_later":18446744073709551615}"#,
        "commit_later: invalid time of 18446744073709551615 seconds; expected at most 253402300799, the seconds from 1970 to 9999",
    ),
    (
        r#"{"op":"raw","commit_later":{"seconds":1,"then":70000}}"#,
        "commit_later: invalid value 70000 for \"then\"; expected \"reset\"|\"close\"|\"half_close\"|\"stall\"|STATUS from 300 to 599",
    ),
    (
        r#"{"op":"piece","upload":"","hold":true}"#,
        "upload: invalid multipart id \"\"; expected the id of an upload",
    ),
    (r#"{"op":"login","lose":100}"#, "lose: invalid status 100; expected 300 to 599"),
    (r#"{"op":"login","alter":{"without":"a b"}}"#, "alter: invalid header name \"a b\""),
    (
        r#"{"op":"piece","list":"drops"}"#,
        "list: cannot apply to piece: /multipart/piece returns no list",
    ),
    (
        r#"{"op":"piece","interface":"jsonrpc","hold":true}"#,
        "piece over jsonrpc does not exist; it is available over http",
    ),
    (
        r#"{"op":"piece","reject":{"status":503,"headers":{"Content-Length":"3"}}}"#,
        "reject: invalid header Content-Length: the origin sets the framing; to send wrong framing, use garble",
    ),
    (
        r#"{"on":"tokens","expire_after_bytes":0}"#,
        "invalid value 0 for \"expire_after_bytes\"; expected N of 1 or more",
    ),
    (
        r#"{"on":"tokens","expire_after":0}"#,
        "expire_after: invalid time of 0 seconds; to expire a token at once, use interfere_after with expire_token",
    ),
];

#[test]
fn invalid_faults_are_rejected_in_one_line() {
    for (json, error) in INVALID {
        assert_eq!(Fault::from_json(json).unwrap_err().to_string(), *error, "{json}");
    }
}

#[test]
fn every_action_lists_its_allowed_values() {
    for row in ACTIONS {
        let on = row.on.word();
        for invalid in ["null", "[]", "\"x\"", "-1"] {
            let json = format!("{{\"on\":\"{on}\",\"{}\":{invalid}}}", row.key);
            let value: Value = serde_json::from_str(invalid).unwrap();
            let error = Fault::from_json(&json).unwrap_err().to_string();
            // A number gets the allowed statuses.
            let is_status = value.is_number() && row.values.split('|').any(|one| one == "STATUS");
            let expected = if is_status {
                format!("{}: invalid status {value}; expected 300 to 599", row.key)
            } else {
                format!("invalid value {value} for {:?}; expected {}", row.key, row.values)
            };
            assert_eq!(error, expected);
        }
        // A nested table names the invalid key.
        let json = format!("{{\"on\":\"{on}\",\"{}\":{{\"x\":1}}}}", row.key);
        let error = Fault::from_json(&json).unwrap_err().to_string();
        let inner = format!("{}: unknown key \"x\"; known: ", row.key);
        let outer = format!("invalid value {{\"x\":1}} for {:?}; expected {}", row.key, row.values);
        assert!(error.starts_with(&inner) == row.values.contains('{'), "{error}");
        assert!(error.starts_with(&inner) || error == outer, "{error}");
    }
}

#[test]
fn a_long_value_is_cut_and_a_list_error_has_its_number() {
    let list = |text: &str| Fault::list_from_json(text).unwrap_err().to_string();
    let one = r#"{"op":"login","hold":true}"#;
    let long = format!("[{one}, {{\"op\":\"login\",\"hold\":\"{}\"}}]", "é".repeat(500));
    assert_eq!(
        list(&long),
        format!("fault 2: invalid value \"{}… for \"hold\"; expected true", "é".repeat(79))
    );
    assert_eq!(list("{\"fault\": [1]}"), "fault 1: invalid fault 1; expected an object");
    assert_eq!(list("{\"fault\": 1}"), "invalid value 1 for \"fault\"; expected a list of faults");
    for (misnamed, text) in [
        ("{\"faults\": [{\"op\": \"login\"}]}", "unknown key \"faults\"; did you mean \"fault\"?"),
        ("{\"Fault\": {\"op\": \"login\"}}", "unknown key \"Fault\"; did you mean \"fault\"?"),
        ("{\"rules\": [{\"op\": \"login\"}]}", "unknown key \"rules\"; known: fault"),
        ("{\"op\": \"peice\", \"hold\": true}", "did you mean \"piece\"?"),
        ("{\"op\": \"list\", \"list\": \"drop\"}", "did you mean \"drops\"?"),
    ] {
        assert!(list(misnamed).ends_with(text), "{misnamed}: {}", list(misnamed));
    }
    for none in ["[]", "{\"fault\": []}"] {
        assert_eq!(list(none), "empty list; expected at least one fault");
    }
    let beside = "{\"fault\": [], \"seed\": 1}";
    assert_eq!(list(beside), "unknown key \"seed\" beside \"fault\"; expected no other key");
}
