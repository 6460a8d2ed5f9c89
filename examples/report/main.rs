//! Lets a careless client upload two files to an origin with faults, and writes the report of the run.
//!
//! The client sends three pieces at a time. It does not wait for `Retry-After`, completes an upload although
//! a piece was rejected, and leaves another upload behind. `cargo run --features report --example report -- report.html` writes
//! the page; docs/report.png shows it.

use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use mock_origin::{Disconnect, ErrorResponse, MockOrigin, Op, ResponseLoss};
use ureq::Agent;

const PIECES: u32 = 8;
const PIECE_BYTES: usize = 192 * 1024;
const PAUSE: Duration = Duration::from_millis(25);
const TRIES: u32 = 3;

struct Client {
    agent: Agent,
    url: String,
    token: String,
}

impl Client {
    /// Sends a request. Returns its status, and a header of the response; nothing if there is no response.
    fn send(
        &self,
        endpoint: &str,
        headers: &[(&str, &str)],
        body: &[u8],
        wanted: &str,
    ) -> Option<(u16, String)> {
        let request = self.agent.post(format!("{}{endpoint}", self.url));
        let request = request.header("X-Agile-Authorization", &self.token);
        let request =
            headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let response = request.send(body).ok()?;
        let header = response.headers().get(wanted).and_then(|value| value.to_str().ok());
        Some((response.status().as_u16(), header.unwrap_or_default().to_owned()))
    }

    /// Creates an upload and returns its identifier.
    fn create(&self, name: &str) -> String {
        let headers = [("X-Agile-Directory", "/videos"), ("X-Agile-Basename", name)];
        let created = self.send("/multipart/create", &headers, b"", "X-Agile-Multipart");
        created.expect("a response").1
    }

    /// Sends a piece up to three times, and then goes on as if it had been stored.
    fn send_piece(&self, upload: &str, number: u32) {
        let part = number.to_string();
        let headers = [("X-Agile-Multipart", upload), ("X-Agile-Part", &*part)];
        let body = vec![u8::try_from(number).unwrap_or_default(); PIECE_BYTES];
        for _ in 0..TRIES {
            if self.send("/multipart/piece", &headers, &body, "").is_some_and(|it| it.0 == 200) {
                return;
            }
            thread::sleep(PAUSE);
        }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "report.html".to_owned());
    let origin = MockOrigin::builder().directory("/videos").seed(7).verify_on_drop(false).start();
    origin.set_run_command("cargo run --features report --example report -- report.html");
    let busy = || ErrorResponse::status(503).retry_after(Duration::from_secs(1));
    origin.on(Op::piece(2)).attempt(1).reject(busy());
    origin.on(Op::complete()).attempt(1).reject(busy());
    origin.on(Op::piece(3)).attempt(1).commit_then(ResponseLoss::Reset);
    origin.on(Op::piece(4)).attempt(1).delay(Duration::from_millis(60));
    origin.on(Op::piece(6)).attempt(1).cut_after(100_000, Disconnect::Reset);
    origin.on(Op::piece(PIECES)).always().reject(500);

    let agent = Agent::config_builder().http_status_as_error(false).proxy(None).build().new_agent();
    let client = Client { agent, url: origin.url(), token: String::new() };
    let login = [("X-Agile-Username", "jane"), ("X-Agile-Password", "secret")];
    let (_, token) =
        client.send("/account/login", &login, b"", "X-Agile-Token").expect("a response");
    let client = Client { token, ..client };

    let upload = client.create("movie.mp4");
    let next = AtomicU32::new(1);
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while let Some(number) =
                    Some(next.fetch_add(1, Ordering::Relaxed)).filter(|it| *it <= PIECES)
                {
                    client.send_piece(&upload, number);
                }
            });
        }
    });
    let complete =
        || client.send("/multipart/complete", &[("X-Agile-Multipart", &*upload)], b"", "");
    if complete().is_none_or(|(status, _)| status != 200) {
        thread::sleep(Duration::from_millis(1_050));
        complete();
    }
    let abandoned = client.create("trailer.mp4");
    client.send_piece(&abandoned, 1);

    origin.write_html(&path)?;
    Ok(())
}
