//! The catalogue of `check` against a closure: one test for each scenario, as a client in Rust is tested.

use std::time::Duration;

use mock_origin::check::{self, ExportKinds, Flavour, Habit, Profile, State, Suite, Target};

use crate::support::http::Connection;

mock_origin::check_tests!(raw_client, Profile::default(), upload);

/// The longest time that the client waits for bytes of a response.
const READ_TIMEOUT: Duration = Duration::from_secs(5);

/// Uploads a file as one raw body, without retries. An error means that the file may not be stored.
fn upload(target: &Target) -> Result<(), String> {
    let credentials =
        [("X-Agile-Username", &*target.user), ("X-Agile-Password", &*target.password)];
    let login = post(target, "/account/login", &credentials, b"")?;
    let token = login.into_iter().find(|(name, _)| name.eq_ignore_ascii_case("X-Agile-Token"));
    let token = token.map(|(_, value)| String::from_utf8_lossy(&value).into_owned());
    let file = std::fs::read(&target.file).map_err(|error| error.to_string())?;
    let (directory, name) = (quoted(&target.directory), quoted(&target.name));
    let headers = [
        ("X-Agile-Authorization", &*token.ok_or("no token")?),
        ("X-Agile-Encoding", "UTF8"),
        ("X-Agile-Directory", &*directory),
        ("X-Agile-Basename", &*name),
    ];
    post(target, "/post/raw", &headers, &file).map(|_| ())
}

type Headers = Vec<(String, Vec<u8>)>;

/// Returns the headers of a response with status 200 and code 0.
fn post(
    target: &Target,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Result<Headers, String> {
    let send = || {
        let mut connection = Connection::to_url(&target.url)?;
        connection.socket().set_read_timeout(Some(READ_TIMEOUT))?;
        let mut head =
            format!("POST {path} HTTP/1.1\r\nHost: origin\r\nContent-Length: {}\r\n", body.len());
        for (name, value) in headers {
            head.extend([name, ": ", value, "\r\n"]);
        }
        connection.write(format!("{head}\r\n").as_bytes())?;
        // A rejected body may break off, and the response is still there.
        let _ = connection.write(body);
        loop {
            // Interim responses precede the final one.
            let head = connection.read_head("POST")?;
            if head.status >= 200 {
                return Ok(head);
            }
        }
    };
    let head = send().map_err(|error: std::io::Error| error.to_string())?;
    let code = head.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("X-Agile-Status"));
    match (head.status, code.map(|(_, value)| &**value)) {
        (200, Some(b"0")) => Ok(head.headers),
        (status, _) => Err(format!("{status} {}", head.reason)),
    }
}

fn quoted(text: &str) -> String {
    let quote = |byte: u8| match byte {
        b'/' | b'-' | b'.' | b'_' => (byte as char).to_string(),
        _ if byte.is_ascii_alphanumeric() => (byte as char).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(quote).collect()
}

#[test]
fn an_honest_closure_passes_the_control_runs() {
    let report = Suite::new(Profile::default()).only("control/*").run(upload).unwrap();
    assert_eq!((report.results.len(), report.count(State::Pass)), (2, 2), "{}", report.to_text());
    let observed = report.observed.unwrap();
    assert_eq!(observed.flavour, Flavour::Raw);
    assert!(observed.habits.contains(&Habit::LogsIn), "{observed}");
}

#[test]
fn nothing_is_measured_after_a_failed_control_run() {
    let fails = |_: &Target| Err::<(), _>("no connection");
    let report = Suite::new(Profile::default()).run(fails).unwrap();
    assert!(report.observed.is_none() && report.not_measured.unwrap().contains("exit status 1"));
    let mut others = report.results.iter().filter(|it| it.scenario.id != "control/plain");
    assert!(others.all(|it| it.state == State::NotMeasured));
}

#[test]
fn a_closure_that_always_succeeds_is_found_lying() {
    let lies = |target: &Target| {
        let _ = upload(target);
        Ok::<(), String>(())
    };
    let report = Suite::new(Profile::default()).only("control/*").run(lies).unwrap();
    let refused = report.results.iter().find(|it| it.scenario.id == "control/refused").unwrap();
    assert_eq!(refused.state, State::Fail, "{}", report.to_text());
    let rules: Vec<_> = refused.findings.iter().map(|it| &*it.rule).collect();
    assert_eq!(rules, ["check.exit_status"]);
    assert_eq!(report.count(State::Pass), 1, "{}", report.to_text());
    assert!(report.cautions[0].contains("judged by its traffic alone"), "{:?}", report.cautions);
}

#[test]
fn the_page_of_a_chaos_run_repeats_its_seed() {
    let mut kinds = ExportKinds::default();
    kinds.html = true;
    let suite = Suite::new(Profile::default()).only("chaos/*").chaos_seeds(3..=3).exports(kinds);
    let report = suite.run(upload).unwrap();
    let chaos = report.results.iter().find(|it| it.scenario.id == "chaos/random").unwrap();
    let page = chaos.exports.html.as_deref().unwrap();
    assert!(page.contains("mock-origin check --only chaos/random --seeds 3..3"), "{page}");
}

#[test]
#[should_panic(expected = "check.lie")]
fn a_scenario_with_a_lie_panics_with_the_report() {
    let lies_on_files = |target: &Target| match upload(target) {
        Err(_) if target.scenario != "control/refused" => Ok(()),
        other => other,
    };
    check::assert_scenario("broken/mid-body", Profile::default(), lies_on_files);
}
