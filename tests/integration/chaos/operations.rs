//! Tests that chaos applies to every operation, and that printed faults replay the run.

use std::collections::BTreeSet;

use mock_origin::{Chaos, MockOrigin, Profile};

use crate::chaos::client::exchange;
use crate::chaos::facts::{assert_same, facts};
use crate::chaos::replay::{replayed, under_chaos};
use crate::support::http::Connection;
use crate::support::{Response, request};

/// Sends a request until the response is not an injected one.
fn send(origin: &MockOrigin, request: &[u8]) -> Response {
    let responses =
        (0..3).filter_map(|_| exchange(&mut Connection::to_url(&origin.url()).ok()?, request).ok());
    let mut own = responses.filter(|response| !matches!(response.status, 429 | 500 | 503));
    own.next().unwrap_or_else(|| panic!("{}\n{}", request.escape_ascii(), origin.timeline()))
}

fn rpc(origin: &MockOrigin, method: &str, params: &[&str]) -> String {
    let params: Vec<_> = params.iter().map(|param| format!("{param:?}")).collect();
    let params = params.join(", ");
    let body = format!(r#"{{"method": "{method}", "params": [{params}], "id": 1}}"#);
    send(origin, &request("POST", "/jsonrpc", &[], body.as_bytes())).text().to_owned()
}

const FORM: &str = "--x\r\nContent-Disposition: form-data; name=\"directory\"\r\n\r\n/d\r\n\
                    --x\r\nContent-Disposition: form-data; name=\"basename\"\r\n\r\nform.txt\r\n\
                    --x\r\nContent-Disposition: form-data; name=\"uploadFile\"; \
                    filename=\"f.txt\"\r\n\r\nform\r\n--x--\r\n";

/// Calls every operation in sequence, each until it succeeds.
fn one_of_everything(origin: &MockOrigin) {
    // A token from a login would change with each lost login.
    let token = origin.issue_token("jane");
    let with_token = ("X-Agile-Authorization", &*token);
    let jane = [("X-Agile-Username", "jane"), ("X-Agile-Password", "secret")];
    let post = |target: &str, headers: &[(&str, &str)], body: &[u8]| {
        send(origin, &request("POST", target, headers, body))
    };
    post("/account/login", &jane, b"");
    rpc(origin, "login", &["jane", "secret"]);
    post("/post/directory", &[with_token, ("X-Agile-Directory", "/d")], b"");
    rpc(origin, "makeDir2", &[&token, "/e"]);
    let place = [with_token, ("X-Agile-Directory", "/d"), ("X-Agile-Basename", "raw.txt")];
    post("/post/raw", &place, b"raw");
    let form = ("Content-Type", "multipart/form-data; boundary=x");
    post("/post/file", &[with_token, form], FORM.as_bytes());
    rpc(origin, "createMultipart", &[&token, "/d/m.txt"]);
    let id = origin.uploads().last().map(|upload| upload.id().to_owned()).unwrap();
    let piece = [with_token, ("X-Agile-Multipart", &id), ("X-Agile-Part", "1")];
    post("/multipart/piece", &piece, b"piece");
    rpc(origin, "listMultipartPiece", &[&token, &id]);
    rpc(origin, "completeMultipart", &[&token, &id]);
    rpc(origin, "getMultipartStatus", &[&token, &id]);
    rpc(origin, "listMultipart", &[&token]);
    rpc(origin, "stat", &[&token, "/d/m.txt"]);
    rpc(origin, "listFile", &[&token, "/d"]);
    rpc(origin, "rename", &[&token, "/d/m.txt", "/d/n.txt"]);
    rpc(origin, "copyFile", &[&token, "/d/n.txt", "/d/o.txt"]);
    rpc(origin, "deleteFile", &[&token, "/d/n.txt"]);
    rpc(origin, "ping", &[]);
    send(origin, &request("GET", "/acme/d/raw.txt", &[], b""));
    let batch = format!(
        r#"[{{"jsonrpc": "2.0", "method": "stat", "params": ["{token}", "/d"], "id": 1}},
            {{"jsonrpc": "2.0", "method": "stat", "params": ["{token}", "/e"], "id": 2}},
            {{"jsonrpc": "2.0", "method": "noop", "params": ["{token}"], "id": 3}}]"#
    );
    post("/jsonrpc2", &[], batch.as_bytes());
    rpc(origin, "logout", &[&token]);
}

#[test]
fn printed_faults_replay_every_operation() {
    let mut injected = BTreeSet::new();
    for profile in [Profile::Network, Profile::ServerErrors, Profile::Latency, Profile::All] {
        for seed in 0..6 {
            let chaos = Chaos::new(seed).profile(profile).percent(50);
            let (faults, once) = under_chaos(chaos, one_of_everything);
            assert_same(&once, &replayed(&faults, Clone::clone, one_of_everything));
            let op = |sentence: String| sentence.split(')').next().unwrap().to_owned();
            injected.extend(faults.iter().map(|fault| op(fault.to_string())));
        }
    }
    assert!(injected.len() >= 20, "{injected:#?}");
}

#[test]
fn the_same_seed_has_the_same_effect_on_every_operation() {
    for seed in 0..6 {
        let chaos = Chaos::new(seed).percent(80);
        let (faults, once) = under_chaos(chaos, one_of_everything);
        let (again, twice) = under_chaos(chaos, one_of_everything);
        assert_same(&once, &twice);
        assert_eq!(faults, again);
    }
}

#[test]
fn every_operation_succeeds_without_chaos() {
    let origin = crate::chaos::videos().start();
    one_of_everything(&origin);
    let facts = facts(&origin);
    assert!(facts.iter().all(|fact| fact.contains("status Some(200) Responded")), "{facts:#?}");
    assert_eq!(facts.iter().filter(|fact| fact.contains("done true")).count(), facts.len());
    origin.file("/d/form.txt").assert_content("form");
    origin.file("/d/o.txt").assert_content("piece");
}
