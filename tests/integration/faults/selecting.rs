//! Tests that a fault applies to the selected calls and to no others.

use std::thread;

use mock_origin::internals::fault::Repeat;
use mock_origin::{
    ErrorResponse, InProgressUpload, Interface, MockOrigin, Op, Operation, ResponseLoss,
};

use super::requests::{self, form, login, make_directory, raw, rpc};
use super::videos;
use crate::support::{self, Client, complete, create};

/// Calls every operation once and returns the statuses in order.
fn one_of_everything(origin: &MockOrigin) -> Vec<u16> {
    let token = origin.issue_token("jane");
    let first = login(origin, "jane", "secret").status;
    let made = make_directory(origin, &token, "/films");
    let created = requests::create(origin, &token, "/videos", "a.mp4");
    let id = origin.upload("/videos/open").id().to_owned();
    let sent = (1..=5).map(|number| requests::piece(origin, &token, &id, number).unwrap_or(0));
    let mut statuses = vec![first, made.status, created.status];
    statuses.extend(sent);
    statuses.push(raw(origin, &token, "/videos", "raw").status);
    statuses.push(form(origin, &token, "/videos", "form").status);
    statuses.push(rpc(origin, "stat", &format!(r#"["{token}", "/videos"]"#)).status);
    statuses.push(rpc(origin, "makeDir", &format!(r#"["{token}", "/shows"]"#)).status);
    statuses.push(rpc(origin, "createMultipart", &format!(r#"["{token}", "/b"]"#)).status);
    statuses.push(Client::new(origin).send("GET", "/acme/videos/raw", &[], b"").status);
    statuses.push(Client::new(origin).send("HEAD", "/acme/videos/raw", &[], b"").status);
    statuses.push(rpc(origin, "abortMultipart", &format!(r#"["{token}", "{id}"]"#)).status);
    statuses
}

/// The operations of [`one_of_everything`], in order.
const EVERYTHING: [&str; 16] = [
    "login",
    "directory",
    "create",
    "1",
    "2",
    "3",
    "4",
    "5",
    "raw",
    "form",
    "stat",
    "makeDir",
    "createMultipart",
    "GET",
    "HEAD",
    "abort",
];

#[test]
fn an_operation_selects_its_own_calls() {
    let cases: &[(Op, &[&str])] = &[
        (Op::login(), &["login"]),
        (Op::directory(), &["directory", "makeDir"]),
        (Op::directory().over(Interface::Http), &["directory"]),
        (Op::directory().over(Interface::JsonRpc), &["makeDir"]),
        (Op::create(), &["create", "createMultipart"]),
        (Op::create().over(Interface::JsonRpc), &["createMultipart"]),
        (Op::piece(3), &["3"]),
        (Op::piece(2..=4), &["2", "3", "4"]),
        (Op::any_piece(), &["1", "2", "3", "4", "5"]),
        (Op::raw(), &["raw"]),
        (Op::file(), &["form"]),
        (Op::method("stat"), &["stat"]),
        (Op::operation(Operation::Stat), &["stat"]),
        (Op::method("makeDir"), &["makeDir"]),
        (Op::egress(), &["GET", "HEAD"]),
        (Op::abort(), &["abort"]),
        (Op::any().over(Interface::Egress), &["GET", "HEAD"]),
        (Op::any().over(Interface::JsonRpc), &["stat", "makeDir", "createMultipart", "abort"]),
    ];
    for (op, selected) in cases {
        let origin = MockOrigin::builder().upload(InProgressUpload::new("/videos/open")).start();
        let fault = origin.on(op.clone()).always().reject(ErrorResponse::raw(418));
        let injected: Vec<&str> = one_of_everything(&origin)
            .into_iter()
            .zip(EVERYTHING)
            .filter_map(|(status, name)| (status == 418).then_some(name))
            .collect();
        assert_eq!(injected, *selected, "{op:?}");
        assert!(fault.fired() >= selected.len() as u64, "{op:?}");
        origin.finish();
    }
}

#[test]
fn a_path_pattern_selects_paths() {
    let cases: &[(&str, &[&str])] = &[
        ("/videos/a.mp4", &["/videos/a.mp4"]),
        ("/acme/videos/a.mp4", &["/videos/a.mp4"]),
        ("/videos/*", &["/videos/a.mp4", "/videos/b.mp3"]),
        ("/videos/*.mp4", &["/videos/a.mp4"]),
        ("/videos/**", &["/videos/a.mp4", "/videos/b.mp3", "/videos/old/c.mp4"]),
        ("/**/*.mp4", &["/videos/a.mp4", "/videos/old/c.mp4"]),
        ("**", &["/videos/a.mp4", "/videos/b.mp3", "/videos/old/c.mp4"]),
    ];
    let ops = [
        Op::create().over(Interface::Http),
        Op::create().over(Interface::JsonRpc),
        Op::raw(),
        Op::file(),
        Op::egress(),
    ];
    for (pattern, selected) in cases {
        for op in &ops {
            let builder = MockOrigin::builder().directory("/videos/old");
            let files = ["/videos/a.mp4", "/videos/b.mp3", "/videos/old/c.mp4"];
            let origin = files.iter().fold(builder, |it, path| it.file(path, "old")).start();
            origin.on(op.clone()).path(pattern).always().reject(ErrorResponse::raw(418));
            let injected: Vec<&str> =
                files.into_iter().filter(|path| send(&origin, op, path) == 418).collect();
            assert_eq!(injected, *selected, "{op:?} {pattern}");
            origin.finish();
        }
    }
}

/// Calls `op` on a path.
fn send(origin: &MockOrigin, op: &Op, path: &str) -> u16 {
    let token = origin.issue_token("jane");
    let (directory, name) = path.rsplit_once('/').unwrap();
    if *op == Op::raw() {
        raw(origin, &token, directory, name).status
    } else if *op == Op::file() {
        form(origin, &token, directory, name).status
    } else if *op == Op::egress() {
        Client::new(origin).send("GET", &format!("/acme{path}"), &[], b"").status
    } else if *op == Op::create().over(Interface::Http) {
        requests::create(origin, &token, directory, name).status
    } else {
        rpc(origin, "createMultipart", &format!(r#"["{token}", "{path}"]"#)).status
    }
}

#[test]
fn pieces_and_completions_have_the_path_of_their_upload() {
    let (origin, token) = videos();
    origin.on(Op::any_piece()).path("/videos/b*").always().reject(503);
    origin.on(Op::complete()).path("/videos/a*").reject(500);
    let ids =
        ["a.mp4", "b.mp4"].map(|name| create(&mut Client::new(&origin), &token, "/videos", name));
    let statuses = ids.each_ref().map(|id| requests::piece(&origin, &token, id, 1));
    assert_eq!(statuses, [Some(200), Some(503)]);
    let completed = ids.map(|id| complete(&mut Client::new(&origin), &token, &id).code());
    assert_eq!(completed, [Some(-13), Some(-4)]);
    origin.finish();
}

#[test]
fn a_user_is_selected_by_token_and_by_credentials() {
    let origin = MockOrigin::builder().user("jane", "a").user("joe", "b").start();
    origin.on(Op::any()).user("joe").always().reject(ErrorResponse::raw(418));
    for (user, password, status) in [("jane", "a", 200), ("joe", "b", 418)] {
        let token = origin.issue_token(user);
        assert_eq!(login(&origin, user, password).status, status);
        assert_eq!(requests::create(&origin, &token, "/", "a").status, status);
        assert_eq!(rpc(&origin, "stat", &format!(r#"["{token}", "/"]"#)).status, status);
        assert_eq!(rpc(&origin, "login", &format!(r#"["{user}", "{password}"]"#)).status, status);
    }
    origin.finish();
}

#[test]
fn an_upload_is_selected_by_id_and_counts_its_own_attempts() {
    let (origin, token) = videos();
    let begin = || create(&mut Client::new(&origin), &token, "/videos", "a.mp4");
    let (one, other) = (begin(), begin());
    for _ in 0..3 {
        assert_eq!(requests::piece(&origin, &token, &other, 1), Some(200));
    }
    // These are attempts 4, 5 and 6 of the path, and 1, 2 and 3 of the upload.
    let in_upload = origin.on(Op::piece(1)).upload(&one).attempt(2).reject(503);
    let on_path = origin.on(Op::piece(1)).attempt(6).reject(500);
    let statuses: Vec<_> = (0..3).map(|_| requests::piece(&origin, &token, &one, 1)).collect();
    assert_eq!(statuses, [Some(200), Some(503), Some(500)]);
    assert_eq!((in_upload.fired(), on_path.fired()), (1, 1));
    origin.finish();
}

#[test]
fn attempts_count_per_part_in_any_order_of_pieces() {
    let (origin, token) = videos();
    let fault = origin.on(Op::any_piece()).attempts(1..=2).reject(503);
    let id = create(&mut Client::new(&origin), &token, "/videos", "a.mp4");
    thread::scope(|scope| {
        for number in 1..=16 {
            let (origin, token, id) = (&origin, &token, &id);
            scope.spawn(move || {
                let statuses: Vec<_> =
                    (0..4).map(|_| requests::piece(origin, token, id, number)).collect();
                assert_eq!(statuses, [Some(503), Some(503), Some(200), Some(200)], "{number}");
            });
        }
    });
    assert_eq!(fault.fired(), 32);
    origin.finish();
}

#[test]
fn attempts_count_per_path_operation_and_user() {
    let origin = MockOrigin::builder().user("jane", "a").user("joe", "b").start();
    origin.on(Op::any()).attempt(1).reject(ErrorResponse::raw(418));
    let (jane, joe) = (origin.issue_token("jane"), origin.issue_token("joe"));
    for expected in [418, 200] {
        for (token, name) in [(&jane, "a"), (&jane, "b"), (&joe, "a")] {
            assert_eq!(
                requests::create(&origin, token, "/", name).status,
                expected,
                "create {name}"
            );
            assert_eq!(raw(&origin, token, "/", name).status, expected, "raw {name}");
            let params = format!(r#"["{token}", "/{name}"]"#);
            assert_eq!(rpc(&origin, "stat", &params).status, expected, "stat {name}");
        }
        assert_eq!(login(&origin, "jane", "a").status, expected);
        assert_eq!(login(&origin, "joe", "b").status, expected);
    }
    // JSON-RPC counts together with HTTP: this is the third attempt.
    let created = rpc(&origin, "createMultipart", &format!(r#"["{jane}", "/a"]"#));
    assert_eq!(created.status, 200);
    origin.finish();
}

#[test]
fn attempts_before_a_fault_was_added_count() {
    let (origin, token) = videos();
    let id = create(&mut Client::new(&origin), &token, "/videos", "a.mp4");
    assert_eq!(requests::piece(&origin, &token, &id, 1), Some(200));
    assert_eq!(form(&origin, &token, "/videos", "b.mp4").status, 200);
    let stat = format!(r#"["{token}", "/videos"]"#);
    assert_eq!(rpc(&origin, "stat", &stat).status, 200);
    origin.on(Op::piece(1)).attempt(2).reject(503);
    origin.on(Op::file()).path("/videos/b.mp4").attempt(2).reject(503);
    origin.on(Op::file()).attempt(3).reject(500);
    origin.on(Op::method("stat")).attempt(2).reject(503);
    assert_eq!(requests::piece(&origin, &token, &id, 1), Some(503));
    assert_eq!(form(&origin, &token, "/videos", "b.mp4").status, 503);
    assert_eq!(form(&origin, &token, "/videos", "b.mp4").status, 500);
    assert_eq!(rpc(&origin, "stat", &stat).status, 503);
    origin.finish();
}

#[test]
fn repeats_count_calls_after_the_fault_was_added() {
    let cases: &[(Option<Repeat>, [bool; 4])] = &[
        (None, [true, false, false, false]),
        (Some(Repeat::Times(1)), [true, false, false, false]),
        (Some(Repeat::Times(3)), [true, true, true, false]),
        (Some(Repeat::Nth(1)), [true, false, false, false]),
        (Some(Repeat::Nth(3)), [false, false, true, false]),
        (Some(Repeat::Always), [true; 4]),
    ];
    for (count, injected) in cases {
        let (origin, token) = videos();
        let send = || requests::create(&origin, &token, "/videos", "a.mp4").status == 503;
        assert!(!send(), "no fault is added yet");
        let on = origin.on(Op::create());
        match count {
            None => on.reject(503),
            Some(Repeat::Nth(nth)) => on.nth(*nth).reject(503),
            Some(Repeat::Times(1)) => on.first().reject(503),
            Some(Repeat::Times(times)) => on.times(*times).reject(503),
            _ => on.always().reject(503),
        };
        assert_eq!([send(), send(), send(), send()], *injected, "{count:?}");
        origin.finish();
    }
}

#[test]
fn a_missing_nth_call_is_written_as_an_ordinal() {
    for (nth, spoken) in [
        (2, "second"),
        (4, "4th"),
        (11, "11th"),
        (12, "12th"),
        (13, "13th"),
        (21, "21st"),
        (22, "22nd"),
        (23, "23rd"),
        (101, "101st"),
        (111, "111th"),
    ] {
        let (origin, token) = videos();
        let late = origin.on(Op::create()).nth(nth).reject(503);
        requests::create(&origin, &token, "/videos", "a.mp4");
        let verdict = origin.verify().unwrap_err().to_string();
        assert!(verdict.contains(&format!("so there was no {spoken} one")), "{verdict}");
        late.remove();
        origin.finish();
    }
}

#[test]
fn attempts_can_be_counted_in_turn() {
    let (origin, token) = videos();
    let fault = origin.on(Op::any_piece()).attempt(1).times(2).reject(503);
    let id = create(&mut Client::new(&origin), &token, "/videos", "a.mp4");
    let send = |number| requests::piece(&origin, &token, &id, number).unwrap();
    let statuses = [1, 1, 2, 2, 3, 3].map(send);
    assert_eq!(statuses, [503, 200, 503, 200, 200, 200]);
    assert_eq!(fault.record().unwrap().matched, 3);
    origin.finish();
}

#[test]
fn the_first_added_fault_applies_first() {
    let (origin, token) = videos();
    origin.on(Op::create()).reject(503);
    origin.on(Op::any()).reject(ErrorResponse::raw(418));
    origin.on(Op::create()).reject(500);
    let statuses = [(); 4].map(|()| requests::create(&origin, &token, "/videos", "a.mp4").status);
    assert_eq!(statuses, [503, 418, 500, 200]);
    origin.finish();
}

#[test]
fn a_skipped_injection_does_not_use_up_the_fault() {
    let (origin, token) = videos();
    let lost = origin.on(Op::any_piece()).first().commit_then(ResponseLoss::Close);
    let id = create(&mut Client::new(&origin), &token, "/videos", "a.mp4");
    let assert_reason =
        |why: &str| assert_eq!(lost.record().unwrap().skip_reason.as_deref(), Some(why));
    assert_eq!(requests::piece(&origin, "no token", &id, 1), Some(403));
    assert_reason("the origin rejected the request: 403 -10001 invalid or expired credentials");
    assert_eq!(requests::piece(&origin, &token, "no upload", 1), Some(400));
    assert_reason("the origin rejected the request: 400 -2 unknown multipart identifier");
    // The head is valid; the request is rejected after its body.
    let checksum = ("X-Agile-Checksum", &*"0".repeat(64));
    let part = [("X-Agile-Multipart", &*id), ("X-Agile-Part", "1")];
    let headers = [&part[..], &[("X-Agile-Authorization", &*token), checksum]].concat();
    assert_eq!(requests::http(&origin, "/multipart/piece", &headers, b"1").code(), Some(-6));
    assert_reason("the origin rejected the request: 400 -6 checksum mismatch");
    assert_eq!(lost.fired(), 0);
    assert_eq!(requests::piece(&origin, &token, &id, 1), None);
    assert_eq!(lost.fired(), 1);
    assert_eq!(requests::piece(&origin, &token, &id, 1), Some(200));
    origin.upload(&id).piece(1).assert_attempts(4);
    origin.finish();
}

#[test]
fn a_client_that_leaves_does_not_use_up_the_fault() {
    let (origin, token) = videos();
    let cut = origin.on(Op::piece(1)).cut_after(100, mock_origin::Disconnect::Close);
    let id = create(&mut Client::new(&origin), &token, "/videos", "a.mp4");
    let headers = support::piece_headers(&token, &id, "1");
    let whole = support::request("POST", "/multipart/piece", &headers, &[7; 200]);
    let mut client = Client::new(&origin);
    client.write(&whole[..whole.len() - 150]);
    let address = client.address();
    client.reset();
    support::record::closed_connection(&origin, address);
    assert_eq!(cut.fired(), 0);
    let mut client = Client::new(&origin);
    client.write(&whole);
    assert_eq!(client.read_to_end().unwrap_or_default(), b"");
    assert_eq!(cut.fired(), 1);
    origin.finish();
}

#[test]
fn faults_on_downloads_apply_to_head_and_get() {
    let origin = MockOrigin::builder().file("/a.txt", "abc").start();
    origin
        .on(Op::egress())
        .path("/a.txt")
        .times(2)
        .reject(ErrorResponse::raw(503).header("X-Why", "ill"));
    for (method, status) in [("GET", 503), ("HEAD", 503), ("GET", 200), ("HEAD", 200)] {
        let response = Client::new(&origin).send(method, "/acme/a.txt", &[], b"");
        assert_eq!(response.status, status, "{method}");
        assert_eq!(response.header("X-Why").is_some(), status == 503);
    }
    origin.finish();
}
