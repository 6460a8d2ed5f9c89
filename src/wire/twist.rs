//! Answers that a test wants otherwise than the origin would give them.

use crate::journal::Call;
use crate::origin::{Actor, Origin, Timestamp};
use crate::spec::{Interface, Join, Operation, Row};

use super::answer::{Answer, Body, Draft};
use super::in_dialect;

/// What is done to one call of a plan.
#[derive(Clone, Debug)]
pub enum Twist {
    /// It is refused with that row.
    Refuse(&'static Row),
    /// The first entry of its list is left out.
    DropEntry,
    /// The first entry of its list comes twice.
    RepeatEntry,
    /// Its list always has a cookie for more.
    NeverEnd,
    /// It is answered from that origin, and what it would change is lost.
    AnswerFrom(Box<Origin>),
    /// The join that it begins goes like that because that actor wants it, whatever the switch says.
    Join(Join, Actor),
}

/// A refusal of a whole request that the origin has no reason for itself.
#[derive(Clone, Debug)]
pub struct Refusal<'a> {
    /// The row that is answered.
    pub row: Option<&'static Row>,
    /// The status, where there is no row.
    pub status: u16,
    /// The code that comes with it, where there is no row.
    pub code: Option<i32>,
    /// The reason phrase, if not the usual one.
    pub reason: Option<&'a str>,
    /// What comes besides what every answer has.
    pub headers: &'a [(String, String)],
    /// The content type and the body, if not the usual one.
    pub body: Option<(&'a str, &'a [u8])>,
    /// Whether the request's method is HEAD, so that the body is left out.
    pub is_head: bool,
}

/// Refuses a request without having done anything. `calls` are what it asked for.
pub fn refuse(
    origin: &Origin,
    now: Timestamp,
    calls: Vec<Call>,
    refusal: &Refusal<'_>,
) -> Box<Answer> {
    let answer = match (refusal.row, refusal.code) {
        (Some(row), _) => of_row(&calls, row),
        (None, None) => Draft::plain(refusal.status),
        (None, Some(code)) => {
            Draft::plain(refusal.status).with("X-Agile-Status", code.to_string().into_bytes())
        }
    };
    let answer = answer.with_given(refusal.headers);
    let answer = match refusal.body {
        Some((content_type, bytes)) => answer.with_own_body(content_type, bytes),
        None => answer,
    };
    let reason = refusal.reason.map(str::to_owned);
    let calls = calls.into_iter().map(|call| Call { row: refusal.row, ..call }).collect();
    let mut answer =
        in_dialect(origin, answer.saying(reason).answering(calls)).stamped(origin, now);
    if refusal.is_head {
        answer.body = Body::HeadOnly(answer.body.len());
    }
    answer
}

fn of_row(calls: &[Call], row: &'static Row) -> Draft {
    let has_code = |call: &Call| call.interface != Interface::Egress;
    let has_message = |call: &Call| {
        call.operation == Operation::MakeDirectory && call.interface == Interface::Http
    };
    match calls.first() {
        Some(call) if has_message(call) => Draft::coded(row).with_message(row),
        Some(call) if !has_code(call) => Draft::plain(row.http),
        _ => Draft::coded(row),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::content::{Content, Digest};
    use crate::journal::{Head, Moment};
    use crate::origin::{
        Change, GivenBy, Life, NewPiece, NewUpload, Path, Setup, Spelling, User, UserId,
    };
    use crate::spec::{Switches, UploadState};
    use crate::wire::{Committed, Kept, Plan, Received, commit, open};

    const NOW: Timestamp = Timestamp::from_secs(1_000);
    const CHANGE: Change = Change::by_test(NOW);
    const FAIL: Twist = Twist::Join(Join::Fail, Actor::Test);

    /// An origin with a file whose digest is not known, a token, and an upload that is ready.
    fn ready() -> (Origin, String, String) {
        let (name, password, root) = ("jane".to_owned(), "secret".to_owned(), Path::root());
        let users = vec![User { name, password, uid: 1, gid: 1, root: root.clone() }];
        let (account, switches) = ("acme".to_owned(), Switches::default());
        let mut origin = Origin::new(Setup { account, users, switches, seed: 1 }, NOW);
        let path = Path::parse(b"/joined", Spelling::Plain, 100).unwrap();
        let joined = Content::join(["one", "two"].map(Content::from_bytes));
        origin.plant(CHANGE, UserId::FIRST, &path, joined).unwrap();
        let (life, by) = (Life::default(), GivenBy::Http);
        let (token, _) = origin.grant(CHANGE, UserId::FIRST, root.clone(), life, by).unwrap();
        let name = Some("a.mp4".to_owned());
        let new = NewUpload { directory: root, name, content_type: None, mtime: None };
        let id = origin.create(CHANGE, UserId::FIRST, new).unwrap().id.clone();
        let (content, digest) = (Content::from_bytes("1"), Digest::of(b"1"));
        let piece = NewPiece { number: 1, content, digest, checksum: None };
        origin.store_piece(CHANGE, UserId::FIRST, &id, piece).unwrap();
        (origin, token, id)
    }

    fn plan(origin: &mut Origin, head: &str) -> Box<Plan> {
        let head = Head::new(format!("{head}\r\nHost: acme\r\n\r\n").into_bytes());
        open(origin, Moment { protocol: NOW, ..Moment::default() }, &head).unwrap()
    }

    fn completion(origin: &mut Origin, token: &str, id: &str) -> Box<Plan> {
        let headers = format!("X-Agile-Authorization: {token}\r\nX-Agile-Multipart: {id}");
        plan(origin, &format!("POST /multipart/complete HTTP/1.1\r\n{headers}"))
    }

    fn state(origin: &Origin, id: &str) -> UploadState {
        origin.uploads().get(id).unwrap().state
    }

    #[test]
    fn an_overridden_join_goes_with_its_own_call_alone() {
        let (mut origin, token, id) = ready();
        // Its first request needs a digest, so that another completion comes between.
        let mut slow = plan(&mut origin, "POST /jsonrpc2 HTTP/1.1\r\nContent-Length: 9");
        let batch = format!(
            r#"[{{"jsonrpc": "2.0", "id": 1, "method": "stat", "params": ["{token}", "/joined", true]}},
                {{"jsonrpc": "2.0", "id": 2, "method": "completeMultipart", "params": ["{token}", "{id}"]}}]"#
        );
        let body = Received { kept: Kept::Whole(batch.into_bytes()), ..Received::nothing() };
        slow.foresee(&origin, NOW, &body);
        slow.twist(1, FAIL);
        let Committed::NeedsDigest(content) = commit(&mut origin, CHANGE, &mut slow, &body) else {
            panic!("the digest was not known")
        };

        let mut quick = completion(&mut origin, &token, &id);
        let Committed::Answer(answer) =
            commit(&mut origin, CHANGE, &mut quick, &Received::nothing())
        else {
            panic!("it needs no digest")
        };
        assert!(answer.is_done());
        assert_eq!(state(&origin, &id), UploadState::Success);

        content.digest().unwrap();
        let Committed::Answer(answer) = commit(&mut origin, CHANGE, &mut slow, &body) else {
            panic!("the digest is known")
        };
        assert!(!answer.has_done(1));
        assert_eq!(state(&origin, &id), UploadState::Success);
    }

    #[test]
    fn an_overridden_join_does_not_outlive_a_refusal() {
        let (mut origin, token, id) = ready();
        let mut refused = completion(&mut origin, &token, &id);
        refused.twist(0, FAIL);
        let (content, digest) = (Content::from_bytes("3"), Digest::of(b"3"));
        let gap = NewPiece { number: 3, content: content.clone(), digest, checksum: None };
        origin.store_piece(CHANGE, UserId::FIRST, &id, gap).unwrap();
        let nothing = Received::nothing();
        let Committed::Answer(answer) = commit(&mut origin, CHANGE, &mut refused, &nothing) else {
            panic!("it needs no digest")
        };
        assert!(!answer.is_done());

        let piece = NewPiece { number: 2, content, digest, checksum: None };
        origin.store_piece(CHANGE, UserId::FIRST, &id, piece).unwrap();
        let mut next = completion(&mut origin, &token, &id);
        commit(&mut origin, CHANGE, &mut next, &nothing);
        assert_eq!(state(&origin, &id), UploadState::Success);
    }
}
