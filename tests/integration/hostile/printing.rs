//! Tests that names from a client cannot forge lines, control a terminal, reorder text, or hide
//! letters in any output.

use std::collections::BTreeSet;

use mock_origin::report::describe;
use mock_origin::{ErrorResponse, InProgressUpload, MockOrigin, Op};

#[cfg(feature = "report")]
use crate::exports::exported;
use crate::support::payload::Random;
use crate::support::{Client, request};

const ROUNDS: usize = 25;

/// Characters that must be escaped: controls, bidi, zero-width, separators, invisible letters.
const DANGEROUS: [&str; 30] = [
    "\0",
    "\r",
    "\n",
    "\u{8}",
    "\u{1b}[31m",
    "\u{7f}",
    "\u{80}",
    "\u{85}",
    "\u{9b}31m",
    "\u{ad}",
    "\u{34f}",
    "\u{61c}",
    "\u{180e}",
    "\u{200b}",
    "\u{200d}",
    "\u{200e}",
    "\u{2028}",
    "\u{2029}",
    "\u{202e}",
    "\u{2060}",
    "\u{2066}",
    "\u{2069}",
    "\u{2800}",
    "\u{3164}",
    "\u{e000}",
    "\u{fe0f}",
    "\u{feff}",
    "\u{fff9}",
    "\u{e0041}",
    "\u{10ffff}",
];

/// The start of a forged line.
const FORGED: &str = "FORGED";

const ORDINARY: [&str; 7] = [FORGED, "a", "/", "ä", "\"", "\\", "' "];

/// Returns a name with some dangerous characters. Some names are very long.
fn hostile_name(random: &mut Random) -> String {
    let mut name = String::new();
    for _ in 0..=random.below(5) {
        name += *random.pick(&DANGEROUS);
        name += *random.pick(&ORDINARY);
    }
    if random.below(8) == 0 { name + &"x".repeat(4_000) } else { name }
}

/// Removes line ends and other characters that are invalid in a header.
fn in_header(name: &str) -> String {
    name.chars().filter(|char| !char.is_ascii_control()).collect()
}

/// Sends requests that use hostile names everywhere.
fn play(origin: &MockOrigin, token: &str, random: &mut Random) {
    let mut several = (0..7).map(|_| hostile_name(random)).collect::<Vec<_>>().into_iter();
    let mut name = || several.next().unwrap();
    let json = |text: &str| serde_json::Value::from(text).to_string();
    let (method, path, user) = (json(&name()), json(&format!("/{}", name())), json(&name()));
    let mut client = Client::new(origin);
    for body in [
        format!(r#"{{"method": {method}, "id": 1}}"#),
        format!(r#"{{"method": "makeDir2", "params": ["{token}", {path}], "id": 1}}"#),
        format!(r#"{{"method": "deleteFile", "params": ["{token}", {path}], "id": 1}}"#),
        format!(r#"{{"method": "getMultipartStatus", "params": ["{token}", {user}], "id": 1}}"#),
        format!(r#"{{"method": "login", "params": [{user}, "no"], "id": 1}}"#),
    ] {
        client.send("POST", "/jsonrpc", &[], body.as_bytes());
    }
    let (base, other) = (in_header(&name()), in_header(&name()));
    let quoted: Vec<_> = name().bytes().map(|byte| format!("%{byte:02x}")).collect();
    let named = [
        ("X-Agile-Authorization", token),
        ("X-Agile-Basename", &*base),
        ("X-Agile-Content-Type", &*other),
    ];
    for (method, target, headers) in [
        ("POST", "/multipart/create", &named[..]),
        ("POST", "/post/raw", &named[..2]),
        ("POST", "/account/login", &[("X-Agile-Username", &*other), ("X-Agile-Password", "no")]),
        ("POST", "/multipart/piece", &[named[0], ("X-Agile-Multipart", &*other)]),
        ("GET", &*format!("/{}", quoted.concat()), &[("Accept", &*base)]),
    ] {
        Client::new(origin).write(request(method, target, headers, b"")).finish_writing().read();
    }
    // Bytes that are not HTTP, and an invalid request line.
    let bytes = name();
    for bytes in [bytes.as_bytes(), format!("GET /{bytes} HTTP/1.1\r\n\r\n").as_bytes()] {
        let mut client = Client::new(origin);
        let _ = client.write(bytes).finish_writing().read_to_end();
    }
}

#[track_caller]
fn assert_harmless(what: &str, text: &str) {
    let dangerous: BTreeSet<char> =
        DANGEROUS.concat().chars().filter(|c| !"[31m\n".contains(*c)).collect();
    let raw = text.chars().find(|char| dangerous.contains(char));
    assert_eq!(raw, None, "{what}: {text:?}");
    let forged = text.lines().find(|line| line.trim_start().starts_with(FORGED));
    assert_eq!(forged, None, "{what}");
}

#[test]
fn hostile_names_are_escaped_in_every_output() {
    let upload = InProgressUpload::new("/open");
    let origin = MockOrigin::builder().upload(upload).seed(1).start();
    let token = origin.issue_token("jane");
    let mut random = Random::new(1);
    let fault = hostile_name(&mut random);
    origin.on(Op::piece(9)).named(&fault).reject(ErrorResponse::status(503));
    origin.on(Op::create()).user("jane").attempt(900).reject(ErrorResponse::status(503));
    origin.on(Op::create()).path("/no").named("missed").reject(ErrorResponse::status(503));
    for _ in 0..ROUNDS {
        play(&origin, &token, &mut random);
    }
    let journal = crate::support::record::all_closed(&origin, ROUNDS * 8);
    assert_harmless("timeline", &origin.timeline());
    #[cfg(feature = "report")]
    assert_harmless("report", &origin.html_report());
    assert_harmless("transcript", &origin.transcript());
    #[cfg(feature = "report")]
    for text in
        [exported(&origin, MockOrigin::write_har), exported(&origin, MockOrigin::write_trace)]
    {
        assert_harmless("export", &text);
        assert!(text.parse::<serde_json::Value>().is_ok(), "{text}");
    }
    assert_harmless("verdict", &origin.verify().unwrap_err().to_string());
    assert_harmless("journal", &format!("{journal:?}"));
    assert_harmless("requests", &format!("{:#?}", origin.requests()).replace('\n', " "));
    for exchange in journal.exchanges() {
        assert_harmless("describe", &describe(exchange));
    }
    let hostile: Vec<_> = (0..4).map(|_| hostile_name(&mut random).replace('\0', "")).collect();
    for name in &hostile {
        let path = format!("/none/{name}");
        assert_harmless("file", &origin.file(&path).try_exists().unwrap_err().to_string());
        assert_harmless(
            "directory",
            &origin.directory(&path).try_exists().unwrap_err().to_string(),
        );
        assert_harmless("upload", &origin.try_upload(&path).unwrap_err().to_string());
        let requests = origin.requests().user(name).upload(name).path(name);
        assert_harmless("count", &requests.try_count(1).unwrap_err().to_string());
        for request in &origin.requests() {
            let failures = [request.try_header("Accept", name).err(), request.try_code(77).err()];
            for failure in failures.into_iter().flatten() {
                assert_harmless("request", &failure.to_string());
            }
        }
    }
    let root = origin.directory("/");
    assert_harmless("names", &root.try_names(&["b"]).unwrap_err().to_string());
    for upload in origin.uploads() {
        assert_harmless("upload", &upload.try_completed().unwrap_err().to_string());
    }
}
