//! Nonsense is told in one line what there is.

use serde_json::Value;

use crate::fault::{ACTIONS, Fault};

/// What is wrong with a fault, and how it is said.
const NONSENSE: &[(&str, &str)] = &[
    ("3", "a fault is an object, not 3"),
    ("{", "that is no JSON: EOF while parsing an object at line 1 column 1"),
    (r#"{"op":"login","#, "that is no JSON: EOF while parsing a value at line 1 column 14"),
    ("{\"hold\":true,\n\"hold\":true}", "\"hold\" comes twice in one object, again at line 2"),
    (
        r#"{"on":"tokens","colour":"red","expire_after":1}"#,
        "unknown key \"colour\"; known: on, user, name, expire_after_requests, expire_after_bytes, expire_after",
    ),
    (r#"{"on":"connections","ntn":1,"reset":true}"#, "unknown key \"ntn\"; did you mean \"nth\"?"),
    (
        r#"{"on":"calls","op":"login","reset":true}"#,
        "reset goes with connections, and this fault is on calls",
    ),
    (
        r#"{"on":"connections","user":"a","reset":true}"#,
        "user goes with calls and tokens, and this fault is on connections",
    ),
    (r#"{"on":"tokens","hold":true}"#, "hold goes with calls, and this fault is on tokens"),
    (
        r#"{"on":"files","hold":true}"#,
        "on takes \"calls\"|\"connections\"|\"tokens\", not \"files\"",
    ),
    (
        r#"{"op":"login","reject":503,"hold":true}"#,
        "a fault has one effect, and this has hold and reject",
    ),
    (
        r#"{"on":"tokens"}"#,
        "a fault has one effect, and this has none: expire_after_requests, expire_after_bytes, expire_after",
    ),
    (r#"{"hold":true}"#, "a fault on calls says which: op or method"),
    (
        r#"{"op":"login","method":"stat","hold":true}"#,
        "a fault has one of op, method, and this has op and method",
    ),
    (
        r#"{"op":"login","attempt":1,"attempts":"1..=2","hold":true}"#,
        "a fault has one of attempt, attempts, and this has attempt and attempts",
    ),
    (
        r#"{"op":"login","times":1,"nth":1,"hold":true}"#,
        "a fault has one of nth, times, first, always, and this has nth and times",
    ),
    (r#"{"op":"login","part":1,"hold":true}"#, "part goes with op = \"piece\" alone"),
    (
        r#"{"op":"piece","part":"2-4","hold":true}"#,
        "part takes N|\"A..=B\", from 1 to 2147483647, not \"2-4\"",
    ),
    (
        r#"{"op":"piece","part":-1,"hold":true}"#,
        "part takes N|\"A..=B\", from 1 to 2147483647, not -1",
    ),
    (
        r#"{"op":"piece","part":5000000000,"hold":true}"#,
        "part takes N|\"A..=B\", from 1 to 2147483647, not 5000000000",
    ),
    (
        r#"{"op":"login","attempt":4294967296,"hold":true}"#,
        "attempt takes N from 1 to 4294967295, not 4294967296",
    ),
    (r#"{"op":"login","attempt":0,"hold":true}"#, "attempt takes N from 1 to 4294967295, not 0"),
    (
        r#"{"op":"login","attempts":"+1..=2","hold":true}"#,
        "attempts takes \"A..=B\", from 1 to 4294967295, not \"+1..=2\"",
    ),
    (r#"{"op":"login","first":false,"hold":true}"#, "first takes true, not false"),
    (r#"{"op":"login","hold":null}"#, "hold takes true, not null"),
    (r#"{"op":"login","path":7,"hold":true}"#, "path takes a pattern of paths, not 7"),
    (
        r#"{"op":"login","interface":"ftp","hold":true}"#,
        "interface takes \"http\"|\"jsonrpc\"|\"egress\", not \"ftp\"",
    ),
    (r#"{"op":"login","delay":-1}"#, "delay takes SECONDS up to 18446744073709551615, not -1"),
    (r#"{"op":"login","delay":1e30}"#, "delay takes SECONDS up to 18446744073709551615, not 1e+30"),
    (
        r#"{"op":"login","delay":"1s"}"#,
        "delay takes SECONDS up to 18446744073709551615, not \"1s\"",
    ),
    (
        r#"{"op":"complete","join":"soon"}"#,
        "join takes \"immediate\"|\"polls:N\"|\"after:SECONDS\"|\"fail\", not \"soon\"",
    ),
    (
        r#"{"op":"piece","cut_after":{"bytes":1}}"#,
        "cut_after: how is missing: it takes \"reset\"|\"close\"|\"half_close\"|\"stall\"",
    ),
    (
        r#"{"op":"piece","cut_after":{"bytes":1,"how":"reset","when":2}}"#,
        "cut_after: unknown key \"when\"; known: bytes, how",
    ),
    (
        r#"{"op":"piece","cut_answer":{"bytes":-1,"how":"reset"}}"#,
        "cut_answer: bytes takes a number of bytes, not -1",
    ),
    (
        r#"{"op":"piece","reject":{"status":503,"wait":3}}"#,
        "reject: unknown key \"wait\"; known: status, raw, code, reason, headers, retry_after, content_type, body",
    ),
    (
        r#"{"op":"piece","reject":{"status":503,"headers":{"A":5}}}"#,
        "reject: headers takes { NAME = VALUE }, or [[NAME, VALUE]] where their order matters, not {\"A\":5}",
    ),
    (
        r#"{"op":"piece","reject":{"status":503,"retry_after":-1}}"#,
        "reject: retry_after takes SECONDS up to 18446744073709551615, not -1",
    ),
    (
        r#"{"op":"piece","reject":{"status":70000}}"#,
        "reject: status takes a status from 300 to 599, not 70000",
    ),
    (
        r#"{"op":"piece","reject":{"raw":502,"body":"<p>"}}"#,
        "reject: body and content_type go together",
    ),
    (
        r#"{"op":"piece","reject":{"raw":502,"body":[256],"content_type":"a/b"}}"#,
        "reject: body takes a text, or a list of bytes, not [256]",
    ),
    (r#"{"op":"piece","reject":{}}"#, "reject: one of status, code and raw is missing"),
    (r#"{"op":"piece","reject":{"status":503,"raw":503}}"#, "reject: it has one of status and raw"),
    (
        r#"{"op":"piece","reject_after":{"bytes":1,"reject":{"state":503}}}"#,
        "reject_after: reject: unknown key \"state\"; known: status, raw, code, reason, headers, retry_after, content_type, body",
    ),
    (
        r#"{"op":"piece","commit_later":{"then":503}}"#,
        "commit_later: seconds is missing: it takes SECONDS up to 253402300799",
    ),
    (
        r#"{"op":"piece","alter":{"with":"X-A"}}"#,
        "alter: value is missing: it takes the value of that header",
    ),
    (
        r#"{"op":"piece","alter":{"code":1,"twice":"X-A"}}"#,
        "alter: it has one of code, without, twice and with",
    ),
    (r#"{"op":"piece","garble":{}}"#, "garble: it has one of content_length, truncate and garbage"),
    (
        r#"{"op":"piece","lose":"it"}"#,
        "lose takes \"reset\"|\"close\"|\"half_close\"|\"stall\"|STATUS, not \"it\"",
    ),
    // What is read and makes no sense is told what `Fault::check` has to say.
    (
        r#"{"method":"stat","interface":"http","hold":true}"#,
        "a method is asked for over interface = \"jsonrpc\" alone",
    ),
    (
        r#"{"op":"piece","part":0,"hold":true}"#,
        "part: numbers go from 1 to 2147483647, and 0 is none",
    ),
    (r#"{"op":"login","nth":0,"hold":true}"#, "nth takes N of 1 or more, not 0"),
    (r#"{"op":"login","times":0,"hold":true}"#, "times takes N of 1 or more, not 0"),
    (r#"{"op":"raw","read_slowly":0}"#, "read_slowly takes N of 1 or more, not 0"),
    (r#"{"op":"login","path":"a","hold":true}"#, "path: it begins with a slash: \"/a\""),
    (
        r#"{"op":"login","path":"/a//b","hold":true}"#,
        "path: it has no empty names, and no slash at its end, and this is \"/a//b\"",
    ),
    (r#"{"op":"login","reject":99999}"#, "reject: 99999 is no status of a refusal: 300 to 599"),
    (r#"{"op":"login","lose":70000}"#, "lose: 70000 is no status of a refusal: 300 to 599"),
    (
        r#"{"op":"login","commit_then":5.5}"#,
        "commit_then: 5.5 is no status of a refusal: 300 to 599",
    ),
    (
        r#"{"op":"raw","commit_later":1e300}"#,
        "commit_later takes SECONDS up to 253402300799|{ seconds = SECONDS, then = as for lose }, not 1e+300",
    ),
    (
        r#"{"op":"raw","commit_later":18446744073709551615}"#,
        "commit_later: 18446744073709551615 seconds never come: at most 253402300799, all there are from 1970 to 9999",
    ),
    (
        r#"{"op":"raw","commit_later":{"seconds":1,"then":70000}}"#,
        "commit_later: then takes \"reset\"|\"close\"|\"half_close\"|\"stall\"|STATUS from 300 to 599, not 70000",
    ),
    (r#"{"op":"piece","upload":"","hold":true}"#, "upload: no multipart identifier is empty"),
    (r#"{"op":"login","lose":100}"#, "lose: 100 is no status of a refusal: 300 to 599"),
    (r#"{"op":"login","alter":{"without":"a b"}}"#, "alter: \"a b\" is no name of a header"),
    (
        r#"{"op":"piece","list":"drops"}"#,
        "list: that cannot happen to piece: /multipart/piece gives no list",
    ),
    (
        r#"{"op":"piece","interface":"jsonrpc","hold":true}"#,
        "there is no piece over jsonrpc, but over http",
    ),
    (
        r#"{"op":"piece","reject":{"status":503,"headers":{"Content-Length":"3"}}}"#,
        "reject: a refusal tells its own length, and Content-Length belongs to that: garble lies about it",
    ),
    (r#"{"on":"tokens","expire_after_bytes":0}"#, "expire_after_bytes takes N of 1 or more, not 0"),
    (
        r#"{"on":"tokens","expire_after":0}"#,
        "expire_after takes more than 0 seconds: interfere_after, with expire_token, ends one at once",
    ),
];

#[test]
fn nonsense_is_told_in_one_line_what_there_is() {
    for (json, error) in NONSENSE {
        assert_eq!(Fault::from_json(json).unwrap_err(), *error, "{json}");
    }
}

#[test]
fn every_effect_says_what_it_takes() {
    for row in ACTIONS {
        let on = row.on.word();
        for nonsense in ["null", "[]", "\"x\"", "-1"] {
            let json = format!("{{\"on\":\"{on}\",\"{}\":{nonsense}}}", row.key);
            let value: Value = serde_json::from_str(nonsense).unwrap();
            let error = Fault::from_json(&json).unwrap_err();
            // A number is told what numbers there are.
            let is_status = value.is_number() && row.values.split('|').any(|one| one == "STATUS");
            let expected = if is_status {
                format!("{}: {value} is no status of a refusal: 300 to 599", row.key)
            } else {
                format!("{} takes {}, not {value}", row.key, row.values)
            };
            assert_eq!(error, expected);
        }
        // What takes an inner table names what is wrong in it.
        let json = format!("{{\"on\":\"{on}\",\"{}\":{{\"x\":1}}}}", row.key);
        let error = Fault::from_json(&json).unwrap_err();
        let inner = format!("{}: unknown key \"x\"; known: ", row.key);
        let outer = format!("{} takes {}, not {{\"x\":1}}", row.key, row.values);
        assert!(error.starts_with(&inner) == row.values.contains('{'), "{error}");
        assert!(error.starts_with(&inner) || error == outer, "{error}");
    }
}

#[test]
fn a_long_value_is_cut_and_a_list_has_faults_and_says_which() {
    let list = |text: &str| Fault::list_from_json(text).unwrap_err();
    let one = r#"{"op":"login","hold":true}"#;
    let long = format!("[{one}, {{\"op\":\"login\",\"hold\":\"{}\"}}]", "é".repeat(500));
    assert_eq!(list(&long), format!("fault 2: hold takes true, not \"{}…", "é".repeat(79)));
    assert_eq!(list("{\"fault\": [1]}"), "fault 1: a fault is an object, not 1");
    assert_eq!(list("{\"fault\": 1}"), "fault takes a list of faults, not 1");
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
        assert_eq!(list(none), "there is no fault in the list");
    }
    let beside = "{\"fault\": [], \"seed\": 1}";
    assert_eq!(list(beside), "unknown key \"seed\" beside the list of faults, which stands alone");
}
