//! Tests faults on JSON-RPC: on single calls, on batches, and on every method.

use mock_origin::internals::protocol::METHODS;
use mock_origin::options::Join;
use mock_origin::{ErrorResponse, Interface, MockOrigin, Op, ResponseLoss};

use super::commit::{LOSSES, assert_figures, count, known};
use super::scene::{Request, Scene, WAYS, Way, assert_works, rejection_by_proxy};
use crate::support::Response;
use crate::support::record::closed_exchange;

/// Returns parameters with which a method succeeds on the origin of [`stage`].
fn params(method: &str) -> &'static str {
    match method {
        "makeDir" | "makeDir2" => r#"["TOKEN", "/new"]"#,
        "deleteDir" => r#"["TOKEN", "/empty"]"#,
        "listDir" | "listFile" | "listPath" => r#"["TOKEN", "/"]"#,
        "stat" | "deleteFile" | "deleteObject" | "mediaVaultUrl" | "mediaVaultURL" => {
            r#"["TOKEN", "/docs/a.txt"]"#
        }
        "rename" | "renameFile" | "copyFile" => r#"["TOKEN", "/docs/a.txt", "/docs/b.txt"]"#,
        "setMTime" => r#"["TOKEN", "/docs/a.txt", 1234567890]"#,
        "setContentType" => r#"["TOKEN", "/docs/a.txt", "text/css"]"#,
        "fetchFileHTTP" => r#"["TOKEN", "/docs/c.txt", "http://acme/docs/a.txt"]"#,
        "createMultipart" => r#"["TOKEN", "/docs/m.mp4"]"#,
        "getMultipartStatus" | "completeMultipart" | "abortMultipart" | "listMultipartPiece"
        | "restartMultipart" => r#"["TOKEN", "MPID"]"#,
        "getMultipartStatusMap"
        | "listMultipart"
        | "logout"
        | "checkToken"
        | "updateSession"
        | "initKeyPair" => r#"["TOKEN"]"#,
        "login" | "authenticate" => r#"["jane", "secret"]"#,
        "noop" => r#"["TOKEN", "hello"]"#,
        "ping" => r#"["hello"]"#,
        other => panic!("there is a method that is not tested: {other}"),
    }
}

/// Returns an origin on which every method can succeed.
fn stage(method: &str) -> Scene {
    let scene = Scene::with(|builder| builder.directory("/empty").file("/docs/a.txt", "text"));
    if method == "restartMultipart" {
        // Only a failed upload can be restarted.
        scene.origin.on(Op::complete().over(Interface::Http)).join(Join::Fail);
        let response = scene.client().write(scene.complete().bytes(Way::Length)).read();
        assert_eq!(response.status, 200);
    }
    scene
}

#[test]
fn every_json_rpc_method_commits_if_its_response_is_lost() {
    let mut changing = Vec::new();
    for method in METHODS {
        let untouched = known(&stage(method.name));
        let plain = stage(method.name);
        let request = plain.rpc(method.name, params(method.name));
        let done = plain.play(&request, Way::Length, 1).exchange;
        assert!(!done.is_rejected(), "{done:?}");
        let expected = known(&plain);
        if untouched != expected {
            changing.push(method.name);
        }
        for (at, (lose, ended)) in LOSSES.into_iter().enumerate() {
            let scene = stage(method.name);
            scene.origin.on(Op::method(method.name)).commit_then(lose);
            let request = scene.rpc(method.name, params(method.name));
            let seen = scene.play(&request, WAYS[at % WAYS.len()], count(ended));
            assert_eq!((&seen.bytes, seen.ended), (&lost_rpc(lose), ended), "{}", method.name);
            assert_figures(&seen, lose, request.body.len(), true);
            assert_eq!(known(&scene), expected, "{}", method.name);
            scene.origin.finish();
        }
    }
    assert_eq!(changing.len(), METHODS.len() - READERS.len(), "{changing:?}");
    assert!(READERS.iter().all(|reader| !changing.contains(reader)), "{changing:?}");
}

/// The methods that do not change the state.
const READERS: [&str; 14] = [
    "listDir",
    "listFile",
    "listPath",
    "stat",
    "mediaVaultUrl",
    "mediaVaultURL",
    "getMultipartStatus",
    "getMultipartStatusMap",
    "listMultipart",
    "listMultipartPiece",
    "checkToken",
    "noop",
    "ping",
    "initKeyPair",
];

/// Returns the response of a lost call. JSON-RPC has no result codes with statuses, so that a proxy's
/// response is sent.
fn lost_rpc(lose: ResponseLoss) -> Vec<u8> {
    match lose {
        ResponseLoss::Status(status) => rejection_by_proxy(status),
        _ => Vec::new(),
    }
}

const BATCH: &str = r#"[{"jsonrpc": "2.0", "id": 1, "method": "makeDir", "params": ["TOKEN", "/one"]}, {"jsonrpc": "2.0", "id": 2, "method": "makeDir", "params": ["TOKEN", "/two"]}, {"jsonrpc": "2.0", "id": 3, "method": "makeDir", "params": ["TOKEN", "/three"]}]"#;

fn send_batch(origin: &Scene, way: Way) -> (Response, bool) {
    let mut client = origin.client();
    if way.is_reused() {
        assert_works(&mut client);
    }
    let response = client.write(origin.rpc_body(BATCH).bytes(way)).read();
    let is_open = response.status == 200;
    if is_open {
        assert_works(&mut client);
    } else {
        client.assert_closed();
    }
    (response, is_open)
}

fn made(origin: &MockOrigin) -> Vec<&'static str> {
    let mut names = vec!["/one", "/two", "/three"];
    names.retain(|name| origin.directory(name).try_exists().is_ok());
    names
}

#[test]
fn a_rejected_call_of_a_batch_leaves_the_others_intact() {
    let own = r#"{"jsonrpc": "2.0", "id": 2, "result": -2}"#;
    let envelope =
        r#"{"jsonrpc": "2.0", "id": 2, "error": {"code": -32000, "message": "Server Error"}}"#;
    for (code, second) in [(-2, own), (-32000, envelope)] {
        for way in WAYS {
            let scene = Scene::new();
            scene.origin.on(Op::method("makeDir")).nth(2).reject(ErrorResponse::code(code));
            let (response, is_open) = send_batch(&scene, way);
            assert!(is_open);
            let done = |id| format!(r#"{{"jsonrpc": "2.0", "id": {id}, "result": 0}}"#);
            assert_eq!(response.text(), format!("[{}, {second}, {}]", done(1), done(3)));
            assert_eq!(made(&scene.origin), ["/one", "/three"]);
            let record = closed_exchange(&scene.origin, usize::from(way.is_reused()));
            let codes: Vec<_> =
                record.calls.iter().map(|call| call.result_code.unwrap().code).collect();
            assert_eq!(codes, [0, code, 0]);
            assert_eq!((record.faults.len(), record.committed.is_some()), (1, true));
            scene.origin.finish();
        }
    }
}

#[test]
fn an_injected_status_rejects_the_whole_batch() {
    for way in WAYS {
        let scene = Scene::new();
        scene.origin.on(Op::method("makeDir")).nth(2).reject(503);
        let (response, is_open) = send_batch(&scene, way);
        assert!(!is_open);
        assert_eq!((response.status, response.code(), response.text()), (503, None, ""));
        assert_eq!(made(&scene.origin), [""; 0]);
        let (response, _) = send_batch(&scene, way);
        assert_eq!(response.status, 200);
        scene.origin.finish();
    }
}

#[test]
fn a_json_rpc_call_is_rejected_by_code_or_status() {
    for way in WAYS {
        let scene = Scene::new();
        let on = || scene.origin.on(Op::method("stat")).path("/videos");
        on().nth(1).reject(ErrorResponse::code(-10001));
        on().nth(2).reject(ErrorResponse::code(-32700));
        on().nth(3).reject(ErrorResponse::raw(502).with_code(-7).header("X-Via", "proxy"));
        let request = scene.rpc("stat", r#"["TOKEN", "/videos"]"#);
        let (mut client, begin) = (scene.client(), r#"{"jsonrpc": "2.0", "id": 1, "#);
        let mut tell = || client.write(request.bytes(way)).read();
        assert_eq!(tell().text(), format!(r#"{begin}"result": {{"code": -10001}}}}"#));
        let error = r#""error": {"code": -32700, "message": "Parse Error"}}"#;
        assert_eq!(tell().text(), format!("{begin}{error}"));
        let rejected = tell();
        assert_eq!((rejected.status, rejected.code()), (502, Some(-7)));
        assert_eq!(rejected.header("X-Via"), Some("proxy"));
        client.assert_closed();
        let done = scene.client().write(request.bytes(way)).read();
        assert!(done.text().contains(r#""code": 0"#), "{}", done.text());
        scene.origin.finish();
    }
}

#[test]
fn a_rejection_precedes_the_checks_of_the_origin() {
    let scene = Scene::new();
    scene.origin.on(Op::method("makeDir")).reject(ErrorResponse::code(-5));
    scene.origin.on(Op::any()).nth(2).reject(ErrorResponse::code(-32000));
    let mut client = scene.client();
    let mut tell =
        |request: &Request| client.write(request.bytes(Way::Length)).read().text().to_owned();
    let begin = r#"{"jsonrpc": "2.0", "id": 1, "#;
    let too_many = scene.rpc("makeDir", r#"["TOKEN", "/one", 2, 3, 4]"#);
    assert_eq!(tell(&too_many), format!(r#"{begin}"result": -5}}"#));
    let error = r#""error": {"code": -32000, "message": "Server Error"}}"#;
    assert_eq!(tell(&scene.rpc("noSuchMethod", "[]")), format!("{begin}{error}"));
    assert!(tell(&too_many).contains("-32602"));
    scene.origin.finish();
}

#[test]
fn a_batch_whose_response_is_lost_is_committed() {
    for (at, (lose, ended)) in LOSSES.into_iter().enumerate() {
        let scene = Scene::new();
        scene.origin.on(Op::method("makeDir")).path("/two").commit_then(lose);
        let request = scene.rpc_body(BATCH);
        let seen = scene.play(&request, WAYS[at % WAYS.len()], count(ended));
        assert_eq!((&seen.bytes, seen.ended), (&lost_rpc(lose), ended));
        assert_eq!(made(&scene.origin), ["/one", "/two", "/three"]);
        scene.origin.finish();
    }
}
