//! Hostile names and long records: the page stays valid, harmless and bounded.

use mock_origin::MockOrigin;

use super::page::Page;
use crate::support::{Client, request};

const HOSTILE: &[&str] = &[
    "</title></style><script>alert(1)</script>",
    "\"' onmouseover='alert(1)' x=\"",
    "<img src=x onerror=alert(1)>",
    "<!-- --><![CDATA[ ]]>&lt;&amp;&#60;",
    "\u{202e}gnp.exe\u{2066}",
    "\u{9b}31m\u{200b}\u{2028}\u{feff}",
    "]]></svg><foreignObject>",
];

#[test]
fn hostile_names_stay_text() {
    let origin = MockOrigin::builder().verify_on_drop(false).start();
    let token = origin.issue_token("jane");
    let long = "<b>".repeat(1_366);
    for name in HOSTILE.iter().copied().chain([&*long]) {
        let json = |text: &str| serde_json::Value::from(text);
        let body = serde_json::json!({"method": "makeDir2", "params": [token, format!("/{name}")], "id": 1});
        Client::new(&origin).send("POST", "/jsonrpc", &[], body.to_string().as_bytes());
        let body = serde_json::json!({"method": json(name), "id": 1});
        Client::new(&origin).send("POST", "/jsonrpc", &[], body.to_string().as_bytes());
        let create =
            [("X-Agile-Authorization", &*token), ("X-Agile-Basename", name), ("X-Note", name)];
        Client::new(&origin)
            .write(request("POST", "/multipart/create", &create, b""))
            .finish_writing()
            .read();
        let target = format!("/{}", name.replace(' ', "%20"));
        let _ = Client::new(&origin)
            .write(request("GET", &target, &[], b""))
            .finish_writing()
            .read_to_end();
        // The name of a fault is one short line.
        if name.len() < 100 && !name.contains('\u{2028}') {
            origin.on(mock_origin::Op::piece(9)).named(name).reject(503);
        }
    }
    let html = origin.html_report();
    let page = Page::new(&html);
    let text = page.text("#exchanges");
    assert!(text.contains("</title></style><script>alert(1)</script>"), "{text}");
    assert!(
        text.contains("X-Note: \\u{202e}gnp.exe\\u{2066}") && text.contains("bytes left out"),
        "{text}"
    );
    let is_dangerous =
        |char: &char| "\u{202e}\u{2066}\u{9b}\u{200b}\u{2028}\u{feff}\u{1b}\r\0".contains(*char);
    assert_eq!(html.chars().find(is_dangerous), None);
}

#[test]
fn a_long_record_is_shortened_but_its_counts_are_exact() {
    const EXCHANGES: usize = 5_000;
    let origin = MockOrigin::builder().verify_on_drop(false).start();
    for number in 0..EXCHANGES {
        // One missing file is requested repeatedly, the others once.
        let file = if number % 5 == 0 { 0 } else { number };
        let accept = "x".repeat(200);
        Client::new(&origin).send(
            "GET",
            &format!("/files/{file}.mp4"),
            &[("Accept", &*accept)],
            b"",
        );
    }
    crate::support::record::wait_for(&origin, |journal| (!journal.is_connected()).then_some(()));
    let html = origin.html_report();
    let page = Page::new(&html);
    assert_eq!(page.texts(".figures dd")[..2], ["5,000", "5,000"]);
    assert_eq!(page.count("#exchanges tbody tr[id]"), 1_000);
    assert!(page.text("#exchanges > p").starts_with("5,000 exchanges"));
    let gaps = page.texts("#exchanges tr.gap");
    let number = |text: &String| -> usize {
        text.split(' ').nth(1).unwrap().replace(',', "").parse().unwrap()
    };
    assert_eq!(gaps.iter().map(number).sum::<usize>(), EXCHANGES - 1_000, "{gaps:?}");
    let rows = page.count("#picture li.row");
    assert!(rows <= 100 && page.count("#picture svg.track a") <= rows + 19);
    assert!(page.text("#picture").contains("/1000") || page.text("#picture").contains("not drawn"));
    assert!(page.texts("#exchanges td:nth-child(4)").contains(&"1000/1000".to_owned()));
    assert!(html.len() < 4 << 20, "{} bytes", html.len());
}
