//! Overrides of single calls, and errors that a fault injects. This module does not decide when a
//! fault acts. Start with [`CallOverride`].

use crate::journal::Call;
use crate::protocol::{Interface, Join, Operation, ResultCode};
use crate::storage::{Actor, Storage, Timestamp};

use super::adapt_to_dialect;
use super::response::{Body, Response, ResponseBuilder};

/// The override of one call of a request.
#[derive(Clone, Debug)]
pub enum CallOverride {
    /// Rejects the call with this result code.
    Reject(&'static ResultCode),
    /// Leaves out the first entry of the listing.
    DropEntry,
    /// Repeats the first entry of the listing.
    RepeatEntry,
    /// Adds a cookie to the listing that announces more entries.
    NeverEnd,
    /// Responds from this storage. Changes of the call are lost.
    RespondFrom(Box<Storage>),
    /// Uses this join instead of the option `join`. The actor is the one that wants it.
    Join(Join, Actor),
}

/// An injected error response to a whole request.
#[derive(Clone, Debug)]
pub(crate) struct InjectedError<'a> {
    /// The result code of the response.
    pub result_code: Option<&'static ResultCode>,
    /// The status, if there is no result code.
    pub status: u16,
    /// The protocol's own code, if there is no result code.
    pub code: Option<i32>,
    /// The reason phrase, if it is not the default one.
    pub reason: Option<&'a str>,
    /// The additional headers.
    pub headers: &'a [(String, String)],
    /// The content type and the body, if they are not the default ones.
    pub body: Option<(&'a str, &'a [u8])>,
    /// Whether the method of the request is HEAD, so that the body is left out.
    pub is_head: bool,
}

/// Returns the error response. The request changes nothing. `calls` are the calls of the request.
pub(crate) fn build_error_response(
    storage: &Storage,
    now: Timestamp,
    calls: &[Call],
    error: &InjectedError<'_>,
) -> Box<Response> {
    let response = match (error.result_code, error.code) {
        (Some(result_code), _) => from_call_results(calls, result_code),
        (None, None) => ResponseBuilder::from_status(error.status),
        (None, Some(code)) => {
            ResponseBuilder::from_status(error.status).with("X-Agile-Status", code.to_string())
        }
    };
    let response = response.with_replacing_headers(error.headers);
    let response = match error.body {
        Some((content_type, bytes)) => response.with_own_body(content_type, bytes),
        None => response,
    };
    let reason = error.reason.map(str::to_owned);
    let calls =
        calls.iter().map(|call| Call { result_code: error.result_code, ..call.clone() }).collect();
    let mut response = adapt_to_dialect(storage, response.with_reason(reason).with_calls(calls))
        .build(storage, now);
    if error.is_head {
        response.body = Body::HeadOnly(response.body.len());
    }
    response
}

fn from_call_results(calls: &[Call], result_code: &'static ResultCode) -> ResponseBuilder {
    let has_code = |call: &Call| call.interface != Interface::Egress;
    let has_message = |call: &Call| {
        call.operation == Operation::MakeDirectory && call.interface == Interface::Http
    };
    match calls.first() {
        Some(call) if has_message(call) => {
            ResponseBuilder::from_result_code(result_code).with_message(result_code)
        }
        Some(call) if !has_code(call) => ResponseBuilder::from_status(result_code.http),
        _ => ResponseBuilder::from_result_code(result_code),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::api::{BodyData, CommitResult, PendingRequest, RequestBody, commit, open};
    use crate::blob::{Blob, Digest};
    use crate::journal::{Head, Instants};
    use crate::protocol::{Options, UploadState};
    use crate::storage::{
        Change, NewPiece, NewUpload, Path, PathEncoding, Setup, TokenLifetime, TokenSource, UserId,
        UserRecord,
    };

    const NOW: Timestamp = Timestamp::from_secs(1_000);
    const CHANGE: Change = Change::by_test(NOW);
    const FAIL: CallOverride = CallOverride::Join(Join::Fail, Actor::Test);

    /// Returns a storage with a file of unknown digest, a token, and an upload in READY.
    fn ready() -> (Storage, String, String) {
        let (name, password, root) = ("jane".into(), "secret".to_owned(), Path::root());
        let users = vec![UserRecord { name, password, uid: 1, gid: 1, root: root.clone() }];
        let (account, options) = ("acme".to_owned(), Options::default());
        let mut storage = Storage::new(Setup { account, users, options, seed: 1 }, NOW);
        let path = Path::parse(b"/joined", PathEncoding::Raw, 100).unwrap();
        let joined = Blob::join(["one", "two"].map(Blob::from_bytes));
        storage.plant(CHANGE, UserId::FIRST, &path, joined).unwrap();
        let (life, by) = (TokenLifetime::default(), TokenSource::Http);
        let (token, _) = storage.grant(CHANGE, UserId::FIRST, root.clone(), life, by).unwrap();
        let name = Some("a.mp4".to_owned());
        let new = NewUpload { directory: root, name, content_type: None, mtime: None };
        let id = storage.create(CHANGE, UserId::FIRST, new).unwrap().id.to_string();
        let (content, digest) = (Blob::from_bytes("1"), Digest::compute(b"1"));
        let piece = NewPiece { number: 1, content, digest, checksum: None };
        storage.store_piece(CHANGE, UserId::FIRST, &id, piece).unwrap();
        (storage, token, id)
    }

    fn plan(storage: &mut Storage, head: &str) -> Box<PendingRequest> {
        let head = Head::new(format!("{head}\r\nHost: acme\r\n\r\n").into_bytes());
        open(storage, Instants { protocol: NOW, ..Instants::default() }, &head).unwrap()
    }

    fn completion(storage: &mut Storage, token: &str, id: &str) -> Box<PendingRequest> {
        let headers = format!("X-Agile-Authorization: {token}\r\nX-Agile-Multipart: {id}");
        plan(storage, &format!("POST /multipart/complete HTTP/1.1\r\n{headers}"))
    }

    fn state(storage: &Storage, id: &str) -> UploadState {
        storage.uploads().get(id).unwrap().state
    }

    #[test]
    fn an_overridden_join_applies_only_to_its_own_call() {
        let (mut storage, token, id) = ready();
        // Its first request needs a digest, so another completion happens in between.
        let mut slow = plan(&mut storage, "POST /jsonrpc2 HTTP/1.1\r\nContent-Length: 9");
        let batch = format!(
            r#"[{{"jsonrpc": "2.0", "id": 1, "method": "stat", "params": ["{token}", "/joined", true]}},
                {{"jsonrpc": "2.0", "id": 2, "method": "completeMultipart", "params": ["{token}", "{id}"]}}]"#
        );
        let body =
            RequestBody { kept: BodyData::Whole(batch.into_bytes()), ..RequestBody::nothing() };
        slow.classify(&storage, NOW, &body);
        slow.call_override(1, FAIL);
        let CommitResult::NeedsDigests(blobs) = commit(&mut storage, CHANGE, &mut slow, &body)
        else {
            panic!("the digest was not known")
        };

        let mut quick = completion(&mut storage, &token, &id);
        let CommitResult::Response(response) =
            commit(&mut storage, CHANGE, &mut quick, &RequestBody::nothing())
        else {
            panic!("it needs no digest")
        };
        assert!(response.is_done());
        assert_eq!(state(&storage, &id), UploadState::Success);

        blobs[0].digest().unwrap();
        let CommitResult::Response(response) = commit(&mut storage, CHANGE, &mut slow, &body)
        else {
            panic!("the digest is known")
        };
        assert!(!response.has_done(1));
        assert_eq!(state(&storage, &id), UploadState::Success);
    }

    #[test]
    fn an_overridden_join_ends_with_a_rejected_call() {
        let (mut storage, token, id) = ready();
        let mut rejected = completion(&mut storage, &token, &id);
        rejected.call_override(0, FAIL);
        let (content, digest) = (Blob::from_bytes("3"), Digest::compute(b"3"));
        let gap = NewPiece { number: 3, content: content.clone(), digest, checksum: None };
        storage.store_piece(CHANGE, UserId::FIRST, &id, gap).unwrap();
        let nothing = RequestBody::nothing();
        let CommitResult::Response(response) =
            commit(&mut storage, CHANGE, &mut rejected, &nothing)
        else {
            panic!("it needs no digest")
        };
        assert!(!response.is_done());

        let piece = NewPiece { number: 2, content, digest, checksum: None };
        storage.store_piece(CHANGE, UserId::FIRST, &id, piece).unwrap();
        let mut next = completion(&mut storage, &token, &id);
        commit(&mut storage, CHANGE, &mut next, &nothing);
        assert_eq!(state(&storage, &id), UploadState::Success);
    }
}
