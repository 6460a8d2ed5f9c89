//! The timeline shows what a reader looks for, in aligned columns.

use mock_origin::{ErrorResponse, HeaderMutation, MockOrigin, Op};

use crate::support::record::{all_closed, wait_for};
use crate::support::{Client, complete, create, piece};

/// Returns the timeline without its first line and without times.
fn shown(origin: &MockOrigin) -> Vec<String> {
    let timeline = origin.timeline();
    let lines = timeline.lines().skip(1);
    // `#`, `conn` and the time have fixed widths.
    lines.map(|line| line.get(25..).unwrap_or(line).trim_end().to_owned()).collect()
}

#[test]
fn columns_show_upload_part_attempt_and_finding() {
    let origin = MockOrigin::builder().seed(1).directory("/videos").start();
    let token = origin.issue_token("jane");
    origin.on(Op::piece(2)).named("bad day").reject(503);
    let mut client = Client::new(&origin);
    let id = create(&mut client, &token, "/videos", "a.mp4");
    assert_eq!(piece(&mut client, &token, &id, 1, b"one").status, 200);
    assert_eq!(piece(&mut Client::new(&origin), &token, &id, 2, b"two").status, 503);
    assert_eq!(piece(&mut client, &token, &id, 2, b"two").status, 200);
    assert_eq!(complete(&mut client, &token, &id).status, 200);
    let short = &id[..8];
    let lines = shown(&origin);
    assert_eq!(
        lines[0],
        "request                                         upload    part  attempt      body  response"
    );
    let of_piece = "POST /multipart/piece of /acme/videos/a.mp4";
    for (part, attempt, body, response) in [
        ("1", "", "3 B", "200 OK"),
        ("2", "1/2", "0 of 3 B", "503 -26 service unavailable (§4.2), fault: bad day"),
        ("2", "2/2", "3 B", "200 OK"),
    ] {
        let line =
            format!("{of_piece}     {short}  {part:>4}  {attempt:>7}  {body:>8}  {response}");
        assert!(lines.contains(&line), "{line}\n{}", lines.join("\n"));
    }
}

#[test]
fn a_code_that_a_fault_wrote_is_shown() {
    let origin = MockOrigin::builder().verify_on_drop(false).directory("/videos").start();
    let token = origin.issue_token("jane");
    origin.on(Op::piece(1)).named("reject").reject(ErrorResponse::raw(200).with_code(-26));
    origin.on(Op::piece(2)).named("alter").alter(HeaderMutation::Code(-5));
    let mut client = Client::new(&origin);
    let id = create(&mut client, &token, "/videos", "a.mp4");
    piece(&mut Client::new(&origin), &token, &id, 1, b"one");
    piece(&mut Client::new(&origin), &token, &id, 2, b"two");
    let timeline = origin.timeline();
    for response in
        ["200 OK, X-Agile-Status: -26, fault: reject", "200 OK, X-Agile-Status: -5, fault: alter"]
    {
        assert!(timeline.contains(response), "{timeline}");
    }
}

#[test]
fn a_timeline_without_uploads_has_fewer_columns() {
    let origin = MockOrigin::start();
    Client::new(&origin).send("OPTIONS", "/", &[], b"");
    let heading = shown(&origin).remove(0);
    assert_eq!(heading.split_whitespace().collect::<Vec<_>>(), ["request", "body", "response"]);
}

#[test]
fn a_finding_marks_its_exchanges_and_ends_the_timeline() {
    let origin = MockOrigin::builder().verify_on_drop(false).directory("/videos").start();
    let token = origin.issue_token("jane");
    origin.on(Op::piece(1)).reject(503);
    let mut client = Client::new(&origin);
    let id = create(&mut client, &token, "/videos", "a.mp4");
    piece(&mut Client::new(&origin), &token, &id, 1, b"one");
    complete(&mut client, &token, &id);
    let timeline = origin.timeline();
    let marked = timeline.lines().find(|line| line.contains(", finding: complete.early"));
    assert!(marked.is_some(), "{timeline}");
    assert!(timeline.contains("\nfinding: complete.early (must): "), "{timeline}");
}

#[test]
fn a_connection_without_a_byte_has_a_line_when_it_ends() {
    let origin = MockOrigin::start();
    drop(Client::new(&origin));
    let journal = all_closed(&origin, 1);
    assert!(journal.connections()[0].is_unused);
    let text = "no request: the client closed the connection without a byte";
    assert!(origin.timeline().contains(text), "{}", origin.timeline());
    assert_eq!(origin.connection_events_after(0).events.len(), 1);
    origin.finish();
}

#[test]
fn a_used_connection_has_no_line_of_its_own() {
    let origin = MockOrigin::start();
    Client::new(&origin).send("OPTIONS", "/", &[], b"");
    wait_for(&origin, |journal| journal.connections()[0].closed.map(drop));
    assert!(origin.connection_events_after(0).events.is_empty());
    assert!(!origin.timeline().contains("no request"), "{}", origin.timeline());
    origin.finish();
}

#[test]
fn no_text_of_the_library_contains_colours() {
    let origin = MockOrigin::builder().verify_on_drop(false).start();
    origin.mark("\u{1b}[31mred");
    Client::new(&origin).send("POST", "/nowhere", &[], b"");
    assert!(!origin.timeline().contains('\u{1b}'), "{}", origin.timeline());
    assert!(!origin.verify().unwrap_err().to_string().contains('\u{1b}'));
}
