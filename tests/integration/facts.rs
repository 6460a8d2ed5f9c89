//! Facts that the journal and the storage record beside the exchanges themselves: the
//! sources of stored bytes.

use mock_origin::{InProgressUpload, MockOrigin};

use crate::support::{Client, complete, create, piece, request};

fn rpc(client: &mut Client, method: &str, params: &str) -> String {
    let text = format!(r#"{{"method": "{method}", "params": [{params}], "id": 1}}"#);
    client.ask("POST", "/jsonrpc", &[], text.as_bytes()).text().to_owned()
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
