//! Clients that waste requests, reveal secrets or corrupt names: they violate a rule of level should.

use crate::bad_clients::{bad_clients, plain};
use crate::support::record::closed_connection;
use crate::support::{Client, piece_headers, request};

bad_clients! {
    ends_its_body_early: "piece.length", plain, |client| {
        let id = client.create();
        let declared = [("Content-Length", "10")];
        let headers = [&piece_headers(&client.token, &id, "1")[..], &declared].concat();
        let head = request("POST", "/multipart/piece", &headers, b"");
        client.client.write(head).write(b"four").finish_writing().read_to_end().unwrap_or_default();
        client.client = Client::new(client.origin);
        client.abort(&id);
    };
    sends_an_empty_last_piece: "piece.empty_last", plain, |client| {
        let id = client.create();
        client.piece(&id, 1, b"one");
        client.piece(&id, 2, b"");
        client.complete(&id);
    };
    logs_in_for_each_request: "token.storm", plain, |client| {
        for name in ["a", "b", "c", "d", "e"] {
            client.log_in();
            client.create_in("/videos", name);
        }
    };
    puts_its_password_into_the_url: "secret.in_target", plain, |client| {
        client.send("/account/login?username=jane&password=secret", &[], b"");
    };
    sends_its_password_in_the_clear: "secret.plain", plain, |client| {
        let head = "POST /account/login HTTP/1.1\r\nHost: upload.example.com\r\n\
                    X-Agile-Username: jane\r\nX-Agile-Password: secret\r\n\r\n";
        assert_eq!(client.client.write(head).read().status, 200);
    };
    does_not_wait_for_100_continue: "http.expect_ignored", plain, |client| {
        let headers = [&piece_headers(&client.token, "unknown", "1")[..], &[("Expect", "100-continue")]];
        let whole = request("POST", "/multipart/piece", &headers.concat(), b"one");
        client.client.write(whole).finish_writing().read_to_end().unwrap();
        closed_connection(client.origin, client.client.address());
    };
    uses_the_file_before_the_join: "poll.none", |builder| builder.set("join", "polls:3"), |client| {
        let id = client.create();
        client.piece(&id, 1, b"one");
        client.complete(&id);
        client.call("setMTime", ", \"/videos/a.mp4\", 1");
    };
    polls_without_a_pause: "poll.hot", |builder| builder.set("join", "polls:10000"), |client| {
        let id = client.create();
        client.piece(&id, 1, b"one");
        client.complete(&id);
        client.repeat_until_found("poll.hot", |client| drop(client.status(&id)));
    };
    polls_forever: "poll.endless", plain, |client| {
        let id = client.create();
        client.piece(&id, 1, b"one");
        client.complete(&id);
        for _ in 0..6 {
            client.status(&id);
        }
    };
    reads_the_same_page_forever: "list.unbounded", plain, |client| {
        for _ in 0..21 {
            client.call("listMultipart", "");
        }
    };
    sends_raw_utf_8: "name.unquoted", plain, |client| {
        client.create_in("/videos", "ü.mp4");
    };
    quotes_without_saying_so: "name.mangled", plain, |client| {
        client.create_in("/videos", "a%20b.mp4");
    };
}
