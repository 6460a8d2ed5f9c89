//! Clients that lose data or break the protocol: they violate a rule of level must.

use crate::bad_clients::{bad_clients, plain};
use crate::support::payload::chunked;
use crate::support::{piece_headers, request};
use mock_origin::{Disconnect, HeaderMutation, Op};

bad_clients! {
    ignores_the_status_of_a_login: "ack.status", plain, |client| {
        client.origin.on(Op::login()).reject(503);
        client.log_in();
        client.create();
    };
    ignores_a_code_in_a_200: "ack.code", plain, |client| {
        client.origin.on(Op::piece(1)).alter(HeaderMutation::Code(-26));
        let id = client.create();
        client.piece(&id, 1, b"one");
        client.complete(&id);
    };
    ignores_the_checksum: "ack.checksum", plain, |client| {
        client.origin.on(Op::piece(1)).alter(HeaderMutation::WrongChecksum);
        let id = client.create();
        client.piece(&id, 1, b"one");
        client.complete(&id);
    };
    ignores_the_size: "ack.size", plain, |client| {
        client.origin.on(Op::piece(1)).alter(HeaderMutation::WrongSize);
        let id = client.create();
        client.piece(&id, 1, b"one");
        client.complete(&id);
    };
    goes_on_without_a_multipart_id: "ack.header", plain, |client| {
        let lost = HeaderMutation::Without("X-Agile-Multipart".to_owned());
        client.origin.on(Op::create()).alter(lost);
        let id = client.create();
        client.piece(&id, 1, b"one");
    };
    never_gives_up: "retry.unbounded", plain, |client| {
        client.origin.on(Op::create()).always().reject(503);
        for _ in 0..25 {
            client.create();
        }
    };
    sends_the_rest_of_a_piece: "retry.partial", plain, |client| {
        client.origin.on(Op::piece(1)).attempt(1).cut_after(3, Disconnect::Close);
        let id = client.create();
        client.piece_without_response(&id, 1, b"onetwo");
        client.piece(&id, 1, b"two");
        client.complete(&id);
    };
    completes_without_a_rejected_piece: "complete.early", plain, |client| {
        client.origin.on(Op::piece(2)).reject(503);
        let id = client.create();
        client.piece(&id, 1, b"one");
        client.piece(&id, 2, b"two");
        client.complete(&id);
    };
    counts_pieces_by_two: "complete.gap", plain, |client| {
        let id = client.create();
        client.piece(&id, 1, b"one");
        client.piece(&id, 3, b"two");
        client.complete(&id);
        client.abort(&id);
    };
    completes_an_empty_upload: "complete.empty", plain, |client| {
        let id = client.create();
        client.complete(&id);
        client.abort(&id);
    };
    counts_pieces_from_zero: "piece.number", plain, |client| {
        let id = client.create();
        client.piece(&id, 0, b"one");
        client.abort(&id);
    };
    keeps_a_dead_token: "token.dead_used", plain, |client| {
        client.origin.expire_token(&client.token);
        client.create();
        client.create();
    };
    speaks_tls: "http.no_http", plain, |client| {
        client.client.write(b"\x16\x03\x01\x02\0\x01\0").read_to_end().unwrap_or_default();
    };
    sends_more_than_it_declares: "http.leftover", plain, |client| {
        let id = client.create();
        let headers = piece_headers(&client.token, &id, "1");
        let request = request("POST", "/multipart/piece", &headers, b"one");
        client.client.write([&request[..], b"{\"more\": 1}"].concat()).read();
        client.client.finish_writing().read_to_end().unwrap_or_default();
    };
    sends_no_host: "http.invalid", plain, |client| {
        client.client.write(b"POST /account/login HTTP/1.1\r\n\r\n").read();
    };
    declares_two_lengths: "http.smuggle", plain, |client| {
        let id = client.create();
        let lengths = [("Content-Length", "3"), ("Transfer-Encoding", "chunked")];
        let headers = [&piece_headers(&client.token, &id, "1")[..], &lengths].concat();
        let head = request("POST", "/multipart/piece", &headers, b"");
        client.client.write(head).write(chunked(b"one", 3)).read_to_end().unwrap_or_default();
    };
}
