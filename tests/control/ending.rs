//! How the program ends: promptly, whoever reads what it prints, and with a status that says how the
//! run went.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use crate::binary::serve;
use crate::support::{Client, TIMEOUT};

const LOGIN: [(&str, &str); 2] = [("X-Agile-Username", "jane"), ("X-Agile-Password", "secret")];

/// A program that is killed when the test ends, whatever becomes of the test.
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

    /// Sends requests that are each a line on standard error.
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

    /// The status, if it ends in time.
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
        let status = self.status().expect("it ends in time");
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
fn unread_standard_error_blocks_neither_requests_nor_the_end() {
    for signal in ["-TERM", "-INT"] {
        let mut program = Program::start(&mut serve(&[]));
        program.send(1500);
        program.signal(signal);
        let status = program.status().expect("it ends though nobody reads standard error");
        assert_eq!(status.code(), Some(0), "{signal}");
    }
}

#[cfg(unix)]
#[test]
fn a_late_reader_of_standard_error_is_told_how_much_is_missing() {
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
    let dropped = text.lines().find_map(|line| {
        let number = line
            .strip_prefix("mock-origin: ")?
            .strip_suffix(" lines were dropped here: standard error was not read in time")?;
        number.parse::<usize>().ok()
    });
    let logged = text.lines().filter(|line| line.contains("GET /account/login")).count();
    assert_eq!(logged + dropped.expect("lines were dropped"), 4000);
    assert!(text.contains("4000 exchanges on 1 connection, 0 rejected"), "{text}");
}

#[test]
fn exit_with_stdin_ends_when_standard_input_does() {
    let mut command = serve(&["--exit-with-stdin"]);
    let mut program = Program::start(command.stdin(Stdio::piped()));
    let mut input = program.child.stdin.take().unwrap();
    input.write_all(b"what comes is thrown away\n").unwrap();
    program.send(1);
    assert!(program.child.try_wait().unwrap().is_none());
    drop(input);
    assert_eq!(program.output().status.code(), Some(0));
}

#[cfg(unix)]
#[test]
fn exit_with_parent_ends_when_the_parent_does() {
    // The shell says the program's id, waits for a line, and ends.
    let script =
        r#""$0" serve --quiet --exit-with-parent 2>/dev/null & echo $!; exec >&-; read line"#;
    let mut shell = Command::new("sh");
    shell.args(["-c", script, env!("CARGO_BIN_EXE_mock-origin")]);
    let mut shell = shell.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut output = BufReader::new(shell.stdout.take().unwrap());
    // The two write at the same time.
    let (mut one, mut other) = (String::new(), String::new());
    output.read_line(&mut one).unwrap();
    output.read_line(&mut other).unwrap();
    let (url, id) = if one.starts_with("http") { (one, other) } else { (other, one) };
    let login = Client::to(url.trim_end()).send("GET", "/account/login", &LOGIN, b"");
    assert_eq!(login.status, 200);
    drop(shell.stdin.take());
    shell.wait().unwrap();
    // Standard output ends with the last process that has it.
    let (ended, end) = channel();
    thread::spawn(move || ended.send(output.read_to_end(&mut Vec::new())));
    let ends = end.recv_timeout(TIMEOUT).is_ok();
    if !ends {
        let _ = Command::new("kill").args(["-KILL", id.trim_end()]).status();
    }
    assert!(ends, "it outlives its parent");
}

#[cfg(unix)]
#[test]
fn strict_exits_with_1_if_the_verdict_is_bad() {
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
