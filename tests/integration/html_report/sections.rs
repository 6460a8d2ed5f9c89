//! What each section of the report says.

use std::time::Duration;

use mock_origin::{Disconnect, ErrorResponse, MockOrigin, Op, ResponseLoss};

use super::page::Page;
use crate::support::{Client, complete, create, piece, record};

fn origin() -> MockOrigin {
    MockOrigin::builder().directory("/videos").seed(7).verify_on_drop(false).start()
}

/// Lets a client send pieces 1 to 3. Piece 2 is rejected once, and the response to piece 3 is lost.
/// Another upload is left open.
fn run(origin: &MockOrigin) {
    let busy = ErrorResponse::status(503).retry_after(Duration::from_secs(60));
    origin.on(Op::piece(2)).attempt(1).reject(busy);
    origin.on(Op::piece(3)).attempt(1).commit_then(ResponseLoss::Reset);
    let token = origin.issue_token("jane");
    let mut client = Client::new(origin);
    let id = create(&mut client, &token, "/videos", "a.mp4");
    for (number, tries) in [(1, 1), (2, 2)] {
        for _ in 0..tries {
            piece(&mut Client::new(origin), &token, &id, number, b"content");
        }
    }
    let headers = crate::support::piece_headers(&token, &id, "3");
    let lost = crate::support::request("POST", "/multipart/piece", &headers, b"content");
    let _ = Client::new(origin).write(lost).read_to_end();
    piece(&mut Client::new(origin), &token, &id, 3, b"content");
    assert_eq!(complete(&mut client, &token, &id).code(), Some(0));
    create(&mut client, &token, "/videos", "left.mp4");
    drop(client);
    record::wait_for(origin, |journal| (!journal.is_connected()).then_some(()));
}

#[test]
fn an_empty_run_has_no_verdict() {
    let page = Page::new(&origin().html_report());
    assert_eq!(page.text("#verdict-title"), "No verdict: no client connected");
    assert_eq!(
        page.text(".tally"),
        "0 verification failures 0 must findings 0 should findings 0 remarks"
    );
}

#[test]
fn a_correct_run_passes_and_names_the_rules_that_did_not_apply() {
    let origin = origin();
    Client::new(&origin).send("OPTIONS", "/", &[], b"");
    let page = Page::new(&origin.html_report());
    assert_eq!(page.text("#verdict-title"), "Passed");
    let notes = page.text(".verdict .notes summary");
    assert!(
        notes.contains("rules did not apply") && notes.ends_with("They did not pass."),
        "{notes}"
    );
    assert!(page.texts(".verdict .rules code").contains(&"complete.early".to_owned()));
}

#[test]
fn an_uninjected_fault_replaces_the_verdict() {
    let origin = origin();
    run(&origin);
    origin.on(Op::piece(9)).reject(503);
    let page = Page::new(&origin.html_report());
    assert_eq!(page.text("#verdict-title"), "No verdict: 1 fault was never injected");
    let doubt = page.text(".doubt ul");
    assert!(doubt.contains("piece 9 was never sent") && doubt.contains("sections.rs:"), "{doubt}");
    assert_eq!(page.count("#faults tr.never"), 1);
}

#[test]
fn an_incomplete_record_replaces_the_verdict() {
    let origin = origin();
    let hold = origin.on(Op::login()).hold();
    let mut client = Client::new(&origin);
    client.write(crate::support::request("POST", "/account/login", &[], b""));
    assert!(hold.wait(crate::support::TIMEOUT));
    let page = Page::new(&origin.html_report());
    assert_eq!(page.text("#verdict-title"), "No verdict: 1 exchange has not ended");
    assert_eq!(page.text("#picture .result .open"), "open");
}

#[test]
fn findings_are_sorted_by_level_and_link_their_evidence() {
    let origin = origin();
    run(&origin);
    let page = Page::new(&origin.html_report());
    let ids = page.texts("#findings .finding h3 code");
    assert!(ids.contains(&"retry.early".to_owned()), "{ids:?}");
    let levels = page.texts("#findings .finding .level");
    let rank = |level: &String| {
        ["verification", "must", "should", "info"].iter().position(|it| it == level)
    };
    assert!(
        levels.iter().map(rank).is_sorted() && levels.iter().all(|it| rank(it).is_some()),
        "{levels:?}"
    );
    let findings = origin.findings();
    assert_eq!(page.count("#findings .causes li"), findings.len());
    let links: usize = findings.iter().map(|finding| finding.exchanges().len()).sum();
    assert_eq!(page.count("#findings a[href^='#x']"), links);
}

#[test]
fn the_picture_shows_and_describes_every_attempt() {
    let origin = origin();
    run(&origin);
    let page = Page::new(&origin.html_report());
    let exchanges = origin.journal().exchanges().len();
    assert_eq!(page.count("#picture svg.track a"), exchanges);
    assert_eq!(
        page.texts("#picture .row .result")[1..],
        ["200", "200", "503 → 200", "lost → 200", "200", "200"]
    );
    // An arrow from a try to its retry, and one in the legend.
    assert_eq!(page.count("#picture line.retry"), 3);
    assert_eq!(page.count("#picture path.glyph.lost"), 2);
    let sentences = page.texts("#picture .sentences li");
    for part in [
        "fault 0: origin.on(Op::piece(2)).attempt(1).reject(",
        "took effect, but the client was not told: cut by a fault",
        "Retry-After: 60 s, due at ",
        "too early",
    ] {
        assert!(sentences.iter().any(|it| it.contains(part)), "{part}: {sentences:#?}");
    }
    let titles = page.texts("#picture svg.track title");
    assert!(
        titles.iter().any(|it| it.contains("piece 2, try 2 of 2: 200 OK; receiving ")),
        "{titles:#?}"
    );
}

#[test]
fn a_due_time_inside_the_picture_is_a_line() {
    let origin = origin();
    let now = ErrorResponse::status(503).retry_after(Duration::ZERO);
    origin.on(Op::login()).attempt(1).reject(now);
    let login = [("X-Agile-Username", "jane"), ("X-Agile-Password", "secret")];
    for _ in 0..2 {
        Client::new(&origin).send("POST", "/account/login", &login, b"");
    }
    let page = Page::new(&origin.html_report());
    assert_eq!(page.count("#picture svg.track line.due"), 1);
}

#[test]
fn uploads_show_open_ones_and_who_changed_them() {
    let origin = origin();
    run(&origin);
    let page = Page::new(&origin.html_report());
    assert!(page.text("#uploads > p").starts_with("1 upload was left open, holding 0 bytes."));
    let rows = page.texts("#uploads tbody tr");
    assert!(
        rows[0].starts_with("/acme/videos/left.mp4 NEW, left open none 0 created by #"),
        "{rows:?}"
    );
    assert!(rows[1].contains("SUCCESS 1..=3, 1 replaced piece 21"), "{rows:?}");
    assert_eq!(page.count("#uploads tr.left"), 1);
}

#[test]
fn exchanges_are_listed_with_redacted_heads() {
    let origin = origin();
    run(&origin);
    let token = origin.issue_token("jane");
    let login = [("X-Agile-Username", "jane"), ("X-Agile-Password", "hunter2")];
    Client::new(&origin).send("POST", "/account/login?token=sesame", &login, b"");
    let html = origin.html_report();
    let page = Page::new(&html);
    let exchanges = origin.journal().exchanges().len();
    assert_eq!(page.count("#exchanges tbody tr[id] details"), exchanges);
    assert_eq!(page.count("#exchanges .heads pre"), 2 * exchanges - 1);
    let last = page.texts("#exchanges tbody tr[id]").pop().unwrap();
    assert!(
        last.contains(
            "POST /account/login?… Host: origin X-Agile-Username: jane X-Agile-Password: <redacted>"
        ),
        "{last}"
    );
    for secret in ["hunter2", "sesame", &token] {
        assert!(!html.contains(secret), "{secret}");
    }
    let tries: Vec<_> = page.texts("#exchanges tbody tr[id] td:nth-child(4)");
    assert_eq!(
        tries.iter().filter(|it| !it.is_empty()).collect::<Vec<_>>(),
        ["1/2", "2/2", "1/2", "2/2"]
    );
}

#[test]
fn bytes_that_are_not_http_and_events_have_rows() {
    let origin = origin();
    Client::new(&origin).write(b"\x16\x03\x01\x02\0\x01\0").finish_writing().read_to_end().unwrap();
    Client::new(&origin).send("OPTIONS", "/", &[], b"");
    origin.advance(Duration::from_secs(60));
    record::wait_for(&origin, |journal| (!journal.is_connected()).then_some(()));
    let page = Page::new(&origin.html_report());
    assert_eq!(page.text("#verdict-title"), "Failed");
    let between = page.texts("#exchanges tr.between");
    assert!(between.iter().any(|it| it.contains("TLS ClientHello")), "{between:?}");
    assert!(between.iter().any(|it| it.contains("protocol time advanced by 60s")), "{between:?}");
    assert!(
        page.text("#picture").contains("connection 0")
            && page.count("#picture svg.track line.event") > 0
    );
    assert_eq!(
        page.count("#findings .finding.must h3 .level"),
        page.count("#findings .finding.must")
    );
}

#[test]
fn the_page_shows_how_to_run_the_test_again() {
    let origin = origin();
    let page = Page::new(&origin.html_report());
    let name = "html_report::sections::the_page_shows_how_to_run_the_test_again";
    assert_eq!(page.text("h1"), name);
    let commands = page.texts("#repeat pre");
    assert_eq!(
        commands,
        [&*format!("cargo test -- --exact {name}"), "MockOrigin::builder().seed(7)"]
    );
    let origin = MockOrigin::builder().seed(3).start();
    origin.set_run_command("upload {seed} <a>");
    assert_eq!(Page::new(&origin.html_report()).texts("#repeat pre"), ["upload 3 <a>"]);
}

#[test]
fn a_cut_body_is_shown_as_cut() {
    let origin = origin();
    origin.on(Op::piece(1)).cut_after(3, Disconnect::Reset);
    let token = origin.issue_token("jane");
    let id = create(&mut Client::new(&origin), &token, "/videos", "a.mp4");
    let headers = crate::support::piece_headers(&token, &id, "1");
    let bytes = crate::support::request("POST", "/multipart/piece", &headers, b"content");
    let _ = Client::new(&origin).write(bytes).read_to_end();
    record::closed_exchange(&origin, 1);
    let page = Page::new(&origin.html_report());
    assert_eq!(page.texts("#picture .row .result")[1..], ["200", "cut"]);
    assert_eq!(page.text("#exchanges tr.cut td.body"), "3 of 7");
}
