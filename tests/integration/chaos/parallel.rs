//! Tests many parallel uploads under chaos: none is lost, and the run is reproducible.

use mock_origin::{Chaos, MockOrigin, Profile, UploadState};

use crate::chaos::client::Uploader;
use crate::chaos::facts::{assert_same, cut, facts, injected_count, status_requests};
use crate::chaos::replay::{replayed, under_chaos};
use crate::chaos::{pieces, videos};

/// The number of parallel clients.
const WORKERS: u64 = 100;

/// Uploads files by parallel clients, half of them with keep-alive. Each client has its own files, so
/// that the number of logins does not depend on timing.
pub(crate) fn upload_all(origin: &MockOrigin, uploads: u64) {
    let work = |mut client: Uploader, worker: u64| {
        for number in (0..uploads).filter(|number| number % WORKERS == worker) {
            client.upload("/videos", &format!("{number}.mp4"), &pieces(number)).unwrap();
        }
    };
    std::thread::scope(|scope| {
        for worker in 0..WORKERS {
            let client = Uploader::correct(origin);
            let client = if worker % 2 == 0 { client } else { client.without_keep_alive() };
            scope.spawn(move || work(client, worker));
        }
    });
}

/// Asserts that every file exists and was joined once, even if it was created several times.
pub(crate) fn assert_nothing_lost(origin: &MockOrigin, uploads: u64) {
    for number in 0..uploads {
        let content = pieces(number).concat();
        origin.file(&format!("/videos/{number}.mp4")).assert_content(content);
    }
    let all = origin.uploads();
    let joined = all.iter().filter(|upload| upload.state() == UploadState::Success);
    let mut joined: Vec<_> = joined.map(|upload| upload.path().to_owned()).collect();
    joined.sort_unstable();
    joined.dedup();
    assert_eq!(joined.len() as u64, uploads);
    // Other uploads are those whose create response was lost.
    let is_known = |state| matches!(state, UploadState::New | UploadState::Success);
    assert!(all.iter().all(|upload| is_known(upload.state())));
}

/// Returns the reproducible facts of a run.
fn run(chaos: Chaos, uploads: u64) -> Vec<String> {
    let origin = videos().seed(1).start();
    origin.chaos(chaos);
    upload_all(&origin, uploads);
    assert_nothing_lost(&origin, uploads);
    let facts = facts(&origin);
    assert!(
        injected_count(&origin) as u64 > uploads,
        "chaos injected {} only",
        injected_count(&origin)
    );
    assert!(status_requests(&origin) > 0 && cut(&origin) > 0);
    origin.finish();
    facts
}

fn assert_the_same_twice(profile: Profile) {
    let chaos = Chaos::new(41).profile(profile).max_per_operation(2);
    assert_same(&run(chaos, 1000), &run(chaos, 1000));
}

#[test]
fn a_thousand_uploads_survive_all_chaos_reproducibly() {
    assert_the_same_twice(Profile::All);
}

#[test]
fn a_thousand_uploads_survive_network_chaos_reproducibly() {
    assert_the_same_twice(Profile::Network);
}

#[test]
fn parallel_pieces_have_separate_attempts() {
    let upload = |origin: &MockOrigin| {
        for number in 0..20 {
            let mut client = Uploader::correct(origin);
            client.upload_at_once("/videos", &format!("{number}.mp4"), &pieces(number)).unwrap();
        }
        assert_nothing_lost(origin, 20);
    };
    let chaos = Chaos::new(12).percent(70);
    let (faults, once) = under_chaos(chaos, upload);
    assert_same(&once, &under_chaos(chaos, upload).1);
    assert_same(&once, &replayed(&faults, Clone::clone, upload));
}
