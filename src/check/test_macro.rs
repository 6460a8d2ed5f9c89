//! The macro that makes a test of each scenario. Start with [`check_tests`](crate::check_tests).

use crate::wording::unknown;

use super::{Profile, State, Suite, Target, scenarios};

/// Defines a module with one test for each scenario of the catalogue. A test fails if the verdict on its scenario is
/// [`State::Fail`], or [`State::Error`]; it prints every other verdict than a pass.
///
/// The arguments are the name of the module, an expression for the [`Profile`], and the client: a function
/// `fn(&Target) -> Result<(), E>` that uploads `target.file`.
///
/// ```
/// use mock_origin::check::{Feature, Profile, Target};
///
/// fn upload(target: &Target) -> Result<(), String> {
///     // Call the client under test with `target.url`, `target.path` and `target.file` here.
///     Err(format!("cannot reach {}", target.url))
/// }
///
/// fn profile() -> Profile {
///     Profile::default().claim(Feature::Retries)
/// }
///
/// mock_origin::check_tests!(conformance, profile(), upload);
/// ```
#[macro_export]
macro_rules! check_tests {
    ($module:ident, $profile:expr, $client:expr) => {
        $crate::check_tests! { @tests $module $profile, $client;
            control_plain: "control/plain";
            control_refused: "control/refused";
            content_empty: "content/empty";
            content_one_byte: "content/one-byte";
            content_exact_multiple: "content/exact-multiple";
            content_one_over: "content/one-over";
            content_changes: "content/changes";
            content_grows: "content/grows";
            content_too_many_pieces: "content/too-many-pieces";
            names_reserved: "names/reserved";
            names_unicode: "names/unicode";
            names_decomposed: "names/decomposed";
            names_repeated_segment: "names/repeated-segment";
            names_parents_missing: "names/parents-missing";
            names_overwrite: "names/overwrite";
            names_is_directory: "names/is-directory";
            lost_login: "lost/login";
            lost_create: "lost/create";
            lost_piece: "lost/piece";
            lost_last_piece: "lost/last-piece";
            lost_complete: "lost/complete";
            lost_file: "lost/file";
            lost_request: "lost/request";
            lost_status_500: "lost/status-500";
            lost_complete_504: "lost/complete-504";
            broken_mid_body: "broken/mid-body";
            broken_mid_response: "broken/mid-response";
            broken_at_accept: "broken/at-accept";
            broken_idle_close: "broken/idle-close";
            broken_stall: "broken/stall";
            broken_silence: "broken/silence";
            broken_no_response: "broken/no-response";
            broken_slow_request: "broken/slow-request";
            broken_slow_response: "broken/slow-response";
            broken_no_continue: "broken/no-continue";
            broken_offline: "broken/offline";
            ill_retry_after: "ill/retry-after";
            ill_retry_after_date: "ill/retry-after-date";
            ill_proxy_page: "ill/proxy-page";
            ill_rate_limit: "ill/rate-limit";
            ill_too_many_requests: "ill/too-many-requests";
            ill_lock_expired: "ill/lock-expired";
            ill_early_refusal: "ill/early-refusal";
            ill_disk_full: "ill/disk-full";
            ill_endless: "ill/endless";
            ill_permanent: "ill/permanent";
            responses_wrong_checksum: "responses/wrong-checksum";
            responses_wrong_checksum_always: "responses/wrong-checksum-always";
            responses_upper_case_checksum: "responses/upper-case-checksum";
            responses_wrong_size: "responses/wrong-size";
            responses_code_in_200: "responses/code-in-200";
            responses_no_token: "responses/no-token";
            responses_no_upload_id: "responses/no-upload-id";
            responses_no_code: "responses/no-code";
            responses_garbage: "responses/garbage";
            responses_interim: "responses/interim";
            token_dies_mid_upload: "token/dies-mid-upload";
            token_rejected: "token/rejected";
            token_dies_for_good: "token/dies-for-good";
            others_aborted: "others/aborted";
            others_expired: "others/expired";
            others_zombie_piece: "others/zombie-piece";
            others_stale_status: "others/stale-status";
            join_later: "join/later";
            join_fails: "join/fails";
            join_never: "join/never";
            process_killed: "process/killed";
            process_terminated: "process/terminated";
            chaos_random: "chaos/random";
        }
    };
    (@tests $module:ident $profile:expr, $client:expr; $($test:ident: $id:literal;)*) => {
        #[cfg(test)]
        mod $module {
            #[allow(unused_imports)]
            use super::*;

            $(
                #[test]
                fn $test() {
                    $crate::check::assert_scenario($id, $profile, $client);
                }
            )*
        }
    };
}

/// Runs one scenario against a closure, after the control runs.
///
/// ```should_panic
/// use mock_origin::check::{self, Profile, Target};
///
/// # fn upload(_: &Target) -> Result<(), String> { Err("not implemented".to_owned()) }
/// check::assert_scenario("lost/piece", Profile::default(), upload);
/// ```
///
/// # Panics
///
/// If the verdict on the scenario is [`State::Fail`] or [`State::Error`], or the control run failed: the message is
/// the report. If the catalogue does not have the scenario.
#[track_caller]
// A verdict that is neither a failure nor a pass must not be silent.
#[allow(clippy::print_stderr)]
pub fn assert_scenario<E: std::fmt::Display>(
    id: &str,
    profile: Profile,
    client: impl Fn(&Target) -> Result<(), E> + Send + Sync + 'static,
) {
    let ids: Vec<_> = scenarios().map(|scenario| scenario.id).collect();
    assert!(ids.contains(&id), "{}", unknown("scenario", id, &ids));
    let report = match Suite::new(profile).only(id).run(client) {
        Ok(report) => report,
        Err(error) => panic!("{error:#}: check::assert_scenario({id:?}, ..)"),
    };
    let (mut has_failed, mut lines) = (report.not_measured.is_some(), String::new());
    for result in report.results.iter().filter(|it| it.scenario.id == id) {
        has_failed |= matches!(result.state, State::Fail | State::Error);
        if result.state != State::Pass {
            lines += &(result.to_line() + "\n");
        }
    }
    assert!(!has_failed, "{}", report.to_text());
    eprint!("{lines}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ids_of_scenarios_are_accepted() {
        for id in ["lost/pieces", "lost/*"] {
            let run = || assert_scenario(id, Profile::default(), |_| Err("not to be called"));
            let panic = std::panic::catch_unwind(run).err();
            let text = panic.and_then(|panic| panic.downcast::<String>().ok()).unwrap_or_default();
            assert!(text.starts_with(&format!("unknown scenario `{id}`; ")), "{text}");
        }
    }

    #[test]
    fn the_macro_has_a_test_for_each_scenario() {
        let listed = include_str!("test_macro.rs").lines().filter_map(|line| {
            let (name, id) = line.trim().strip_suffix("\";")?.split_once(": \"")?;
            assert_eq!(name, id.replace(['/', '-'], "_"));
            Some(id)
        });
        let known: Vec<_> = scenarios().map(|scenario| scenario.id).collect();
        assert_eq!(listed.collect::<Vec<_>>(), known);
    }
}
