//! Tests that the decisions of chaos depend only on the seed and the call.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use mock_origin::internals::fault::{
    CallContext, CallMatcher, FaultAction, Faults, InterimSupport, Stage,
};
use mock_origin::journal::{Call, Journal};
use mock_origin::{
    Chaos, Disconnect, ErrorResponse, Fault, Interface, Op, Operation, Profile, ResponseLoss,
};

use crate::support::payload::Random;

const ATTEMPTS: u32 = 4;
const PROFILES: [Profile; 3] = [Profile::Network, Profile::ServerErrors, Profile::Latency];

fn call(operation: Operation, interface: Interface, name: &'static str, path: &str) -> Call {
    let mut call = Call::new(operation, interface, name);
    (call.path, call.user) = (Some(path.into()), Some("jane".into()));
    call
}

/// Returns the calls of some uploads, each once.
fn calls() -> Vec<Call> {
    let mut calls = Vec::new();
    for number in 0..20 {
        let path = format!("/acme/videos/{number}.mp4");
        let http = |operation, name| call(operation, Interface::Http, name, &path);
        calls.push(http(Operation::Create, "/multipart/create"));
        calls.push(http(Operation::Complete, "/multipart/complete"));
        for part in 1..=4 {
            let mut piece = http(Operation::Piece, "/multipart/piece");
            piece.part = Some(part);
            calls.push(piece);
        }
        let (status, name) = (Operation::Status, "getMultipartStatus");
        calls.push(call(status, Interface::JsonRpc, name, &path));
    }
    calls
}

/// A call and its attempt number.
type Asked = (String, u32);

/// Returns the injected faults if these calls come in this order, all succeed, and have bodies that are
/// long enough for every fault.
fn decisions(chaos: Chaos, calls: &[Call]) -> BTreeMap<Asked, (String, FaultAction)> {
    decided(chaos, calls, None, Some(1 << 30))
}

/// Returns the decisions for calls that the origin rejects, or with bodies of this length.
fn decided(
    chaos: Chaos,
    calls: &[Call],
    rejected: Option<u16>,
    declared: Option<u64>,
) -> BTreeMap<Asked, (String, FaultAction)> {
    let mut faults = Faults::default();
    faults.set_chaos(chaos, &Journal::default());
    let mut attempts: BTreeMap<String, u32> = BTreeMap::new();
    let mut decisions = BTreeMap::new();
    for call in calls {
        let what = format!("{} {:?} {:?}", call.name, call.path, call.part);
        let attempt = attempts.entry(what.clone()).or_default();
        *attempt += 1;
        let at = if call.is_json_rpc() { Stage::Commit } else { Stage::Head };
        let there = CallContext { at, rejected, declared, interim: InterimSupport::Accepted };
        if let Some(injection) = faults.injection(call, there) {
            let decided = (injection.fault_ref.name.to_string(), injection.action);
            decisions.insert((what, *attempt), decided);
        }
    }
    decisions
}

/// Returns every call several times.
fn repeated_calls() -> Vec<Call> {
    (0..ATTEMPTS).flat_map(|_| calls()).collect()
}

fn shuffled(mut calls: Vec<Call>, seed: u64) -> Vec<Call> {
    let mut random = Random::new(seed);
    for at in (1..calls.len()).rev() {
        calls.swap(at, random.below(at + 1));
    }
    calls
}

#[test]
fn the_order_of_requests_does_not_affect_decisions() {
    for profile in [Profile::Network, Profile::ServerErrors, Profile::Latency, Profile::All] {
        let chaos = Chaos::new(41).profile(profile);
        let once = decisions(chaos, &repeated_calls());
        assert!(once.len() > 20);
        for seed in 0..20 {
            assert_eq!(decisions(chaos, &shuffled(repeated_calls(), seed)), once);
        }
    }
}

#[test]
fn identifiers_and_sessions_do_not_affect_decisions() {
    let chaos = Chaos::new(41);
    let mut others = repeated_calls();
    for call in others.iter_mut().filter(|call| call.operation != Operation::Create) {
        call.upload = Some("another".into());
    }
    assert_eq!(decisions(chaos, &others), decisions(chaos, &repeated_calls()));
}

#[test]
fn fault_selection_depends_on_call_outcome() {
    for profile in [Profile::Network, Profile::ServerErrors, Profile::Latency, Profile::All] {
        let chaos = Chaos::new(43).profile(profile).percent(100);
        let mut all = BTreeMap::new();
        for rejected in [None, Some(403), Some(404), Some(429)] {
            for declared in [None, Some(0), Some(10), Some(1000), Some(1 << 30)] {
                for (asked, injection) in decided(chaos, &repeated_calls(), rejected, declared) {
                    let known = all.entry(asked).or_insert_with(|| injection.clone());
                    assert_eq!(*known, injection);
                }
            }
        }
        assert_eq!(all.len(), calls().len() * 2);
    }
}

#[test]
fn a_chunked_body_is_cut_where_a_sized_one_is() {
    let chaos = Chaos::new(44).profile(Profile::Network).percent(100);
    let in_chunks = decided(chaos, &repeated_calls(), None, None);
    assert!(in_chunks == decisions(chaos, &repeated_calls()));
    let in_the_middle = |action: &FaultAction| action.body_bytes().is_some_and(|bytes| bytes > 0);
    assert!(in_chunks.values().any(|(_, action)| in_the_middle(action)));
}

/// Returns the time that a latency fault adds to a body and a response.
fn takes(action: &FaultAction, body: Option<u64>, response: u64) -> Option<Duration> {
    let over = |bytes: u64, rate: u64| Duration::from_millis(bytes * 1000 / rate);
    match action {
        FaultAction::Delay(by) => Some(*by),
        FaultAction::ReadSlowly(rate) => Some(over(body.unwrap_or(u64::MAX / 1000), *rate)),
        FaultAction::RespondSlowly(rate) => Some(over(response, *rate)),
        _ => None,
    }
}

#[test]
fn latency_does_not_grow_with_size() {
    let chaos = Chaos::new(45).profile(Profile::Latency).percent(100);
    // The responses of files, lists and batches have no maximum size.
    let large = (0..100).flat_map(|number| {
        let path = &format!("/acme/{number}");
        let mut stored = call(Operation::Read, Interface::Egress, "", path);
        stored.user = None;
        let listed = call(Operation::List, Interface::JsonRpc, "listFile", path);
        let created = call(Operation::Create, Interface::JsonRpc, "createMultipart", path);
        [stored, listed, created]
    });
    let large: Vec<_> = large.collect();
    let mut kinds = BTreeSet::new();
    for declared in [None, Some(0), Some(100), Some(1 << 16), Some(1 << 20), Some(1 << 32)] {
        let small = repeated_calls();
        for (calls, response) in [(&small, 1000), (&large, 1 << 32)] {
            for (_, action) in decided(chaos, calls, None, declared).into_values() {
                let time = takes(&action, declared, response).unwrap();
                assert!(time <= Duration::from_millis(300), "{action:?} {declared:?} {response}");
                kinds.insert(action.stage());
            }
        }
    }
    assert!(kinds.contains(&Stage::Body) && kinds.contains(&Stage::Response));
}

#[test]
fn max_per_operation_limits_the_attempts_with_faults() {
    for most in 1..=ATTEMPTS {
        let lossy = Chaos::new(5).profile(Profile::Network).percent(100);
        let chaos = lossy.max_per_operation(most);
        let injected = decisions(chaos, &repeated_calls());
        assert!(injected.keys().all(|(_, attempt)| *attempt <= most));
        assert_eq!(injected.len(), calls().len() * most as usize);
    }
}

#[test]
fn percent_is_the_probability_of_a_fault() {
    let all = calls().len() * 2;
    let chaos = Chaos::new(6).profile(Profile::Network);
    let injected = |percent| decisions(chaos.percent(percent), &repeated_calls()).len();
    assert_eq!(injected(100), all);
    let half = injected(50);
    assert!((all * 35 / 100..=all * 65 / 100).contains(&half), "{half} of {all}");
    assert!(injected(1) < injected(10));
    assert!(injected(10) < half && half < injected(90));
}

#[test]
#[should_panic(expected = ".percent(100)")]
fn percent_above_100_is_rejected() {
    let _ = Chaos::new(1).percent(101);
}

/// Returns whether an action belongs to a profile.
fn is_of(profile: Profile, action: &FaultAction) -> bool {
    let says_something = |lose: &ResponseLoss| matches!(lose, ResponseLoss::Status(_));
    let is_ill = match action {
        FaultAction::Reject(_) | FaultAction::RejectAfter(..) => true,
        FaultAction::CommitThen(lose) | FaultAction::Lose(lose) => says_something(lose),
        _ => false,
    };
    let is_slow = matches!(
        action,
        FaultAction::Delay(_) | FaultAction::RespondSlowly(_) | FaultAction::ReadSlowly(_)
    );
    match profile {
        Profile::ServerErrors => is_ill,
        Profile::Latency => is_slow,
        Profile::Network => !is_ill && !is_slow,
        _ => true,
    }
}

#[test]
fn a_profile_gives_only_its_kind_of_faults() {
    for profile in PROFILES {
        let injected = decisions(Chaos::new(7).profile(profile), &repeated_calls());
        assert!(injected.values().all(|(_, action)| is_of(profile, action)), "{injected:#?}");
        let everything = decisions(Chaos::new(7), &repeated_calls());
        assert!(everything.values().any(|(_, action)| is_of(profile, action)));
    }
}

#[test]
fn another_seed_gives_other_decisions() {
    let names = |seed| {
        let decided = decisions(Chaos::new(seed), &repeated_calls());
        decided.into_values().map(|(name, _)| name).collect::<Vec<_>>()
    };
    let different: BTreeSet<_> = (0..50).map(names).collect();
    assert_eq!(different.len(), 50);
    assert_eq!(names(9), names(9));
}

#[test]
fn cuts_are_early_and_late_in_bodies() {
    let chaos = Chaos::new(8).profile(Profile::Network).percent(100);
    let cuts = decisions(chaos, &repeated_calls())
        .into_values()
        .filter_map(|(_, action)| action.body_bytes());
    let cuts: BTreeSet<u64> = cuts.collect();
    assert!(cuts.contains(&0) && cuts.iter().any(|bytes| *bytes > 10_000), "{cuts:?}");
    assert!(cuts.len() > 10 && cuts.iter().all(|bytes| *bytes < 1 << 20), "{cuts:?}");
}

#[test]
fn calls_without_an_operation_get_no_chaos() {
    let nothing = [
        call(Operation::Unmatched, Interface::Http, "/multipart/peice", "/"),
        call(Operation::Preflight, Interface::Http, "/multipart/piece", "/"),
        call(Operation::UnknownMethod, Interface::JsonRpc, "nothing", "/"),
    ];
    for seed in 0..50 {
        assert!(decisions(Chaos::new(seed).percent(100), &nothing).is_empty());
    }
}

#[test]
fn a_request_without_user_and_path_gets_no_chaos() {
    let mut stranger = call(Operation::Piece, Interface::Http, "/multipart/piece", "/");
    (stranger.path, stranger.user, stranger.part) = (None, None, Some(1));
    let ping = Call::new(Operation::Echo, Interface::JsonRpc, "ping");
    assert!(decisions(Chaos::new(1).percent(100), &[stranger, ping]).is_empty());
}

#[test]
fn a_form_is_decided_after_its_path_is_known() {
    let mut faults = Faults::default();
    faults.set_chaos(Chaos::new(2).percent(100), &Journal::default());
    let mut injection = |at, path: Option<&str>| {
        let mut form = call(Operation::PostFile, Interface::Http, "/post/file", "/");
        form.path = path.map(Into::into);
        let there = CallContext {
            at,
            rejected: None,
            declared: Some(1000),
            interim: InterimSupport::Accepted,
        };
        faults.injection(&form, there).map(|injection| injection.fault_ref.name.to_string())
    };
    for attempt in 1..=3 {
        for path in ["/acme/a.txt", "/acme/b.txt"] {
            assert_eq!(injection(Stage::Head, None), None);
            let injected = injection(Stage::Commit, Some(path));
            assert_eq!(injected.is_some(), attempt <= 2);
            let start =
                format!("origin.on(Op::file()).path({path:?}).user(\"jane\").attempt({attempt}).");
            assert!(injected.is_none_or(|sentence| sentence.starts_with(&start)));
        }
    }
}

#[test]
fn a_form_without_a_path_counts_once() {
    let mut faults = Faults::default();
    let second = CallMatcher { attempts: Some(2..=2), ..CallMatcher::new(Op::file()) };
    let fault = Fault::on_call(second, FaultAction::Lose(ResponseLoss::Reset));
    faults.add(fault, None, &Journal::default(), || unreachable!());
    let mut injection = |at| {
        let mut form = call(Operation::PostFile, Interface::Http, "/post/file", "/");
        form.path = None;
        let there = CallContext {
            at,
            rejected: None,
            declared: Some(1000),
            interim: InterimSupport::Accepted,
        };
        faults.injection(&form, there).is_some()
    };
    let injected = [Stage::Head, Stage::Commit, Stage::Head, Stage::Commit].map(&mut injection);
    assert_eq!(injected, [false, false, true, false]);
}

#[test]
fn parts_users_paths_and_attempts_have_own_decisions() {
    let piece = |path: &str, user: &str, part| {
        let mut piece = call(Operation::Piece, Interface::Http, "/multipart/piece", path);
        (piece.user, piece.part) = (Some(user.into()), Some(part));
        piece
    };
    let one = || piece("/acme/a", "jane", 1);
    let others =
        [piece("/acme/a", "jane", 2), piece("/acme/a", "joe", 1), piece("/acme/b", "jane", 1)];
    let is_injected = |seed, calls: &[Call]| {
        let chaos = Chaos::new(seed).percent(50);
        decisions(chaos, calls).values().map(|(_, action)| action.clone()).collect::<Vec<_>>()
    };
    for other in others {
        let differs = (0..64).filter(|seed| {
            is_injected(*seed, &[one()]) != is_injected(*seed, std::slice::from_ref(&other))
        });
        assert!(differs.count() > 16, "{other:?} is decided like {:?}", one());
    }
    let alike = (0..64).filter(|seed| {
        let injected = decisions(Chaos::new(*seed).percent(50), &[one(), one()]);
        let attempts: Vec<_> = injected.keys().map(|(_, attempt)| *attempt).collect();
        attempts.is_empty() || attempts == [1, 2]
    });
    assert!(alike.count() < 48, "both attempts have the same decision");
}

/// If this test changes, every seed behaves differently: `src/fault/decision.rs` needs a new version
/// of the encoding.
#[test]
fn ten_decisions_of_one_seed_are_pinned() {
    let path = "/acme/videos/a.mp4";
    let http = |operation, name| call(operation, Interface::Http, name, path);
    let method = |operation, name| call(operation, Interface::JsonRpc, name, path);
    let piece = |number| {
        let mut piece = http(Operation::Piece, "/multipart/piece");
        piece.part = Some(number);
        piece
    };
    let pathless = |mut call: Call| {
        call.path = None;
        call
    };
    let login = || pathless(http(Operation::Login, "/account/login"));
    let calls = [
        login(),
        login(),
        http(Operation::Create, "/multipart/create"),
        piece(1),
        piece(2),
        piece(2),
        http(Operation::Complete, "/multipart/complete"),
        http(Operation::PostRaw, "/post/raw"),
        method(Operation::Stat, "stat"),
        pathless(method(Operation::CheckToken, "checkToken")),
    ];
    let mut faults = Faults::default();
    faults.set_chaos(Chaos::new(41).percent(100), &Journal::default());
    let decided: Vec<_> = calls
        .iter()
        .map(|call| {
            let at = if call.is_json_rpc() { Stage::Commit } else { Stage::Head };
            let declared = Some(1 << 30);
            let injection = faults.injection(
                call,
                CallContext { at, rejected: None, declared, interim: InterimSupport::Accepted },
            );
            injection.map(|injection| injection.action)
        })
        .collect();
    let pinned = [
        FaultAction::Lose(ResponseLoss::Close),
        FaultAction::CommitThen(ResponseLoss::Status(503)),
        FaultAction::Reject(ErrorResponse::status(500)),
        FaultAction::Lose(ResponseLoss::Close),
        FaultAction::CutResponse(14, Disconnect::Reset),
        FaultAction::CommitThen(ResponseLoss::Status(503)),
        FaultAction::CommitThen(ResponseLoss::Status(503)),
        FaultAction::Reject(ErrorResponse::status(429).retry_after(Duration::ZERO)),
        FaultAction::CommitThen(ResponseLoss::Reset),
        FaultAction::Delay(Duration::from_millis(15)),
    ];
    assert_eq!(decided, pinned.map(Some));
}
