//! HAR, trace and transcript of real runs.

#[cfg(feature = "report")]
mod files;
#[cfg(feature = "report")]
mod har;
#[cfg(feature = "report")]
mod trace;
mod transcript;

use mock_origin::{MockOrigin, Op, ResponseLoss};

use crate::support::record::all_closed;
use crate::support::{Client, complete, create, request};

#[cfg(feature = "report")]
pub(crate) use files::exported;

const HELLO: &[u8] = b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03";

/// Returns an origin with a run of everything that exports must express.
fn eventful_run() -> MockOrigin {
    let origin = MockOrigin::builder().verify_on_drop(false).seed(1).directory("/videos").start();
    let token = origin.issue_token("jane");
    origin.on(Op::piece(1)).named("bad day").reject(503);
    origin.on(Op::piece(2)).named("lost").lose(ResponseLoss::Close);
    let mut connections = 1;
    let mut client = Client::new(&origin);
    let id = create(&mut client, &token, "/videos", "ä b.mp4");
    for (number, content) in [(1, "one"), (2, "two"), (1, "one"), (2, "two")] {
        connections += 1;
        let number = number.to_string();
        let headers = crate::support::piece_headers(&token, &id, &number);
        let mut client = Client::new(&origin);
        client.write(request("POST", "/multipart/piece", &headers, content.as_bytes()));
        client.finish_writing().read_to_end().unwrap();
    }
    origin.advance(std::time::Duration::from_secs(600));
    complete(&mut client, &token, &id);
    client.send("HEAD", "/acme/videos/%C3%A4%20b.mp4?a=b&token=secret", &[], b"");
    Client::new(&origin).send("GET", "/acme/videos/%zz<x>", &[("Accept", "\u{202e}x")], b"");
    drop(client);
    Client::new(&origin).write(HELLO).finish_writing().read_to_end().unwrap();
    connections += 2;
    all_closed(&origin, connections);
    origin
}
