//! Facts that the journal and the storage record beside the exchanges themselves: the
//! sources of stored bytes, the ends of tokens.

use std::time::Duration;

use mock_origin::storage::Actor;
use mock_origin::{InProgressUpload, MockOrigin};

use crate::support::{Client, complete, create, piece, request};

fn rpc(client: &mut Client, method: &str, params: &str) -> String {
    let text = format!(r#"{{"method": "{method}", "params": [{params}], "id": 1}}"#);
    client.ask("POST", "/jsonrpc", &[], text.as_bytes()).text().to_owned()
}

#[test]
fn an_ended_token_names_its_session_and_its_end() {
    let origin = MockOrigin::builder().clock_stopped().start();
    let mut client = Client::new(&origin);
    let login = [("X-Agile-Username", "jane"), ("X-Agile-Password", "secret")];
    let tokens: Vec<String> = (0..3)
        .map(|_| {
            let answer = client.ask("POST", "/account/login", &login, b"");
            answer.header("X-Agile-Token").unwrap().to_owned()
        })
        .collect();
    // #3 ends the first, #4 shortens the second, the third ends by its login.
    rpc(&mut client, "logout", &format!("{:?}", tokens[0]));
    rpc(&mut client, "updateSession", &format!("{:?}, 5", tokens[1]));
    origin.advance(Duration::from_secs(3600));
    for token in &tokens {
        client.ask("POST", "/multipart/create", &[("X-Agile-Authorization", token)], b"");
        client = Client::new(&origin);
        rpc(&mut client, "checkToken", &format!("{token:?}"));
    }
    let requests = origin.requests();
    let ends: Vec<_> = (5..11)
        .map(|at| {
            let call = requests.get(at).unwrap().call();
            let ended = call.ended_token.unwrap();
            let by = match ended.change.by {
                Actor::Expiry { set_by } => ("lifetime of", set_by.unwrap().exchange),
                by => ("call of", by.exchange().unwrap()),
            };
            (ended.session.0, by)
        })
        .collect();
    let ended = [(0, ("call of", 3)), (1, ("lifetime of", 4)), (2, ("lifetime of", 2))];
    assert_eq!(ends, [ended[0], ended[0], ended[1], ended[1], ended[2], ended[2]]);
}

#[test]
fn each_range_of_a_joined_file_names_its_exchange() {
    let origin = MockOrigin::start();
    let (mut client, token) = (Client::new(&origin), origin.issue_token("jane"));
    let id = create(&mut client, &token, "/", "a");
    for (number, content) in [(2, "second"), (1, "wrong"), (3, ""), (1, "first")] {
        assert_eq!(piece(&mut client, &token, &id, number, content.as_bytes()).code(), Some(0));
    }
    complete(&mut client, &token, &id);
    rpc(&mut client, "copyFile", &format!(r#""{token}", "/a", "/b""#));
    rpc(&mut client, "deleteFile", &format!(r#""{token}", "/a""#));
    let ranges: Vec<_> = origin
        .file("/b")
        .byte_ranges()
        .into_iter()
        .map(|source| (source.range.clone(), source.part, source.exchange()))
        .collect();
    // #0 creates the upload.
    let expected =
        [(0..5, Some(1), Some(4)), (5..11, Some(2), Some(1)), (11..11, Some(3), Some(3))];
    assert_eq!(ranges, expected);
    assert_eq!(origin.file("/a").byte_ranges(), []);
}

#[test]
fn a_file_stored_whole_has_one_range() {
    let origin = MockOrigin::start();
    let token = origin.issue_token("jane");
    let headers = [("X-Agile-Authorization", &*token), ("X-Agile-Basename", "a")];
    let mut client = Client::new(&origin);
    client.write(request("POST", "/post/raw", &headers, b"hello")).read();
    let ranges = origin.file("/a").byte_ranges();
    assert_eq!(ranges.len(), 1);
    assert_eq!((&ranges[0].range, ranges[0].part, ranges[0].exchange()), (&(0..5), None, Some(0)));
}

#[test]
fn bytes_of_a_piece_from_the_test_name_no_exchange() {
    let upload = InProgressUpload::new("/film").piece(1, "one");
    let origin = MockOrigin::builder().upload(upload).start();
    let (mut client, token) = (Client::new(&origin), origin.issue_token("jane"));
    let id = origin.uploads()[0].id().to_owned();
    piece(&mut client, &token, &id, 2, b"two");
    complete(&mut client, &token, &id);
    let ranges = origin.file("/film").byte_ranges();
    let exchanges: Vec<_> = ranges.iter().map(|source| (source.part, source.exchange())).collect();
    assert_eq!(exchanges, [(Some(1), None), (Some(2), Some(0))]);
}
