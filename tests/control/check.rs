//! `mock-origin check`: its exit statuses, reports and expectations. The client is this test binary.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Output, Stdio};

use tempfile::TempDir;

use crate::support::Client;

/// The client: uploads the file in one request, and fails unless the origin has accepted it.
#[test]
fn client() {
    if let Some((status, code)) = upload() {
        assert_eq!((status, code.as_deref()), (200, Some("0")));
    }
}

/// A client that does not look at the response to its upload.
#[test]
fn careless_client() {
    upload();
}

/// If this process is a client, uploads the file and returns the status and the result code of the response.
fn upload() -> Option<(u16, Option<String>)> {
    let url = env::var("MOCK_ORIGIN_URL").ok()?;
    let value = |name: &str| env::var(format!("MOCK_ORIGIN_{name}")).unwrap();
    let (user, password) = (value("USER"), value("PASSWORD"));
    let credentials = [("X-Agile-Username", &*user), ("X-Agile-Password", &*password)];
    let mut origin = Client::to(&url);
    let login = origin.send("POST", "/account/login", &credentials, b"");
    let token = login.header("X-Agile-Token").unwrap().to_owned();
    let (directory, name) = (value("DIRECTORY"), value("NAME"));
    let headers = [
        ("X-Agile-Authorization", &*token),
        ("X-Agile-Directory", &*directory),
        ("X-Agile-Basename", &*name),
    ];
    let response = origin.send("POST", "/post/raw", &headers, &fs::read(value("FILE")).unwrap());
    Some((response.status, response.header("X-Agile-Status").map(str::to_owned)))
}

/// A folder for the files and the scratch folders of a run.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        fs::create_dir(folder.path().join("tmp")).unwrap();
        Self(folder)
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    fn command(&self, options: &[&str], client: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mock-origin"));
        command.arg("check").args(options).arg("--").args(client).stdin(Stdio::null());
        command.env("TMPDIR", self.path("tmp")).env_remove("GITHUB_ACTIONS");
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs the suite against the client of this file. Nothing is left in the folder for temporary files.
    #[track_caller]
    fn check(&self, options: &[&str]) -> Run {
        let client = env::current_exe().unwrap();
        self.run(options, &[client.to_str().unwrap(), "check::client", "--exact"])
    }

    #[track_caller]
    fn run(&self, options: &[&str], client: &[&str]) -> Run {
        Run::new(&self.command(options, client).output().unwrap(), self)
    }
}

/// The exit status and the outputs of a run.
struct Run {
    status: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Run {
    #[track_caller]
    fn new(output: &Output, folder: &Folder) -> Self {
        let left: Vec<_> = fs::read_dir(folder.path("tmp")).unwrap().collect();
        assert!(left.is_empty(), "{left:?}");
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
        Self { status: output.status.code(), stdout, stderr }
    }

    #[track_caller]
    fn assert(&self, status: i32, stderr: &str) {
        let found = (self.status, self.stderr.as_str());
        assert_eq!(found, (Some(status), stderr), "{}", self.stdout);
    }
}

#[test]
fn a_client_that_passes_ends_with_0() {
    let folder = Folder::new();
    let run = folder.check(&["--only=content/one-byte", "--color=never"]);
    run.assert(0, "");
    assert!(run.stdout.contains("\nno failure: 3 runs, 3 pass in "), "{}", run.stdout);
    assert!(run.stdout.starts_with("mock-origin check -- /"), "{}", run.stdout);
}

#[test]
fn failures_end_with_1_unless_they_are_expected() {
    let folder = Folder::new();
    let run = folder.check(&["--only=lost/file", "--strict"]);
    run.assert(1, "");
    for text in [
        "\nwarn lost/file: The file is stored, but the response is lost.",
        "    fault: origin.on(Op::raw()).attempt(1).commit_then(ResponseLoss::Close)\n",
        "  check.false_alarm (should): ",
        "    because: the client said: exit status 101\n",
        "\n    mock-origin check --only lost/file --seed 1 -- ",
        "\n    mock-origin serve --dir /videos --seed 1 --faults lost-file.toml\n",
        "\n      commit_then = \"close\"\n",
        "\nfailed: 3 runs, 2 pass, 1 warn in ",
    ] {
        assert!(run.stdout.contains(text), "{text}: {}", run.stdout);
    }
    let known = folder.path("known.txt");
    fs::write(&known, "# Known.\nlost/request:check.lie\n").unwrap();
    let expect = ["--only=lost/file", "--strict", "--quiet", "--expect", &*known];
    let run = folder.check(&expect);
    run.assert(1, "");
    assert!(run.stdout.contains("lost/request:check.lie: the scenario was not run\n"));
    fs::write(&known, "# Known.\ncontrol/plain:check.lie\n").unwrap();
    folder
        .check(&[&expect[..], &["--fix-expect"]].concat())
        .assert(0, &format!("mock-origin: {known} was rewritten\n"));
    let entry = "lost/file:check.false_alarm  # A client should not report failure if the file is stored as it was sent.\n";
    assert_eq!(folder.read("known.txt"), format!("# Known.\n{entry}"));
    let run = folder.check(&expect);
    run.assert(0, "");
    assert!(run.stdout.contains("Expected findings:\n  check.false_alarm (should): lost/file\n"));
}

#[test]
fn all_reports_are_written() {
    let folder = Folder::new();
    let files = ["r.xml", "r.html", "r.json", "r.md", "har", "trace"].map(|name| folder.path(name));
    let [junit, html, json, markdown, har, trace] = &files;
    let client = env::current_exe().unwrap();
    let options = ["--junit", junit, "--html", html, "--json", json, "--md", markdown];
    let options =
        [&options[..], &["--har", har, "--trace", trace, "-q", "--only=lost/file"]].concat();
    let mut command =
        folder.command(&options, &[client.to_str().unwrap(), "check::client", "--exact"]);
    command.env("GITHUB_ACTIONS", "true");
    let run = Run::new(&command.output().unwrap(), &folder);
    run.assert(0, "");
    assert!(
        run.stdout.contains("\n::warning title=lost/file::check.false_alarm: "),
        "{}",
        run.stdout
    );
    let report: serde_json::Value = serde_json::from_str(&folder.read("r.json")).unwrap();
    assert_eq!(report["results"][2]["scenario"], "lost/file");
    assert!(folder.read("r.xml").contains("name=\"lost/file\""));
    assert!(folder.read("r.md").contains("| warn | `lost/file` |"));
    assert!(folder.read("r.html").contains("href=\"./r.d/lost-file.html\""));
    assert!(folder.read("r.d/lost-file.html").starts_with("<!doctype html>"));
    for name in ["har/lost-file.har", "trace/lost-file.trace.json"] {
        serde_json::from_str::<serde_json::Value>(&folder.read(name)).unwrap();
    }
}

#[test]
fn what_cannot_be_measured_ends_with_3() {
    let folder = Folder::new();
    let run = folder.run(&["--color=never"], &["true"]);
    run.assert(3, "");
    assert!(run.stdout.contains("\nfail control/plain: Nothing goes wrong."), "{}", run.stdout);
    assert!(run.stdout.contains("\nNothing else was measured:\n"), "{}", run.stdout);
    assert!(run.stdout.lines().count() < 40, "{}", run.stdout);
    let run = folder.run(&[], &["/nowhere/client"]);
    let why = "mock-origin: cannot run `/nowhere/client`: No such file or directory (os error 2)\n";
    run.assert(3, why);
    let report = folder.path("none/r.xml");
    let run = folder.check(&["--junit", &report]);
    run.assert(3, &format!("mock-origin: {report}: No such file or directory (os error 2)\n"));
}

#[cfg(target_os = "linux")]
#[test]
fn a_report_that_does_not_fit_ends_with_3() {
    let folder = Folder::new();
    let run = folder.check(&["--only=content/empty", "--json=/dev/full"]);
    run.assert(3, "mock-origin: /dev/full: No space left on device (os error 28)\n");
    assert!(run.stdout.contains("\nno failure: "), "{}", run.stdout);

    let client = env::current_exe().unwrap();
    let client = [client.to_str().unwrap(), "check::client", "--exact"];
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let mut command = folder.command(&["--only=content/empty"], &client);
    let run = Run::new(&command.stdout(full).output().unwrap(), &folder);
    run.assert(3, "mock-origin: standard output: No space left on device (os error 28)\n");
}

#[test]
fn invalid_input_ends_with_2() {
    let folder = Folder::new();
    let (profile, known) = (folder.path("profile.toml"), folder.path("known.txt"));
    let options = folder.path("options.toml");
    fs::write(&options, "[options]\nlegacy = \"on\"\n").unwrap();
    fs::write(&profile, "flavour = \"raw\"\nretires = true\n").unwrap();
    fs::write(&known, "lost/file\n").unwrap();
    for (options, error) in [
        (["--profile", &*profile], format!("{profile}:2: unknown key `retires`")),
        (["--profile", &*options], format!("{options}: unknown option `legacy`; known: ")),
        (
            ["--expect", &*known],
            format!("{known}:1: invalid entry `lost/file`; expected SCENARIO:RULE"),
        ),
        (["--expect", "/nowhere"], "/nowhere: No such file or directory (os error 2)".to_owned()),
        (["--only", "lots/*"], "no scenario matches `lots/*`; known: lost/login".to_owned()),
    ] {
        let run = folder.run(&options, &["true", "{url}"]);
        assert_eq!((run.status, run.stdout.as_str()), (Some(2), ""), "{}", run.stderr);
        assert!(run.stderr.starts_with(&format!("mock-origin: {error}")), "{}", run.stderr);
        assert_eq!(run.stderr.lines().count(), 1, "{}", run.stderr);
    }
    let run = folder.run(&[], &["true", "{ulr}"]);
    assert_eq!(run.status, Some(2));
    assert!(run.stderr.contains("{ulr}; did you mean {url}?"), "{}", run.stderr);
}

#[test]
fn a_profile_is_printed_and_read() {
    let folder = Folder::new();
    let run = folder.check(&["--print-profile"]);
    run.assert(0, "");
    assert!(run.stdout.contains("flavour = \"raw\"\n"), "{}", run.stdout);
    let profile = folder.path("profile.toml");
    fs::write(&profile, &run.stdout).unwrap();
    let mut command = folder.command(&["--profile", &profile, "--only=content/empty"], &[]);
    Run::new(&command.output().unwrap(), &folder).assert(0, "");
}

/// Starts a suite with a client that never ends, waits until the client runs, and returns its process id too.
#[cfg(unix)]
fn hanging(folder: &Folder) -> (Child, String) {
    let (started, ready) = (folder.path("started"), folder.path("ready"));
    let write_pid = format!("echo $$ > {started}; mv {started} {ready}");
    let script = format!("trap '' TERM; {write_pid}; while :; do sleep 1; done");
    let child = folder.command(&["--color=never"], &["sh", "-c", &script]).spawn().unwrap();
    let deadline = std::time::Instant::now() + crate::support::TIMEOUT;
    while !fs::exists(&ready).unwrap() {
        assert!(std::time::Instant::now() < deadline, "the client does not start");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    (child, folder.read("ready").trim().to_owned())
}

/// `timeout` sends its signal twice: to the program and to its process group.
#[cfg(unix)]
#[test]
fn an_interruption_ends_with_130_and_leaves_nothing() {
    for signals in ["kill -INT $0", "kill -INT $0; kill -TERM $0"] {
        let folder = Folder::new();
        let (child, client) = hanging(&folder);
        let send = |script: &str, pid: &str| {
            Command::new("sh").args(["-c", script, pid]).stderr(Stdio::null()).status().unwrap()
        };
        assert!(send(signals, &child.id().to_string()).success());
        let run = Run::new(&child.wait_with_output().unwrap(), &folder);
        run.assert(130, "");
        assert!(run.stdout.contains("\ninterrupted: "), "{}", run.stdout);
        assert!(!send("kill -0 $0", &client).success(), "the client is still running");
    }
}

#[test]
fn kept_folders_are_named() {
    let folder = Folder::new();
    let client = env::current_exe().unwrap();
    let client = [client.to_str().unwrap(), "check::client", "--exact"];
    let options = ["--keep", "--quiet", "--only=content/empty"];
    let output = folder.command(&options, &client).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let kept = text.split_once("Kept folders:\n  ").and_then(|(_, rest)| rest.lines().next());
    let runs = fs::read_dir(kept.expect("the folder is named")).unwrap();
    let names: Vec<_> = runs.map(|run| run.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(names.len(), 3, "{names:?}");
    assert!(names.iter().any(|name| name.starts_with("content-empty-")), "{names:?}");
}

/// A reader of the results that closes its end early changes neither the verdict nor the exit status.
#[test]
fn a_closed_output_ends_quietly() {
    let folder = Folder::new();
    let client = env::current_exe().unwrap();
    let client = [client.to_str().unwrap(), "check::client", "--exact"];
    let mut child = folder.command(&["-v", "--only=content/*"], &client).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.starts_with("pass          control/plain ("), "{line}");
    Run::new(&child.wait_with_output().unwrap(), &folder).assert(0, "");
}

/// The README copies this failure.
#[test]
fn a_careless_client_is_caught_lying() {
    let folder = Folder::new();
    let client = env::current_exe().unwrap();
    let client = [client.to_str().unwrap(), "check::careless_client", "--exact"];
    let run = folder.run(&["--only=ill/retry-after", "--color=never"], &client);
    run.assert(1, "");
    let from = run.stdout.find("fail ill/retry-after").expect("the client lies");
    let failure = run.stdout[from..].split("\n\nFindings:").next().unwrap();
    let failure = failure.replace(&client.join(" "), "./my-client {url} {file}");
    let lines = failure.lines().filter(|line| !line.contains("stdout |")).map(without_times);
    let failure = lines.collect::<Vec<_>>().join("\n") + "\n";
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/check/lie.txt");
    if env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(golden, &failure).unwrap();
    }
    assert_eq!(failure, fs::read_to_string(golden).unwrap_or_default());
}

/// The printed commands fail the same client in the same way. `fixtures/check/lie.txt` shows them.
#[cfg(unix)]
#[test]
fn printed_commands_show_a_failure_again() {
    let folder = Folder::new();
    let client = env::current_exe().unwrap();
    let client = [client.to_str().unwrap(), "check::careless_client", "--exact"];
    let run = folder.run(&["--only=ill/retry-after", "--color=never", "--seed=7"], &client);
    run.assert(1, "");
    let printed = |start: &str| {
        let line = run.stdout.lines().map(str::trim).find(|line| line.starts_with(start)).unwrap();
        let arguments = line.strip_prefix("mock-origin").unwrap();
        let script = format!("exec {}{arguments}", env!("CARGO_BIN_EXE_mock-origin"));
        let mut command = Command::new("sh");
        command.args(["-c", &script]).current_dir(&folder.0).env("TMPDIR", folder.path("tmp"));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    };

    let again = printed("mock-origin check --only").output().unwrap();
    assert_eq!(again.status.code(), Some(1));
    let text = String::from_utf8(again.stdout).unwrap();
    assert!(text.contains("\n  check.lie (must): "), "{text}");

    let (_, faults) = run.stdout.split_once("with this file of faults:\n").unwrap();
    let (faults, _) = faults.split_once("    in a test:\n").unwrap();
    fs::write(folder.path("ill-retry-after.toml"), faults).unwrap();
    let file = folder.path("film.mp4");
    fs::write(&file, "film").unwrap();
    let mut served = printed("mock-origin serve").spawn().unwrap();
    let mut url = String::new();
    BufReader::new(served.stdout.take().unwrap()).read_line(&mut url).unwrap();
    let mut careless = Command::new(client[0]);
    careless.args(&client[1..]).env("MOCK_ORIGIN_URL", url.trim()).env("MOCK_ORIGIN_FILE", file);
    careless.envs([("MOCK_ORIGIN_USER", "jane"), ("MOCK_ORIGIN_PASSWORD", "secret")]);
    careless.envs([("MOCK_ORIGIN_DIRECTORY", "/videos"), ("MOCK_ORIGIN_NAME", "film.mp4")]);
    let said = careless.output().unwrap();
    assert!(said.status.success(), "{said:?}");
    let log = String::from_utf8(crate::binary::terminate(served).stderr).unwrap();
    assert!(log.contains("POST /post/raw of /acme/videos/film.mp4"), "{log}");
    assert!(log.contains("503 -22 disk full"), "{log}");
}

/// Returns a line with the same time in place of each.
fn without_times(line: &str) -> String {
    let is_time =
        |word: &str| word.contains('.') && !word.ends_with('.') && word.parse::<f64>().is_ok();
    let words = line.split(' ').map(|word| if is_time(word) { "0.01" } else { word });
    words.collect::<Vec<_>>().join(" ")
}
