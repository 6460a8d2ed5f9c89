//! Tests faults of the storage service: error codes, failed joins, stale or wrong lists, and
//! interference by other clients.

use mock_origin::internals::protocol::{
    Availability, ENDPOINTS, ENVELOPE_RESULTS, Endpoint, METHODS, Method, ParamKind, ResultCode,
    Shape,
};
use mock_origin::options::Join;
use mock_origin::{
    ErrorResponse, InProgressUpload, Interface, Interference, ListingFault, MockOrigin, Op,
    Operation,
};
use serde_json::{Value, json};

use super::requests::{self, http, result, rpc};
use super::scene::{LENGTH, Scene, WAYS};
use super::videos;
use crate::support::{Client, Response, complete, create};

/// Result codes that a test can inject although the origin may also return them by itself.
const ALSO: [(u16, i32); 2] = [(503, -22), (429, -26)];

fn is_asked_for(row: &ResultCode) -> bool {
    row.availability == Availability::FaultOnly || ALSO.contains(&(row.http, row.code))
}

/// Sends a request that succeeds without a fault.
fn good_request(origin: &MockOrigin, endpoint: &Endpoint) -> Response {
    let token = origin.issue_token("jane");
    let id = origin.upload("/videos/open").id().to_owned();
    match endpoint.operation {
        Operation::Login => requests::login(origin, "jane", "secret"),
        Operation::Create => requests::create(origin, &token, "/videos", "new"),
        Operation::Complete => complete(&mut Client::new(origin), &token, &id),
        Operation::PostRaw => requests::raw(origin, &token, "/videos", "raw"),
        Operation::PostFile => requests::form(origin, &token, "/videos", "form"),
        Operation::MakeDirectory => requests::make_directory(origin, &token, "/films"),
        Operation::Piece => {
            let headers = crate::support::piece_headers(&token, &id, "2");
            http(origin, endpoint.path, &headers, b"two")
        }
        other => panic!("{other:?} has no rows"),
    }
}

fn faulty_origin() -> MockOrigin {
    let open = InProgressUpload::new("/videos/open").piece(1, "one");
    MockOrigin::builder().upload(open).start()
}

#[test]
fn every_fault_only_code_of_endpoints_can_be_injected() {
    let mut asked = 0;
    for endpoint in ENDPOINTS.iter().filter(|endpoint| endpoint.interface == Interface::Http) {
        for row in endpoint.results.iter().filter(|row| is_asked_for(row)) {
            let origin = faulty_origin();
            let op = Op::operation(endpoint.operation).over(Interface::Http);
            origin.on(op).reject(ErrorResponse::row(row.http, row.code));
            let response = good_request(&origin, endpoint);
            let name = format!("{} {}/{}", endpoint.path, row.http, row.code);
            assert_eq!((response.status, response.code()), (row.http, Some(row.code)), "{name}");
            assert_eq!(response.reason, row.phrase, "{name}");
            let has_body = endpoint.operation == Operation::MakeDirectory;
            let message = format!(r#"{{"message": "{}", "code": {}}}"#, row.phrase, row.code);
            assert_eq!(response.text(), if has_body { &*message } else { "" }, "{name}");
            // The fault applies once, and the call was not committed.
            assert_eq!(good_request(&origin, endpoint).code(), Some(0), "{name}");
            origin.finish();
            asked += 1;
        }
    }
    assert!(asked >= 15, "{asked}");
}

/// Returns valid named parameters of a method.
fn good_params(origin: &MockOrigin, method: &Method) -> String {
    let value = |kind: ParamKind| match kind {
        ParamKind::Token => json!(origin.issue_token("jane")),
        ParamKind::Integer | ParamKind::Cookie => json!(0),
        ParamKind::Boolean => json!(false),
        ParamKind::Text | ParamKind::AnyText | ParamKind::Any => json!("/videos"),
    };
    let needed = method.params.iter().filter(|param| param.required);
    let members: serde_json::Map<String, Value> =
        needed.map(|param| (param.name.to_owned(), value(param.kind))).collect();
    Value::Object(members).to_string()
}

#[test]
fn every_fault_only_code_of_methods_can_be_injected() {
    let origin = faulty_origin();
    let shared = || ENVELOPE_RESULTS.iter().filter(|row| is_asked_for(row));
    let mut asked = 0;
    for method in METHODS {
        for row in method.results.iter().filter(|row| is_asked_for(row)).chain(shared()) {
            let fault = origin.on(Op::method(method.name)).reject(ErrorResponse::code(row.code));
            let response = rpc(&origin, method.name, &good_params(&origin, method));
            let is_own = method.results.contains(row);
            let json: Value = serde_json::from_slice(&response.body).unwrap();
            let expected = match method.shape {
                _ if !is_own => json!({"code": row.code, "message": row.phrase}),
                Shape::Bare => json!(row.code),
                Shape::Object | Shape::Detailed => json!({"code": row.code}),
                Shape::Session => panic!("{} has no rows of its own", method.name),
            };
            let found = &json[if is_own { "result" } else { "error" }];
            assert_eq!((response.status, found), (200, &expected), "{} {}", method.name, row.code);
            assert_eq!(fault.fired(), 1, "{} {}", method.name, row.code);
            fault.remove();
            asked += 1;
        }
    }
    assert!(asked > METHODS.len() + 10, "{asked}");
    origin.directory("/videos").assert_names(&[]);
    origin.finish();
}

#[test]
fn any_http_status_can_be_injected_everywhere() {
    for status in [429, 500, 502, 503, 504] {
        let origin = faulty_origin();
        origin.on(Op::method("stat")).reject(status);
        origin.on(Op::egress()).reject(status);
        origin.on(Op::login().over(Interface::Http)).reject(status);
        let response = rpc(&origin, "stat", &good_params(&origin, METHODS[6]));
        assert_eq!((response.status, response.code()), (status, None));
        let read = Client::new(&origin).send("GET", "/acme/videos/open", &[], b"");
        assert_eq!((read.status, read.code()), (status, None));
        assert_eq!(requests::login(&origin, "jane", "secret").status, status);
        origin.finish();
    }
}

/// Returns the state and the error of an upload by `getMultipartStatus`.
fn status(origin: &MockOrigin, token: &str, id: &str) -> (i64, i64) {
    let status = result(origin, "getMultipartStatus", &format!(r#"["{token}", "{id}"]"#));
    (status["state"].as_i64().unwrap(), status["error"].as_i64().unwrap())
}

const JOIN: i64 = 5;
const SUCCESS: i64 = 6;
const FAILED: i64 = 12;

/// Creates an upload with one piece and returns its identifier.
fn uploaded(origin: &MockOrigin, token: &str) -> String {
    let id = create(&mut Client::new(origin), token, "/videos", "a.mp4");
    assert_eq!(requests::piece(origin, token, &id, 1), Some(200));
    id
}

#[test]
fn an_expired_lock_is_found_by_the_next_completion() {
    let (origin, token) = videos();
    let id = uploaded(&origin, &token);
    origin.on(Op::complete()).times(2).reject(ErrorResponse::code(-13));
    let codes = [(); 3].map(|()| complete(&mut Client::new(&origin), &token, &id).code());
    assert_eq!(codes, [Some(-13), Some(-13), Some(0)]);
    origin.file("/videos/a.mp4").assert_content("123");
    origin.finish();
}

#[test]
fn a_failed_join_succeeds_on_the_next_attempt() {
    for by_method in [false, true] {
        let (origin, token) = videos();
        let id = uploaded(&origin, &token);
        origin.on(Op::complete()).join(Join::Fail);
        let params = format!(r#"["{token}", "{id}"]"#);
        let finish = || {
            if by_method {
                return result(&origin, "completeMultipart", &params)["code"].as_i64();
            }
            complete(&mut Client::new(&origin), &token, &id).code().map(i64::from)
        };
        assert_eq!((finish(), status(&origin, &token, &id)), (Some(0), (FAILED, 0)));
        origin.file("/videos/a.mp4").assert_absent();
        assert_eq!(finish(), Some(-8), "the upload is not open");
        assert_eq!(result(&origin, "restartMultipart", &params), 0);
        assert_eq!((finish(), status(&origin, &token, &id)), (Some(0), (SUCCESS, 0)));
        origin.file("/videos/a.mp4").assert_content("123");
        origin.finish();
    }
}

#[test]
fn a_join_waits_for_the_number_of_polls() {
    let (origin, token) = videos();
    let id = uploaded(&origin, &token);
    origin.on(Op::complete()).join(Join::Polls(2));
    assert_eq!(complete(&mut Client::new(&origin), &token, &id).status, 200);
    origin.file("/videos/a.mp4").assert_absent();
    let states = [(); 3].map(|()| status(&origin, &token, &id).0);
    assert_eq!(states, [JOIN, JOIN, SUCCESS]);
    origin.file("/videos/a.mp4").assert_exists();
    origin.finish();
}

#[test]
fn reads_are_stale_for_n_calls() {
    let names = [
        "listDir",
        "listFile",
        "listPath",
        "stat",
        "listMultipart",
        "listMultipartPiece",
        "getMultipartStatus",
        "egress",
    ];
    for name in names {
        let open = InProgressUpload::new("/videos/open").piece(1, "one");
        let origin = MockOrigin::builder().upload(open).file("/videos/f", "old").start();
        let token = origin.issue_token("jane");
        let id = origin.upload("/videos/open").id().to_owned();
        let params = match name {
            "listMultipart" => format!(r#"["{token}"]"#),
            "listMultipartPiece" | "getMultipartStatus" => format!(r#"["{token}", "{id}"]"#),
            "stat" => format!(r#"["{token}", "/videos/f", true]"#),
            _ => format!(r#"["{token}", "/videos"]"#),
        };
        let look = || match name {
            "egress" => Client::new(&origin).send("GET", "/acme/videos/f", &[], b"").body,
            _ => result(&origin, name, &params).to_string().into_bytes(),
        };
        let op = if name == "egress" { Op::egress() } else { Op::method(name) };
        let before = look();
        origin.on(op).times(2).stale();
        requests::raw(&origin, &token, "/videos", "f");
        requests::raw(&origin, &token, "/videos", "g");
        requests::make_directory(&origin, &token, "/videos/d");
        requests::create(&origin, &token, "/videos", "h");
        assert_eq!(requests::piece(&origin, &token, &id, 2), Some(200));
        assert_eq!((look(), look()), (before.clone(), before.clone()), "{name}");
        assert_ne!(look(), before, "{name}");
        origin.finish();
    }
}

/// Returns the entries of a page and the cookie of the next one.
fn page(origin: &MockOrigin, method: &str, about: &str, cookie: &Value) -> (Vec<Value>, Value) {
    let token = origin.issue_token("jane");
    let about = if about.is_empty() { String::new() } else { format!(r#""{about}", "#) };
    let params = match method {
        "listMultipart" | "listMultipartPiece" => format!(r#"["{token}", {about}{cookie}, 2]"#),
        _ => format!(r#"["{token}", {about}2, {cookie}]"#),
    };
    let page = result(origin, method, &params);
    let lists = ["list", "dirs", "files", "multipart", "pieces"];
    let entries = lists.iter().filter_map(|list| page[list].as_array()).flatten().cloned();
    (entries.collect(), page["cookie"].clone())
}

/// Reads all pages of a list. Returns `None` if the list never ends.
fn list(origin: &MockOrigin, method: &str, about: &str) -> Option<Vec<Value>> {
    let (mut found, mut cookie) = (Vec::new(), Value::Null);
    for _ in 0..10 {
        let (entries, next) = page(origin, method, about, &cookie);
        found.extend(entries);
        if next.is_null() || next == 0 {
            return Some(found);
        }
        cookie = next;
    }
    None
}

/// Returns an origin with three entries for each list, and the parameters of each method.
fn three_of_everything() -> (MockOrigin, [(&'static str, String); 5]) {
    let of_pieces =
        (1..=3).fold(InProgressUpload::new("/up/1"), |it, number| it.piece(number, "x"));
    let builder = MockOrigin::builder().upload(of_pieces);
    let builder =
        [2, 3].iter().fold(builder, |it, n| it.upload(InProgressUpload::new(&format!("/up/{n}"))));
    let origin = (1..=3)
        .fold(builder, |it, n| it.file(&format!("/l/f{n}"), "").directory(&format!("/l/d{n}")))
        .start();
    let id = origin.upload("/up/1").id().to_owned();
    let l = || "/l".to_owned();
    let methods = [
        ("listDir", l()),
        ("listFile", l()),
        ("listPath", l()),
        ("listMultipart", String::new()),
        ("listMultipartPiece", id),
    ];
    (origin, methods)
}

#[test]
fn a_listing_fault_omits_or_repeats_an_entry() {
    let (origin, methods) = three_of_everything();
    for (method, about) in &methods {
        let whole = list(&origin, method, about).unwrap();
        let times = whole.len();
        origin.on(Op::method(method)).list(ListingFault::Drops);
        assert_eq!(list(&origin, method, about).unwrap(), whole[1..], "{method}");
        origin.on(Op::method(method)).list(ListingFault::Repeats);
        let repeated = list(&origin, method, about).unwrap();
        assert_eq!((&repeated[0], &repeated[1..]), (&whole[0], &whole[..]), "{method}");
        assert_eq!(list(&origin, method, about).unwrap().len(), times, "{method}");
    }
    origin.finish();
}

#[test]
fn a_list_can_always_report_more_entries() {
    let (origin, methods) = three_of_everything();
    for (method, about) in &methods {
        let whole = list(&origin, method, about).unwrap();
        let always = origin.on(Op::method(method)).always().list(ListingFault::NeverEnds);
        assert_eq!(list(&origin, method, about), None, "{method}");
        always.remove();
        // A fault that is injected once adds at most one page.
        let once = origin.on(Op::method(method)).nth(2).list(ListingFault::NeverEnds);
        let longer = list(&origin, method, about).expect("the list ends");
        assert!(longer.len() >= whole.len() && longer.starts_with(&whole), "{method} {longer:?}");
        assert_eq!(once.fired(), 1);
    }
    origin.finish();
}

#[test]
fn a_join_fails_if_its_directory_was_removed() {
    let meddlers: [fn(&MockOrigin); 3] = [
        |origin| {
            origin.on(Op::create()).interfere_after(Interference::RemoveDirectory);
        },
        |origin| {
            origin.on(Op::piece(1)).interfere_before(Interference::RemoveDirectory);
        },
        |origin| {
            origin.on(Op::complete()).interfere_before(Interference::RemoveDirectory);
        },
    ];
    for meddle in meddlers {
        let (origin, token) = videos();
        meddle(&origin);
        let id = uploaded(&origin, &token);
        assert_eq!(complete(&mut Client::new(&origin), &token, &id).code(), Some(0));
        assert_eq!(status(&origin, &token, &id), (FAILED, 404));
        origin.directory("/videos").assert_absent();
        origin.finish();
    }
}

#[test]
fn interference_can_end_an_upload_between_pieces() {
    // The code of the next piece for an upload in NEW or READY; `None` if the interference cannot
    // apply in this state (§4.4).
    let cases = [
        (Interference::AbortUpload, Some(-17), Some(-17)),
        (Interference::ExpireUpload, Some(-8), Some(-8)),
        (Interference::DeleteUpload, Some(-8), None),
    ];
    for (interference, when_new, when_ready) in cases {
        for (part, code) in [(1, when_new), (2, when_ready)] {
            let (origin, token) = videos();
            let interfere_before = origin.on(Op::piece(part)).interfere_before(interference);
            let id = create(&mut Client::new(&origin), &token, "/videos", "a.mp4");
            let send = |part: u32| {
                let part = part.to_string();
                let headers = crate::support::piece_headers(&token, &id, &part);
                http(&origin, "/multipart/piece", &headers, b"123").code()
            };
            let codes: Vec<_> = (1..=part).map(send).collect();
            assert_eq!(codes.last(), Some(&Some(code.unwrap_or(0))), "{interference:?} {part}");
            let record = interfere_before.record().unwrap();
            assert_eq!(record.fired == 1, code.is_some(), "{interference:?} {part}: {record:?}");
            if code.is_none() {
                let why = record.skip_reason.unwrap();
                assert_eq!(&*why, "an upload in READY cannot be deleted (§4.4)");
                assert!(origin.verify().is_err());
            }
        }
    }
    for (interference, code, _) in &cases[..2] {
        let (origin, token) = videos();
        origin.on(Op::piece(1)).interfere_after(*interference);
        let id = uploaded(&origin, &token);
        let headers = crate::support::piece_headers(&token, &id, "2");
        assert_eq!(
            http(&origin, "/multipart/piece", &headers, b"123").code(),
            *code,
            "{interference:?}"
        );
        assert_eq!(complete(&mut Client::new(&origin), &token, &id).code(), *code);
        origin.file("/videos/a.mp4").assert_absent();
        origin.finish();
    }
}

#[test]
fn interference_applies_to_every_way_of_sending_a_piece() {
    for way in WAYS {
        let scene = Scene::new();
        scene.origin.on(Op::piece(1)).interfere_before(Interference::ExpireUpload);
        let seen = scene.play(&scene.piece(1), way, usize::MAX);
        let answered = seen.exchange.response.as_ref().map(|head| head.status);
        assert_eq!((answered, seen.exchange.faults.len()), (Some(400), 1), "{way:?}");
        assert_eq!(seen.exchange.received, LENGTH as u64);
        scene.origin.finish();

        let scene = Scene::new();
        scene.origin.on(Op::piece(1)).interfere_after(Interference::AbortUpload);
        let seen = scene.play(&scene.piece(1), way, 1);
        let answered = seen.exchange.response.as_ref().map(|head| head.status);
        assert_eq!((answered, seen.exchange.faults.len()), (Some(200), 1), "{way:?}");
        scene.origin.upload(&scene.id).assert_aborted();
        scene.origin.finish();
    }
}
