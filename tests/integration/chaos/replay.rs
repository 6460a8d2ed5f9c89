//! Tests that the printed faults of a run replay it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use mock_origin::{Chaos, Fault, MockOrigin, Op, Profile};

use crate::chaos::client::Uploader;
use crate::chaos::client::exchange;
use crate::chaos::facts::{assert_same, facts};
use crate::chaos::parallel::{assert_nothing_lost, upload_all};
use crate::chaos::{pieces, videos};
use crate::support::http::Connection;
use crate::support::request;

const PROFILES: [Profile; 4] =
    [Profile::Network, Profile::ServerErrors, Profile::Latency, Profile::All];

fn upload_three(origin: &MockOrigin) {
    for number in 0..3 {
        let client = Uploader::correct(origin);
        let mut client = if number == 1 { client.without_keep_alive() } else { client };
        client.upload("/videos", &format!("{number}.mp4"), &pieces(number)).unwrap();
    }
}

/// Runs under chaos. Returns the injected faults and the facts.
pub(crate) fn under_chaos(chaos: Chaos, run: impl Fn(&MockOrigin)) -> (Vec<Fault>, Vec<String>) {
    let origin = videos().seed(1).start();
    origin.chaos(chaos);
    run(&origin);
    let facts = facts(&origin);
    (origin.done_by_chaos(), facts)
}

/// Runs with these faults only, and asserts that all are injected. Returns the facts.
pub(crate) fn replayed(
    faults: &[Fault],
    text: impl Fn(&Fault) -> Fault,
    run: impl Fn(&MockOrigin),
) -> Vec<String> {
    let origin = videos().seed(1).start();
    for fault in faults {
        let given = text(fault);
        assert_eq!(given.to_string(), fault.to_string());
        // A fault that was read from text would keep that text as its name.
        origin.add_fault(given.named(fault.to_string()));
    }
    run(&origin);
    let facts = facts(&origin);
    origin.finish();
    facts
}

#[test]
fn the_faults_of_a_run_replay_it() {
    for profile in PROFILES {
        for seed in 0..5 {
            let chaos = Chaos::new(seed).profile(profile).percent(60);
            let (faults, once) = under_chaos(chaos, upload_three);
            assert!(!faults.is_empty());
            assert_same(&once, &replayed(&faults, Fault::clone, upload_three));
        }
    }
}

#[test]
#[cfg(feature = "control")]
fn the_faults_of_a_run_replay_it_as_text() {
    for profile in PROFILES {
        let (faults, once) = under_chaos(Chaos::new(8).profile(profile).percent(60), upload_three);
        let through_text = |fault: &Fault| {
            let again = Fault::from_json(&fault.to_json()).unwrap();
            assert_eq!(again, *fault);
            again
        };
        assert_same(&once, &replayed(&faults, through_text, upload_three));
    }
}

#[test]
fn the_faults_of_a_parallel_run_replay_it() {
    let run = |origin: &MockOrigin| {
        upload_all(origin, 60);
        assert_nothing_lost(origin, 60);
    };
    let (mut faults, once) = under_chaos(Chaos::new(3), run);
    // They are in the order of the run, which has no effect.
    faults.reverse();
    assert_same(&once, &replayed(&faults, Fault::clone, run));
}

#[test]
fn two_users_on_one_path_have_own_decisions() {
    let two_users = || MockOrigin::builder().user("jane", "secret").user("bob", "secret");
    let origin = || two_users().directory("/videos").seed(1).start();
    let run = |origin: &MockOrigin| {
        for user in ["jane", "bob", "jane"] {
            let mut client = Uploader::correct(origin);
            client.user = user;
            client.upload("/videos", "a.mp4", &pieces(2)).unwrap();
            client.upload("/videos", "b.mp4", &pieces(1)).unwrap();
        }
    };
    for seed in 0..10 {
        let (once, again) = (origin(), origin());
        once.chaos(Chaos::new(seed).percent(40));
        run(&once);
        for fault in once.done_by_chaos() {
            again.add_fault(fault);
        }
        run(&again);
        assert_same(&facts(&once), &facts(&again));
        again.finish();
    }
}

/// Returns the faults of jane's first attempts to write into a directory that bob creates.
fn faults_with_another_user(seed: u64, bob_is_first: bool) -> Vec<Fault> {
    let origin = MockOrigin::builder().user("jane", "secret").user("bob", "secret").start();
    let tokens = [origin.issue_token("jane"), origin.issue_token("bob")];
    origin.chaos(Chaos::new(seed).percent(100).max_per_operation(1));
    let succeeds = |token: &str, target: &str, directory: &str| {
        let place = [("X-Agile-Directory", directory), ("X-Agile-Basename", "a")];
        let headers = [&[("X-Agile-Authorization", token)], &place[..]].concat();
        let response = exchange(
            &mut Connection::to_url(&origin.url()).unwrap(),
            &request("POST", target, &headers, b""),
        );
        response.is_ok_and(|response| response.code() == Some(0))
    };
    let of_bob = || while !succeeds(&tokens[1], "/post/directory", "/d") {};
    if bob_is_first {
        of_bob();
    }
    succeeds(&tokens[0], "/multipart/create", "/d");
    let done = origin.done_by_chaos();
    done.into_iter().filter(|fault| fault.to_string().contains("create")).collect()
}

#[test]
fn other_clients_do_not_change_decisions() {
    let mut in_both = 0;
    for seed in 0..30 {
        let (after, before) =
            (faults_with_another_user(seed, true), faults_with_another_user(seed, false));
        assert_eq!(after.len(), 1);
        // A fault that needs a successful call is skipped if the call is rejected.
        if !before.is_empty() {
            assert_eq!(after, before);
            in_both += 1;
        }
    }
    assert!((1..30).contains(&in_both), "{in_both}");
}

#[test]
fn names_with_pattern_characters_are_replayed() {
    let run = |origin: &MockOrigin| {
        for name in ["a*.mp4", "ab.mp4", "**", "\"quoted\" \\ (1).mp4", "\u{fc}.mp4"] {
            let mut client = Uploader::correct(origin);
            client.upload("/videos", name, &pieces(0)).unwrap();
        }
    };
    for seed in 0..5 {
        let (faults, once) = under_chaos(Chaos::new(seed).percent(60), run);
        assert_same(&once, &replayed(&faults, Fault::clone, run));
    }
}

/// Returns the panic text of `finish()`.
fn failing_finish(origin: MockOrigin) -> String {
    origin.on(Op::piece(99)).reject(503);
    let failed = catch_unwind(AssertUnwindSafe(|| origin.finish())).unwrap_err();
    *failed.downcast::<String>().unwrap()
}

fn sentences(faults: &[Fault]) -> String {
    faults.iter().map(|fault| format!("    {fault};\n")).collect::<Vec<_>>().concat()
}

#[test]
fn a_failing_finish_prints_chaos_as_code() {
    let origin = videos().seed(1).start();
    origin.chaos(Chaos::new(41).profile(Profile::Network).percent(60));
    upload_three(&origin);
    let done = sentences(&origin.done_by_chaos());
    assert!(!done.is_empty());
    let text = failing_finish(origin);
    let expected = format!(
        "to replay this chaos:\n\n    use mock_origin::{{Chaos, Profile}};\n\n    \
         origin.chaos(Chaos::new(41).profile(Profile::Network).max_per_operation(2)\
         .percent(60));\n\n\
         it has injected the equivalent of these faults:\n\n    \
         use mock_origin::{{Disconnect, Interface, Op, ResponseLoss}};\n\n{done}\ntimeline"
    );
    assert!(text.contains(&expected), "{text}");
}

#[test]
fn every_chaos_is_printed_with_its_faults() {
    let origin = videos().seed(1).start();
    origin.chaos(Chaos::new(41).percent(60));
    upload_three(&origin);
    let of_first = origin.done_by_chaos();
    origin.chaos(Chaos::new(42).percent(60));
    Uploader::correct(&origin).upload("/videos", "c.mp4", &pieces(1)).unwrap();
    let of_second = origin.done_by_chaos().split_off(of_first.len());
    origin.clear_faults();
    assert!(!of_first.is_empty() && !of_second.is_empty());
    let text = failing_finish(origin);
    let (first, second) = text.split_once("Chaos::new(42)").unwrap();
    assert!(first.contains("Chaos::new(41)") && first.contains(&sentences(&of_first)), "{text}");
    assert!(second.contains(&sentences(&of_second)), "{text}");
    assert!(!first.contains(&sentences(&of_second)), "{text}");
}

#[test]
fn chaos_without_injections_is_printed() {
    let origin = videos().start();
    origin.chaos(Chaos::new(41).percent(1));
    let text = failing_finish(origin);
    assert!(text.contains(".percent(1));\n\nit has injected no faults\n\ntimeline"), "{text}");
    let origin = videos().start();
    origin.chaos(Chaos::new(41));
    origin.reset();
    assert!(!failing_finish(origin).contains("this chaos"));
}
