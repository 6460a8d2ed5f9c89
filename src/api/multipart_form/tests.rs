//! Complete and malformed forms, in one frame and in many.

#![allow(clippy::unwrap_used)]

use std::cell::Cell;

use super::*;

thread_local! {
    /// The number of bytes that were searched on this thread. Bytes that were searched twice count
    /// twice.
    pub(super) static SEARCHED: Cell<usize> = const { Cell::new(0) };
}

/// All facts of a form, for comparison.
type Facts = (Vec<(String, String)>, Vec<[String; 4]>, bool);

/// A small random number generator: splitmix64.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((mixed ^ (mixed >> 31)) % bound as u64).unwrap()
    }

    /// Splits `bytes` into frames of a random length up to `most`.
    fn frames<'a>(&mut self, mut bytes: &'a [u8], most: usize) -> Vec<&'a [u8]> {
        let mut frames = Vec::new();
        while !bytes.is_empty() {
            let (frame, rest) = bytes.split_at(bytes.len().min(1 + self.below(most)));
            frames.push(frame);
            bytes = rest;
        }
        frames
    }
}

fn read<'a>(boundary: &str, frames: impl IntoIterator<Item = &'a [u8]>) -> FilledForm {
    let mut reader = FormReader::new(boundary, BlobStore::default());
    frames.into_iter().for_each(|frame| reader.push(frame).unwrap());
    reader.finish()
}

fn whole(body: impl AsRef<[u8]>) -> FilledForm {
    read("b", [body.as_ref()])
}

/// Returns a form with the boundary `b` and one part.
fn one(head: &str, content: &str) -> FilledForm {
    whole(format!("--b\r\n{head}\r\n\r\n{content}\r\n--b--"))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn bytes(content: &Blob) -> Vec<u8> {
    let chunks = content.chunks(0..content.len());
    chunks.map(|chunk| chunk.unwrap().to_vec()).collect::<Vec<_>>().concat()
}

fn facts(form: &FilledForm) -> Facts {
    let field = |(name, value): &(String, Vec<u8>)| (name.clone(), text(value));
    let file = |file: &FormFile| {
        let content = bytes(&file.content);
        assert_eq!(file.digest, Digest::compute(&content));
        assert_eq!(file.start, content[..content.len().min(START_BYTES)]);
        let name = file.name.as_deref().map(text).unwrap_or_default();
        [file.field.clone(), name, file.content_type.clone().unwrap_or_default(), text(&content)]
    };
    (form.fields.iter().map(field).collect(), form.files.iter().map(file).collect(), form.is_whole)
}

#[test]
fn a_boundary_is_found_among_other_parameters() {
    let long = "a".repeat(70);
    for (content_type, boundary) in [
        ("multipart/form-data; boundary=b", Some("b")),
        ("Multipart/FORM-data ;BOUNDARY = b ", Some("b")),
        ("multipart/form-data; boundary=\"a b;c=d\"; charset=utf-8", Some("a b;c=d")),
        ("multipart/form-data; boundary=\"a\\\"b\"", Some("a\"b")),
        ("multipart/form-data; charset=\"boundary=x\"; boundary=b", Some("b")),
        (&format!("multipart/form-data; boundary={long}"), Some(&*long)),
        (&format!("multipart/form-data; boundary={long}a"), None),
        ("multipart/form-data; boundary=", None),
        ("multipart/form-data; boundary", None),
        ("multipart/form-data; myboundary=b", None),
        ("multipart/form-data", None),
        ("multipart/mixed; boundary=b", None),
        ("", None),
    ] {
        assert_eq!(parse_boundary(content_type).as_deref(), boundary, "{content_type}");
    }
}

#[test]
fn fields_and_files_are_distinguished() {
    let form = whole(
        "--b\r\nContent-Disposition: form-data; name=\"basename\"\r\n\r\na.txt\r\n\
         --b\r\nContent-Disposition: form-data; name=\"uploadFile\"; filename=\"c\"\r\n\
         Content-Type: text/css \r\n\r\nhello\r\n\
         --b\r\nContent-Disposition: form-data; name=\"other\"; filename=\"d\"\r\n\r\n\r\n\
         --b\r\nContent-Disposition: form-data; name=\"uploadFile\"\r\n\r\nworld\r\n--b--",
    );
    let file = |of: [&str; 4]| of.map(str::to_owned);
    let expected = [
        file(["uploadFile", "c", "text/css", "hello"]),
        file(["other", "d", "", ""]),
        file(["uploadFile", "", "", "world"]),
    ];
    let field = ("basename".to_owned(), "a.txt".to_owned());
    assert_eq!(facts(&form), (vec![field], expected.to_vec(), true));
}

#[test]
fn the_first_of_repeated_fields_counts_unless_it_is_empty() {
    let field = |name: &str, value: &[u8]| (name.to_owned(), value.to_vec());
    let fields = vec![field("a", b"1"), field("b", b""), field("a", b"2"), field("b", b"3")];
    let form = FilledForm { fields, ..FilledForm::default() };
    assert_eq!(form.field("a"), Some(&b"1"[..]));
    assert_eq!((form.field("b"), form.field("c")), (None, None));
}

#[test]
fn file_names_are_read_as_browsers_write_them() {
    for (parameter, name) in [
        ("filename=\"a b;c=d.txt\"", "a b;c=d.txt"),
        ("filename=a.txt", "a.txt"),
        ("filename=\"\"", ""),
        ("filename=\"C:\\dir\\a.txt\"", "C:\\dir\\a.txt"),
        ("filename=\"a\\\"b\\\\c\"", "a\"b\\\\c"),
        ("filename=\"a\\\"", "a\\"),
        ("filename=\"a\\\"; filename*=none", "a\\"),
        ("filename=\"größe\"", "größe"),
        ("filename=\"a\"; filename*=UTF-8''gr%C3%B6%C3%9Fe", "größe"),
        ("filename=\"a\"; filename*=latin1''gr%F6", "a"),
        ("filename=\"a\"; filename*=UTF-8''%FF", "a"),
        ("filename=\"unended", "unended"),
    ] {
        let form =
            one(&format!("Content-Disposition: form-data; name=uploadFile; {parameter}"), "");
        assert_eq!(facts(&form).1[0][1], name, "{parameter}");
    }
}

#[test]
fn invalid_utf_8_is_kept_as_received() {
    let head = b"--b\r\nContent-Disposition: form-data; name=\"uploadFile\"; filename=\"\xff\"";
    let field =
        b"\r\n\r\n\r\n--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\xc3\r\n--b--";
    let form = whole([&head[..], field].concat());
    assert_eq!(form.files[0].name.as_deref(), Some(&b"\xff"[..]));
    assert_eq!(form.field("a"), Some(&b"\xc3"[..]));
}

#[test]
fn text_similar_to_a_boundary_is_content() {
    for content in [
        "--b",
        "x--b--",
        "\n--b--\n",
        "\r--b--\r",
        "\r\n--",
        "\r\n-b",
        "\r\n--B\r\n",
        "\r\n\r\n",
        "",
    ] {
        let form = one("Content-Disposition: form-data; name=a; filename=a", content);
        assert_eq!((&*facts(&form).1[0][3], form.is_whole), (content, true), "{content:?}");
    }
}

#[test]
fn malformed_forms_are_not_complete() {
    let head = "Content-Disposition: form-data; name=\"a\"";
    for body in [
        String::new(),
        "hello".to_owned(),
        "--b".to_owned(),
        "--b\r\n".to_owned(),
        "--b\r\n--b--".to_owned(),
        "--b\r\n\r\n\r\n--b--".to_owned(),
        "--bb\r\n\r\n--bb--".to_owned(),
        format!("--b\r\n{head}\r\n\r\nx"),
        format!("--b\r\n{head}\r\n\r\nx\r\n--b"),
        format!("--b\r\n{head}\r\n\r\nx\r\n--b-"),
        format!("--b\n{head}\n\nx\n--b--"),
        format!("--b\r\nX-Long: {}\r\n{head}\r\n\r\nx\r\n--b--", "a".repeat(MOST_TEXT)),
        format!("--b\r\n{head}\r\n\r\n{}\r\n--b--", "a".repeat(MOST_TEXT + 1)),
        format!("--b\r\n{head}\r\n\r\nx\r\n").repeat(MOST_PARTS + 1) + "--b--",
    ] {
        let start: String = body.chars().take(80).collect();
        assert!(!whole(&body).is_whole, "{start:?}");
    }
}

#[test]
fn the_largest_valid_form_is_complete() {
    let text = "a".repeat(MOST_TEXT);
    let part = format!("--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n{text}\r\n");
    let form = whole(part.repeat(MOST_PARTS) + "--b--");
    assert_eq!((form.is_whole, form.fields.len()), (true, MOST_PARTS));
    assert_eq!(form.field("a").map(<[u8]>::len), Some(MOST_TEXT));
}

/// Returns a body of random lines, most of which have a meaning in a form.
fn random_body(random: &mut Random) -> Vec<u8> {
    const LINES: [&[u8]; 16] = [
        b"--bound",
        b"--bound",
        b"--bound \t",
        b"--bound--",
        b"--boun",
        b"--boundary",
        b"-",
        b"",
        b"",
        b"Content-Disposition: form-data; name=\"uploadFile\"; filename=\"a.txt\"",
        b"Content-Disposition: form-data; name=\"basename\"",
        b"Content-Type: text/css",
        b"hello\n--bound\r--bound",
        b"\xff\x00\r",
        b"\r\r",
        b"a line that is longer than the boundary is",
    ];
    let count = random.below(24);
    (0..count).flat_map(|_| [LINES[random.below(LINES.len())], b"\r\n"].concat()).collect()
}

/// Returns a form with a file and a field of random lines.
fn random_form(random: &mut Random) -> Vec<u8> {
    let head = |name: &str| format!("--bound\r\nContent-Disposition: form-data; {name}\r\n\r\n");
    let quiet = |body: Vec<u8>| text(&body).replace("\r\n--bound", "\r\n--boum");
    [
        head("name=\"uploadFile\"; filename=\"a\"").into_bytes(),
        quiet([b"\r\n".to_vec(), random_body(random)].concat()).into_bytes(),
        format!("\r\n{}", head("name=\"mtime\"")).into_bytes(),
        quiet([b"\r\n".to_vec(), random_body(random)].concat()).into_bytes(),
        b"\r\n--bound--".to_vec(),
    ]
    .concat()
}

#[test]
fn forms_do_not_depend_on_frame_boundaries() {
    let random = &mut Random(7);
    let mut whole_ones = 0;
    for round in 0..400 {
        let body = if round % 2 == 0 { random_body(random) } else { random_form(random) };
        let expected = facts(&read("bound", [&*body]));
        assert!(round % 2 == 0 || expected.2, "{:?}", text(&body));
        whole_ones += usize::from(expected.2);
        for most in [1, 2, 7, 40, 200] {
            let frames = random.frames(&body, most);
            assert_eq!(facts(&read("bound", frames)), expected, "{:?}", text(&body));
        }
    }
    assert!(whole_ones > 200, "some of the random ones are forms too: {whole_ones}");
}

#[test]
fn the_head_limit_does_not_depend_on_frame_boundaries() {
    let random = &mut Random(7);
    let line = "Content-Disposition: form-data; name=\"a\"";
    for surplus in 0..4 {
        // The line end before the head and the one between its lines count as part of it.
        let long = "a".repeat(MOST_TEXT - line.len() - "\r\n\r\nX: ".len() + surplus);
        let body = format!("--b\r\nX: {long}\r\n{line}\r\n\r\nx\r\n--b--").into_bytes();
        for most in [1000, 60_000, 1 << 20] {
            let form = read("b", random.frames(&body, most));
            assert_eq!(form.is_whole, surplus == 0, "{surplus} too many, in frames up to {most}");
        }
    }
}

#[test]
fn a_form_in_single_bytes_is_searched_in_linear_time() {
    let padding = "a".repeat(MOST_TEXT - 200);
    let preamble = "p".repeat(MOST_TEXT);
    let head = format!("Content-Disposition: form-data; name=\"f\"\r\nX: {padding}\r\n\r\n");
    let spaces = " ".repeat(MOST_TEXT - 200);
    let body = format!("{preamble}\r\n--b{spaces}\r\n{head}{padding}\r\n--b--");
    let before = SEARCHED.get();
    let form = read("b", body.as_bytes().chunks(1));
    let searched = SEARCHED.get() - before;
    assert!(form.is_whole && form.fields[0].1.len() == padding.len());
    // No search is longer than a boundary with its line end.
    let most = body.len() * "\r\n--b".len();
    assert!(searched <= most, "{searched} bytes searched in a body of {}", body.len());
}
