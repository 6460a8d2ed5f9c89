//! Tests faults on single calls of a JSON-RPC batch.

use mock_origin::options::Join;
use mock_origin::{ErrorResponse, Interference, ListingFault, Op, ResponseLoss, UploadState};

use super::requests::{self, batch, batch_body, injected_count, rpc};
use super::videos;
use crate::support::{self, Client, create};

#[test]
fn one_call_of_a_batch_can_be_faulted_alone() {
    let (origin, token) = videos();
    let second = origin.on(Op::method("stat")).nth(2).reject(ErrorResponse::code(-1));
    origin.on(Op::method("makeDir")).path("/b").reject(ErrorResponse::code(-4));
    let list = origin.on(Op::method("listFile")).list(ListingFault::NeverEnds);
    let stat = ("stat", format!(r#"["{token}", "/videos"]"#));
    let response = batch(&origin, &[stat.clone(), stat.clone(), stat]);
    let codes = |text: &str| -> Vec<String> {
        let json: serde_json::Value = serde_json::from_str(text).unwrap();
        let code = |response: &serde_json::Value| match &response["result"] {
            serde_json::Value::Object(members) => members["code"].to_string(),
            bare => bare.to_string(),
        };
        json.as_array().unwrap().iter().map(code).collect()
    };
    assert_eq!(codes(response.text()), ["0", "-1", "0"]);
    assert_eq!(second.fired(), 1);
    let make = |path| ("makeDir", format!(r#"["{token}", "{path}"]"#));
    let list_all = ("listFile", format!(r#"["{token}", "/"]"#));
    let response = batch(&origin, &[make("/a"), make("/b"), list_all]);
    assert_eq!(codes(response.text()), ["0", "-4", "0"]);
    assert!(response.text().contains(r#""cookie": 1"#), "{}", response.text());
    assert_eq!(list.fired(), 1);
    origin.directory("/a").assert_exists();
    origin.directory("/b").assert_absent();
    assert_eq!(injected_count(&origin, Op::method("listFile")), 1);
    origin.finish();
}

#[test]
fn a_fault_on_the_response_affects_the_whole_batch() {
    let (origin, token) = videos();
    let fault = origin.on(Op::method("makeDir")).path("/b").commit_then(ResponseLoss::Close);
    let make = |path| ("makeDir", format!(r#"["{token}", "{path}"]"#));
    let body = batch_body(&[make("/a"), make("/b")]);
    let mut client = Client::new(&origin);
    client.write(support::request("POST", "/jsonrpc2", &[], body.as_bytes()));
    assert_eq!(client.read_to_end().unwrap(), b"");
    assert_eq!(fault.fired(), 1);
    origin.directory("/a").assert_exists();
    origin.directory("/b").assert_exists();
    origin.finish();
}

#[test]
fn a_fault_on_one_call_of_a_batch_leaves_the_others_intact() {
    let (origin, token) = videos();
    let ids = ["a", "b"].map(|name| {
        let id = create(&mut Client::new(&origin), &token, "/videos", name);
        assert_eq!(requests::piece(&origin, &token, &id, 1), Some(200));
        id
    });
    let complete = |id: &str| ("completeMultipart", format!(r#"["{token}", "{id}"]"#));
    let failing = origin.on(Op::complete()).path("/videos/b").join(Join::Fail);
    batch(&origin, &ids.each_ref().map(|id| complete(id)));
    assert_eq!(failing.fired(), 1);
    let states = ids.each_ref().map(|id| origin.upload(id).state());
    assert_eq!(states, [UploadState::Success, UploadState::Failed]);
    let stat = ("stat", format!(r#"["{token}", "/videos"]"#));
    let mishaps = [
        origin.on(Op::complete()).interfere_before(Interference::AbortUpload),
        origin.on(Op::complete()).interfere_after(Interference::RemoveDirectory),
    ];
    for (interference, name) in mishaps.iter().zip(["c", "d"]) {
        let id = create(&mut Client::new(&origin), &token, "/videos", name);
        assert_eq!(requests::piece(&origin, &token, &id, 1), Some(200));
        batch(&origin, &[stat.clone(), complete(&id)]);
        assert_eq!(interference.fired(), 1, "{:?}", interference.record());
    }
    origin.upload("/videos/c").assert_aborted();
    origin.directory("/videos").assert_absent();
    origin.finish();
}

#[test]
fn one_call_of_a_batch_can_read_stale_data() {
    let (origin, token) = videos();
    let stale = origin.on(Op::method("stat")).stale();
    let make = ("makeDir", format!(r#"["{token}", "/a"]"#));
    let stat = ("stat", format!(r#"["{token}", "/a"]"#));
    let response = batch(&origin, &[make, stat.clone()]);
    assert!(response.text().contains("-1"), "{}", response.text());
    origin.directory("/a").assert_exists();
    assert_eq!(stale.fired(), 1);
    assert_eq!(requests::result(&origin, stat.0, &stat.1)["code"], 0);
    origin.finish();
}

#[test]
fn a_call_is_rejected_before_its_parameters_are_checked() {
    let (origin, token) = videos();
    let fault = origin.on(Op::method("stat")).reject(ErrorResponse::code(-10001));
    let params = format!(r#"["{token}", "/", 1, 2, 3, 4]"#);
    assert_eq!(requests::result(&origin, "stat", &params)["code"], -10001);
    assert_eq!(fault.fired(), 1);
    assert!(rpc(&origin, "stat", &params).text().contains("-32602"));
    origin.finish();
}
