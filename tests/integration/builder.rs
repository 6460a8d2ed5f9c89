//! Invalid values are rejected: by a panic at the caller's line, or by `try_start` if the builder
//! defers errors.

use std::time::Duration;

use crate::support::panics::catch_panic;
use mock_origin::internals::fault::{CallMatcher, FaultAction};
use mock_origin::options::Limit;
use mock_origin::{Builder, Fault, InProgressUpload, MockOrigin, Op, User};

/// Invalid values, and what the panic contains.
const INVALID: &[(fn(), &str)] = &[
    (|| drop(builder().user("", "x")), ".user(\"jane\", \"secret\")"),
    (|| drop(builder().user("x", "")), ".user(\"jane\", \"secret\")"),
    (|| drop(builder().user("a\nb", "x")), ".user(\"jane\", \"secret\")"),
    (|| drop(builder().user(" a ", "x")), ".user(\"jane\", \"secret\")"),
    (|| drop(builder().account("multipart")), ".account(\"acme\")"),
    (
        || drop(builder().user("a", "x").user("a", "y")),
        "duplicate user \"a\": .user(\"jane\", \"secret\")",
    ),
    (|| drop(builder().user_with(User::new("a", "b").ids(0, 1))), ".ids(1001, 1001)"),
    (|| drop(builder().user_with(User::new("a", "b").root(".."))), ".root(\"/home/jane\")"),
    (|| drop(builder().directory("/a/../b")), ".directory(\"/videos\")"),
    (|| drop(builder().file("/", "x")), ".file(\"/videos/a.mp4\", content)"),
    (|| drop(builder().limit(Limit::Pieces, 0)), ".limit(Limit::Pieces, 1)"),
    (|| drop(builder().set("jion", "fail")), ".set(\"join\", "),
    (|| drop(builder().key_pair("a=b", "c")), ".key_pair(\"access\", \"secret\")"),
    (|| drop(builder().hold_limit(Duration::ZERO)), ".hold_limit(Duration::from_secs(1))"),
    (
        || {
            let matcher = CallMatcher { user: Some("bob".into()), ..CallMatcher::new(Op::login()) };
            drop(builder().faults(vec![Fault::on_call(matcher, FaultAction::Hold)]));
        },
        "fault 1: unknown user \"bob\"; known users: [\"jane\"]: .faults(vec![",
    ),
    (|| drop(builder().account("")), ".account(\"acme\")"),
    (|| drop(builder().account("a/b")), ".account(\"acme\")"),
    (|| drop(builder().listen("nonsense")), ".listen(\"127.0.0.1:0\")"),
    (|| drop(builder().listen("0.0.0.0:0")), ".allow_non_loopback().listen(\"0.0.0.0:0\")"),
    (|| drop(builder().upload(InProgressUpload::new("/a").piece(0, "x"))), ".piece(1, content)"),
    (
        || drop(builder().file("/a", "x").file("/a/b", "y").start()),
        "file /a/b: a directory is there, or another file is in its path",
    ),
    (|| drop(builder().file("/a", "x").directory("/a").start()), "file /a: a directory is there"),
    (
        || {
            drop(builder().upload(InProgressUpload::new("/a").owner("x")).start());
        },
        ".user(\"x\", password)",
    ),
    (|| drop(builder().start().issue_token("nobody")), ".user(\"nobody\", password)"),
    (
        || builder().start().expire_token("never"),
        "invalid token: it is unknown, expired or logged out",
    ),
    (|| drop(builder().start().file("../x")), "\"/videos/a.mp4\""),
    (|| drop(builder().start().directory("../x")), "\"/videos/a.mp4\""),
    (|| drop(builder().start().upload("/none")), "no uploads"),
];

fn builder() -> Builder {
    MockOrigin::builder()
}

#[test]
fn invalid_values_panic_at_the_callers_line() {
    for (call, expected) in INVALID {
        let (text, file) = catch_panic(call).unwrap();
        assert!(text.contains(expected), "{text:?} does not contain {expected:?}");
        assert_eq!(file, file!(), "{text:?} does not point at the caller's line");
    }
}

#[test]
fn deferred_errors_are_returned_by_try_start() {
    type Step = fn(Builder) -> Builder;
    let cases: [(Step, &str); 13] = [
        (|builder| builder.account("a/b"), "invalid account \"a/b\": "),
        (|builder| builder.user("", "x"), "invalid user \"\": "),
        (|builder| builder.user("a", "x").user("a", "y"), "duplicate user \"a\""),
        (|builder| builder.user_with(User::new("a", "b").ids(0, 1)), "invalid ids of user \"a\": "),
        (|builder| builder.user_with(User::new("a", "b").root("..")), "invalid path \"..\": "),
        (|builder| builder.directory("/a/../b"), "invalid path \"/a/../b\": "),
        (|builder| builder.file("/", "x"), "invalid path \"/\": a file needs a name"),
        (
            |builder| builder.upload(InProgressUpload::new("/a").piece(0, "x")),
            "invalid part number 0: expected 1 to 2147483647",
        ),
        (
            |builder| builder.file("/a", "x").directory("/a"),
            "invalid fixtures: file /a: a directory is there",
        ),
        (|builder| builder.listen("8080"), "invalid address \"8080\": "),
        (|builder| builder.listen("0.0.0.0:0"), "other machines can reach 0.0.0.0:0, "),
        (|builder| builder.key_pair("", "x"), "invalid key pair with access key \"\": "),
        (|builder| builder.hold_limit(Duration::ZERO), "invalid hold limit 0 s: "),
    ];
    for (step, expected) in cases {
        let builder = step(builder().defer_errors());
        let error = builder.validate().unwrap_err();
        assert!(error.is_invalid_argument() && error.to_string().starts_with(expected), "{error}");
        assert_eq!(builder.try_start().unwrap_err().to_string(), error.to_string());
    }
    let option = MockOrigin::builder().defer_errors().set("join", "soon").try_start();
    assert!(option.unwrap_err().is_invalid_option());
}

#[test]
fn a_deferred_error_precedes_a_port_that_is_taken() {
    let other = MockOrigin::start();
    let builder = MockOrigin::builder().defer_errors().port(other.port()).account("a/b");
    assert!(builder.try_start().unwrap_err().is_invalid_argument());
}

#[test]
fn the_first_deferred_error_is_kept() {
    let builder = MockOrigin::builder().defer_errors().account("a/b").user("", "x").file("/", "x");
    let text = builder.clone().try_start().unwrap_err().to_string();
    assert!(text.starts_with("invalid account \"a/b\""), "{text}");
    let (panic, file) = catch_panic(move || drop(builder.start())).unwrap();
    assert_eq!((panic, &*file), (text, file!()));
    MockOrigin::builder().defer_errors().account("a").start().finish();
}
