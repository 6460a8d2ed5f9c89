//! How `mock-origin serve` ends: signals, standard input, its parent, and the exit status.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use crate::binary::serve;
use crate::support::{Client, TIMEOUT, complete, create};

const LOGIN: [(&str, &str); 2] = [("X-Agile-Username", "jane"), ("X-Agile-Password", "secret")];

/// A running program, killed on drop so that a failed test leaves no process.
struct Program {
    child: Child,
    url: String,
}

impl Program {
    fn start(command: &mut Command) -> Self {
        let mut child = command.spawn().unwrap();
        let mut url = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut url).unwrap();
        Self { child, url: url.trim_end().to_owned() }
    }

    /// Sends requests; the program logs one line on standard error for each.
    fn send(&self, requests: usize) {
        let mut client = Client::to(&self.url);
        for _ in 0..requests {
            assert_eq!(client.send("GET", "/account/login", &LOGIN, b"").status, 200);
        }
    }

    #[cfg(unix)]
    fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
    }

    /// Waits for the exit status; `None` if the program does not exit in time.
    fn status(&mut self) -> Option<ExitStatus> {
        let deadline = Instant::now() + TIMEOUT;
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait().unwrap() {
                return Some(status);
            }
            thread::sleep(Duration::from_millis(5));
        }
        None
    }

    fn output(mut self) -> Output {
        let status = self.status().expect("the program exits in time");
        let mut stderr = Vec::new();
        self.child.stderr.take().unwrap().read_to_end(&mut stderr).unwrap();
        Output { status, stdout: Vec::new(), stderr }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(unix)]
#[test]
fn unread_stderr_blocks_neither_requests_nor_exit() {
    for signal in ["-TERM", "-INT"] {
        let mut program = Program::start(&mut serve(&[]));
        program.send(1500);
        program.signal(signal);
        let status =
            program.status().expect("the program exits although standard error is not read");
        assert_eq!(status.code(), Some(0), "{signal}");
    }
}

#[cfg(unix)]
#[test]
fn the_log_counts_lines_dropped_from_unread_stderr() {
    let mut program = Program::start(&mut serve(&[]));
    program.send(4000);
    let mut stderr = program.child.stderr.take().unwrap();
    let reader = thread::spawn(move || {
        let mut text = String::new();
        stderr.read_to_string(&mut text).map(|_| text)
    });
    program.signal("-TERM");
    assert_eq!(program.status().and_then(|status| status.code()), Some(0));
    let text = reader.join().unwrap().unwrap();
    // A reader that falls behind again loses lines at more than one place.
    let dropped = text.lines().filter_map(|line| {
        let (number, rest) = line.strip_prefix("mock-origin: ")?.split_once(' ')?;
        let is_count = rest.ends_with(" dropped here: standard error was not read in time");
        is_count.then(|| number.parse::<usize>().unwrap())
    });
    let dropped = dropped.sum::<usize>();
    let logged = text.lines().filter(|line| line.ends_with("200 OK")).count();
    assert!(dropped > 0, "{text}");
    assert_eq!(logged + dropped, 4000);
    assert!(text.contains("4000 exchanges on 1 connection, 0 rejected"), "{text}");
}

#[test]
fn exit_with_stdin_exits_when_stdin_is_closed() {
    let mut command = serve(&["--exit-with-stdin"]);
    let mut program = Program::start(command.stdin(Stdio::piped()));
    let mut input = program.child.stdin.take().unwrap();
    input.write_all(b"ignored\n").unwrap();
    program.send(1);
    assert!(program.child.try_wait().unwrap().is_none());
    drop(input);
    assert_eq!(program.output().status.code(), Some(0));
}

#[cfg(unix)]
#[test]
fn exit_with_parent_exits_when_the_parent_exits() {
    // The shell prints the id of the program, waits for a line and exits.
    let script =
        r#""$0" serve --quiet --exit-with-parent 2>/dev/null & echo $!; exec >&-; read line"#;
    let mut shell = Command::new("sh");
    shell.args(["-c", script, env!("CARGO_BIN_EXE_mock-origin")]);
    let mut shell = shell.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut output = BufReader::new(shell.stdout.take().unwrap());
    // The shell and the program print in any order.
    let (mut one, mut other) = (String::new(), String::new());
    output.read_line(&mut one).unwrap();
    output.read_line(&mut other).unwrap();
    let (url, id) = if one.starts_with("http") { (one, other) } else { (other, one) };
    let login = Client::to(url.trim_end()).send("GET", "/account/login", &LOGIN, b"");
    assert_eq!(login.status, 200);
    drop(shell.stdin.take());
    shell.wait().unwrap();
    // The pipe ends when the last process that holds it exits.
    let (ended, end) = channel();
    thread::spawn(move || ended.send(output.read_to_end(&mut Vec::new())));
    let ends = end.recv_timeout(TIMEOUT).is_ok();
    if !ends {
        let _ = Command::new("kill").args(["-KILL", id.trim_end()]).status();
    }
    assert!(ends, "the program outlives its parent");
}

#[cfg(unix)]
#[test]
fn strict_exits_with_1_if_the_verdict_fails() {
    for (options, target, status) in [
        (&["--strict"][..], "/multipart/peice", 1),
        (&["--strict"], "/post/raw", 0),
        (&[], "/multipart/peice", 0),
    ] {
        let program = Program::start(&mut serve(options));
        Client::to(&program.url).send("POST", target, &[], b"");
        program.signal("-TERM");
        let output = program.output();
        assert_eq!(output.status.code(), Some(status), "{options:?} {target} {output:?}");
    }
}

#[cfg(unix)]
#[test]
fn findings_decide_the_status_as_the_options_say() {
    for (options, status, text) in [
        (&[][..], 0, "finding: complete.empty (must): "),
        (&["--fail-on=never"], 0, "finding: complete.empty (must): "),
        (&["--fail-on=must"], 1, "finding: complete.empty (must): "),
        (&["--fail-on=should", "--referee=off"], 1, "finding: complete.empty (must): "),
        (&["--strict"], 1, "complete.empty (must): A client must not"),
        (&["--strict", "--referee=off"], 0, "finding: complete.empty (must): "),
        (&["--strict", "--allow=complete.empty=known"], 0, "1 upload"),
        (&["--strict", "--allow=complete.gap=known"], 1, "never violated: complete.gap"),
    ] {
        let program = Program::start(&mut serve(&[options, &["--dir=/videos"]].concat()));
        let mut client = Client::to(&program.url);
        let login = client.send("GET", "/account/login", &LOGIN, b"");
        let token = login.header("X-Agile-Token").unwrap().to_owned();
        let id = create(&mut client, &token, "/videos", "a.mp4");
        complete(&mut client, &token, &id);
        program.signal("-TERM");
        let output = program.output();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(status), "{options:?} {stderr}");
        assert!(stderr.contains(text), "{options:?} {stderr}");
        let is_allowed = options.contains(&"--allow=complete.empty=known");
        assert_eq!(stderr.contains("complete.empty"), !is_allowed, "{options:?} {stderr}");
    }
}

#[cfg(unix)]
#[test]
fn findings_are_printed_while_the_program_serves() {
    let mut program = Program::start(&mut serve(&["--dir=/videos"]));
    let mut client = Client::to(&program.url);
    let login = client.send("GET", "/account/login", &LOGIN, b"");
    let token = login.header("X-Agile-Token").unwrap().to_owned();
    let id = create(&mut client, &token, "/videos", "a.mp4");
    complete(&mut client, &token, &id);
    // The program is not stopped: without the line, this waits until the test is killed.
    let lines = BufReader::new(program.child.stderr.take().unwrap()).lines();
    let findings = lines.map(|line| line.unwrap()).find(|line| line.starts_with("finding: "));
    assert!(findings.unwrap().starts_with("finding: complete.empty (must): "));
}
