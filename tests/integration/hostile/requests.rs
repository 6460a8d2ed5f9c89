//! Tests valid HTTP requests that a correct client does not send.

use mock_origin::journal::ConnectionEnd;
use mock_origin::{MockOrigin, Op, Outcome};

use crate::hostile::Scene;
use crate::support::payload::chunked;
use crate::support::record::{closed_connection, closed_exchange};
use crate::support::{complete, create, piece, request};

#[test]
fn an_unknown_method_is_405_with_an_allow_header() {
    let scene = Scene::new();
    for (method, target, allowed) in [
        ("PUT", "/multipart/piece", "POST, OPTIONS"),
        ("GET", "/multipart/piece", "POST, OPTIONS"),
        ("HEAD", "/multipart/create", "GET, POST, OPTIONS"),
        ("PATCH", "/account/login", "GET, POST, OPTIONS"),
        ("get", "/a.txt", "GET, HEAD, OPTIONS"),
        ("DELETE", "/a.txt", "GET, HEAD, OPTIONS"),
        ("TRACE", "/a.txt", "GET, HEAD, OPTIONS"),
        ("CONNECT", "origin:80", "GET, HEAD, OPTIONS"),
        ("PROPFIND", "/", "GET, HEAD, OPTIONS"),
        ("M-SEARCH", "*", "GET, HEAD, OPTIONS"),
        (&"X".repeat(5_000), "/jsonrpc", "POST, OPTIONS"),
    ] {
        let mut client = scene.client();
        let response = client.send(method, target, &[], b"");
        client.finish_writing().assert_closed();
        let found = (response.status, response.header("Allow"), response.code());
        assert_eq!(found, (405, Some(allowed), None), "{method} {target}");
    }
    scene.assert_unharmed();
}

#[test]
fn unknown_paths_are_404_without_a_code() {
    let scene = Scene::new();
    for (method, target) in [
        ("POST", "/"),
        ("POST", "/nothing"),
        ("POST", "/multipart"),
        ("POST", "/multipart/piece/"),
        ("POST", "/Multipart/create"),
        ("POST", "/multipart%2Fcreate"),
        ("POST", "/a.txt"),
        ("POST", "/./jsonrpc"),
        ("POST", "/%00"),
        ("GET", "/nothing"),
        ("GET", "/videos"),
        ("GET", "/multipart/nothing"),
        ("GET", "/../etc/passwd"),
        ("GET", "/%2e%2e/etc/passwd"),
        ("GET", "/%00"),
        ("GET", "/%ff%fe"),
        ("GET", "/%"),
        ("GET", "/%zz"),
        ("GET", "/a.txt/b"),
        ("GET", "//"),
        ("GET", "/acme"),
        ("GET", "/open.mp4"),
    ] {
        let response = scene.response_to(request(method, target, &[], b""));
        assert_eq!((response.status, response.code()), (404, None), "{method} {target}");
    }
    scene.assert_unharmed();
}

#[test]
fn absolute_and_asterisk_targets_are_accepted() {
    let scene = Scene::new();
    for target in
        ["http://origin/a.txt", "HTTPS://user@origin:99//a.txt?a=//b", "ftp://[::1]/acme/a.txt"]
    {
        assert_eq!(scene.response_to(request("GET", target, &[], b"")).text(), "hello", "{target}");
    }
    let login = scene.response_to(request("POST", "http://h/account/login", &[], b""));
    assert_eq!((login.status, login.code()), (400, Some(-10001)));
    for (method, target, status) in
        [("OPTIONS", "*", 200), ("OPTIONS", "http://h", 200), ("GET", "*", 404), ("POST", "*", 404)]
    {
        assert_eq!(scene.response_to(request(method, target, &[], b"")).status, status, "{method}");
    }
    scene.assert_unharmed();
}

#[test]
fn an_upgrade_is_ignored_and_the_connection_continues() {
    let scene = Scene::new();
    let upgrades =
        [("Connection", "Upgrade, HTTP2-Settings"), ("Upgrade", "h2c"), ("HTTP2-Settings", "")];
    let mut client = scene.client();
    for _ in 0..2 {
        assert_eq!(client.send("GET", "/a.txt", &upgrades, b"").text(), "hello");
    }
    // A client that offered an upgrade continues with HTTP after the rejection.
    let body = vec![0; 60_000];
    let rejected = client.send("POST", "/multipart/piece", &upgrades, &body);
    assert_eq!(rejected.status, 401);
    assert!(
        client.finish_writing().read_to_end().unwrap().is_empty(),
        "the response was followed by a reset"
    );
    let record = closed_connection(&scene.origin, client.address());
    assert_eq!((record.end, record.drained), (ConnectionEnd::ByOrigin, 60_000));
    scene.assert_unharmed();
}

#[test]
fn numbers_out_of_range_in_headers_are_rejected() {
    let scene = Scene::new();
    let token = ("X-Agile-Authorization", scene.token.as_str());
    let upload = ("X-Agile-Multipart", scene.upload.as_str());
    let login = [("X-Agile-Username", "jane"), ("X-Agile-Password", "secret")];
    let longest = "9".repeat(10_000);
    let odd = ["-1", "+1", "1.0", "1e3", "0x1", "1 1", "1,1", "NaN", "\u{663}", "\u{ff11}"];
    for number in odd.into_iter().chain(["18446744073709551616", &longest]) {
        let mtime = [token, ("X-Agile-MTime", number)];
        let response = scene.client().send("POST", "/multipart/create", &mtime, b"");
        assert_eq!((response.status, response.code()), (400, Some(-20)), "mtime {number}");
    }
    for number in odd.into_iter().chain(["0", "2147483648", "4294967297", &longest]) {
        let part = [token, upload, ("X-Agile-Part", number)];
        let response = scene.client().send("POST", "/multipart/piece", &part, b"no");
        assert_eq!((response.status, response.code()), (400, Some(-3)), "part {number}");
    }
    for number in odd.into_iter().chain(["0", "000"]) {
        let expiry = [login[0], login[1], ("X-Agile-Expiry", number)];
        let response = scene.client().send("POST", "/account/login", &expiry, b"");
        assert_eq!((response.status, response.code()), (400, Some(-34)), "expiry {number}");
    }
    scene.assert_unharmed();
}

#[test]
fn times_beyond_the_calendar_are_accepted() {
    let scene = Scene::new();
    let (mut client, latest) = (scene.client(), u64::MAX.to_string());
    let longest = "9".repeat(1_000);
    for expiry in [&latest, &longest] {
        let login = [
            ("X-Agile-Username", "jane"),
            ("X-Agile-Password", "secret"),
            ("X-Agile-Expiry", expiry),
        ];
        let token = client.send("POST", "/account/login", &login, b"");
        let id = create(&mut client, token.header("X-Agile-Token").unwrap(), "/videos", "never");
        assert_eq!(piece(&mut client, &scene.token, &id, 1, b"x").code(), Some(0));
    }
    let headers = [
        ("X-Agile-Authorization", scene.token.as_str()),
        ("X-Agile-MTime", &latest),
        ("X-Agile-Basename", "late.txt"),
    ];
    let created = client.send("POST", "/multipart/create", &headers, b"");
    let id = created.header("X-Agile-Multipart").unwrap();
    assert_eq!(piece(&mut client, &scene.token, id, 1, b"x").code(), Some(0));
    assert_eq!(complete(&mut client, &scene.token, id).code(), Some(0));
    let since = [("If-Modified-Since", "Fri, 31 Dec 99999 23:59:59 GMT")];
    let read = client.send("GET", "/late.txt", &since, b"");
    assert_eq!(read.header("Last-Modified"), Some("Fri, 31 Dec 9999 23:59:59 GMT"));
    scene.origin.advance(std::time::Duration::MAX);
    let since = [("If-Modified-Since", "Fri, 31 Dec 9999 23:59:59 GMT")];
    assert!([200, 304].contains(&client.send("GET", "/late.txt", &since, b"").status));
    scene.assert_serving();
}

#[test]
fn ranges_beyond_the_file_get_the_right_status() {
    let scene = Scene::new();
    let mut client = scene.client();
    let longest = format!("bytes={}-", "9".repeat(10_000));
    for (range, status) in [
        ("bytes=18446744073709551615-", 416),
        ("bytes=18446744073709551616-", 416),
        (&longest, 416),
        ("bytes=-0", 416),
        ("bytes=5-", 416),
        ("bytes=0-18446744073709551615", 206),
        ("bytes=-18446744073709551615", 206),
        ("bytes=1-0", 200),
        ("bytes=--1", 200),
        ("bytes=-", 200),
        ("bytes=\u{663}-", 200),
        ("bytes=0-0,1-1", 200),
        ("bytes", 200),
        ("=", 200),
        ("-1", 200),
    ] {
        let response = client.send("GET", "/a.txt", &[("Range", range)], b"");
        assert_eq!(response.status, status, "{range:.40}");
        if status >= 400 {
            client = scene.client();
        }
    }
    scene.assert_unharmed();
}

#[test]
fn fifty_pipelined_requests_get_fifty_responses() {
    let scene = Scene::new();
    let ping = |id: usize| {
        let body = format!("{{\"method\": \"ping\", \"id\": {id}}}").into_bytes();
        if id.is_multiple_of(2) {
            return request("POST", "/jsonrpc", &[], &body);
        }
        let head = "POST /jsonrpc HTTP/1.1\r\nHost: o\r\nTransfer-Encoding: chunked\r\n\r\n";
        [head.as_bytes(), &chunked(&body, 7)].concat()
    };
    let mut client = scene.client();
    client.write((0..50).flat_map(ping).collect::<Vec<_>>());
    for id in 0..50 {
        assert!(client.read().text().contains(&format!("\"id\": {id},")));
    }
    let journal = scene.origin.journal();
    assert!(journal.exchanges().iter().all(|exchange| exchange.outcome == Outcome::Responded));
    assert_eq!((journal.connections().len(), journal.exchanges().len()), (1, 50));
    scene.assert_unharmed();
}

#[test]
fn requests_pipelined_after_a_rejection_are_not_served() {
    let scene = Scene::new();
    let headers =
        [("X-Agile-Authorization", scene.token.as_str()), ("X-Agile-Multipart", &scene.upload)];
    let rejected = request("POST", "/multipart/create", &[], b"");
    let behind = request("POST", "/multipart/complete", &headers, b"");
    let mut client = scene.client();
    client.write([rejected, behind.clone()].concat()).finish_writing();
    assert_eq!(client.read().status, 401);
    client.assert_closed();
    let record = closed_connection(&scene.origin, client.address());
    assert_eq!((record.end, record.drained), (ConnectionEnd::ByOrigin, behind.len() as u64));
    assert_eq!(closed_exchange(&scene.origin, 0).status(), Some(401));
    scene.origin.requests().assert_count(1);
    scene.assert_unharmed();
}

/// A request that arrives whole is served without hyper; a chunked one leaves its connection to hyper.
#[test]
fn a_request_is_recorded_alike_with_and_without_hyper() {
    let after_ping = |scene: &Scene| {
        let mut client = scene.client();
        let head = "POST /jsonrpc HTTP/1.1\r\nHost: o\r\nTransfer-Encoding: chunked\r\n\r\n";
        client.write([head.as_bytes(), &chunked(b"{\"method\": \"ping\", \"id\": 1}", 7)].concat());
        assert_eq!(client.read().status, 200);
        client
    };
    let wrong = [("X-Agile-Authorization", "wrong"), ("X-Agile-Multipart", "1")];
    let twice = [("Content-Length", "5")];
    for (method, target, headers, body) in [
        ("POST", "/jsonrpc", &[][..], &b"{\"method\": \"ping\", \"id\": 1}"[..]),
        ("POST", "/jsonrpc", &[("Connection", "close")], b"{"),
        ("POST", "/multipart/piece", &wrong, b"never read"),
        ("POST", "/nothing", &[], b"12345"),
        ("POST", "/nothing", &twice, b"12345"),
        ("OPTIONS", "/multipart/piece", &[], b""),
        ("GET", "/a.txt", &[], b""),
        ("GET", "/a.txt", &[("Range", "bytes=1-2")], b""),
        ("GET", "/empty.txt", &[], b""),
        ("HEAD", "/a.txt", &[], b""),
    ] {
        let [whole, hyper] = [false, true].map(|uses_hyper| {
            let scene = Scene::of(MockOrigin::builder().file("/empty.txt", ""));
            let mut client = if uses_hyper { after_ping(&scene) } else { scene.client() };
            let response = client.write(request(method, target, headers, body)).read_for(method);
            client.finish_writing().assert_closed();
            let exchange = closed_exchange(&scene.origin, usize::from(uses_hyper));
            let connection = closed_connection(&scene.origin, client.address());
            assert!(request(method, target, headers, body).starts_with(exchange.head.raw()));
            let status = response.status;
            scene.assert_serving();
            let written = (exchange.written, exchange.received, exchange.body_end, exchange.digest);
            (status, response.body, exchange.outcome, written, connection.end, connection.drained)
        });
        assert_eq!(whole, hyper, "{method} {target} {headers:?}");
    }
}

#[test]
fn faults_apply_between_the_requests_of_a_connection() {
    let scene = Scene::new();
    let mut client = scene.client();
    for number in [2, 3] {
        let fault = scene.origin.on(Op::piece(number)).nth(2).reject(503);
        let send = |client: &mut _| piece(client, &scene.token, &scene.upload, number, b"x").status;
        assert_eq!(send(&mut client), 200);
        assert_eq!(send(&mut client), 503);
        fault.remove();
        client = scene.client();
        assert_eq!(send(&mut client), 200);
    }
}
