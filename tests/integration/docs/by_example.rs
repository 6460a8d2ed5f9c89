//! Plays the examples of `docs/protocol-by-example.md` against an origin with a fixed seed and a
//! stopped clock, and compares them with the page.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::{Duration, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use mock_origin::MockOrigin;
use mock_origin::internals::protocol::{ENDPOINTS, METHODS, STANDARD_HEADERS};
use ring::hmac;
use serde_json::Value;

use super::examples::{CALLS, Call, Example, HTTP};
use crate::support::page::{assert_block, block_names};
use crate::support::{Client, Response, request};

const PAGE: &str = "docs/protocol-by-example.md";

/// The time of the stopped clock.
const NOW: u64 = 1_800_000_000;

/// Values that earlier responses gave, by name.
type Variables = BTreeMap<&'static str, String>;

#[test]
fn examples_of_the_page_are_what_the_origin_responds() {
    let blocks = play_all();
    let mut found = block_names(PAGE);
    found.sort();
    assert!(found.iter().eq(blocks.keys().copied()), "{PAGE} must have each block once: {found:?}");
    for (name, exchanges) in &blocks {
        let language = if name.starts_with("methods") { "json" } else { "http" };
        assert_block(PAGE, name, &format!("```{language}\n{exchanges}```\n"));
    }
}

#[test]
fn every_endpoint_and_method_has_an_example() {
    for endpoint in ENDPOINTS.iter().filter(|endpoint| !endpoint.path.is_empty()) {
        let has_example = HTTP.iter().any(|example| example.target == endpoint.path);
        assert!(has_example, "{}", endpoint.path);
    }
    for method in METHODS {
        assert!(CALLS.iter().any(|call| call.method == method.name), "{}", method.name);
    }
}

/// Plays all examples and returns the printed exchanges of each block.
fn play_all() -> BTreeMap<&'static str, String> {
    let builder = MockOrigin::builder().account("acme").user("jane", "secret");
    let builder = builder.directory("/videos").key_pair("AKEY", "SKEY").seed(5).clock_stopped();
    let builder = builder.allow("complete.empty", "the page shows the rejection");
    let origin = builder.clock_at(UNIX_EPOCH + Duration::from_secs(NOW)).start();
    let mut variables = Variables::from([("signature", signature())]);
    let mut blocks = BTreeMap::<_, String>::new();
    for example in HTTP {
        let printed = play(&origin, example, &mut variables);
        append(blocks.entry(example.block).or_default(), &printed);
    }
    for call in CALLS {
        let printed = play_call(&origin, call, &mut variables);
        append(blocks.entry(call.block).or_default(), &printed);
    }
    origin.finish();
    blocks
}

fn append(block: &mut String, printed: &str) {
    if !block.is_empty() {
        block.push('\n');
    }
    block.push_str(printed);
}

/// The value of `X-Agile-Signature` for the signed example (§9).
fn signature() -> String {
    let expiry = NOW + 600;
    let terms = format!("access_key=AKEY&expiry={expiry}&directory=/videos&basename=b.mp4");
    let text = format!("/multipart/create?{terms}");
    let key = hmac::Key::new(hmac::HMAC_SHA256, b"SKEY");
    let mac = BASE64.encode(hmac::sign(&key, text.as_bytes()));
    format!("{text}&signature={mac}")
}

fn play(origin: &MockOrigin, example: &Example, variables: &mut Variables) -> String {
    let headers = example.headers.iter().map(|(name, value)| (*name, fill(value, variables)));
    let headers: Vec<_> = headers.collect();
    let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let body = fill(example.body, variables);
    let sent = request(example.method, example.target, &headers, body.as_bytes());
    let mut client = Client::new(origin);
    let response = client.write(&sent).read_for(example.method);
    if let Some((name, header)) = example.capture {
        variables.insert(name, response.header(header).unwrap().to_owned());
    }
    let sent = String::from_utf8(sent).unwrap().replace("\r\n", "\n");
    format!("{}\n\n{}", sent.trim_end(), printed(&response))
}

/// A response without the headers that every response carries (§1.6).
fn printed(response: &Response) -> String {
    let mut printed = format!("HTTP/1.1 {} {}\n", response.status, response.reason);
    for (name, value) in &response.headers {
        let is_standard = name == "Date" || STANDARD_HEADERS.iter().any(|(known, _)| known == name);
        if !is_standard {
            writeln!(printed, "{name}: {value}").unwrap();
        }
    }
    if !response.body.is_empty() {
        writeln!(printed, "\n{}", response.text()).unwrap();
    }
    printed
}

fn play_call(origin: &MockOrigin, call: &Call, variables: &mut Variables) -> String {
    let params = fill(call.params, variables);
    let method = call.method;
    let body =
        format!(r#"{{"jsonrpc": "2.0", "id": 1, "method": "{method}", "params": {params}}}"#);
    let response = Client::new(origin).send("POST", "/jsonrpc", &[], body.as_bytes());
    if let Some((name, pointer)) = call.capture {
        let response: Value = serde_json::from_str(response.text()).unwrap();
        variables.insert(name, response.pointer(pointer).unwrap().as_str().unwrap().to_owned());
    }
    format!("{body}\n{}\n", response.text())
}

/// Replaces `{name}` by the value of that name.
fn fill(text: &str, variables: &Variables) -> String {
    let replace =
        |text: String, (name, value): (&&str, &String)| text.replace(&format!("{{{name}}}"), value);
    variables.iter().fold(text.to_owned(), replace)
}
