//! One login, and requests that are repeated with growing pauses until they succeed, are rejected for good, or the
//! patience of the client ends.

use std::fmt;
use std::time::{Duration, Instant};

use serde_json::json;

use super::args::{Args, Flavour};
use super::message::{Call, Meaning, Reply};
use super::mistake::Mistake;
use super::stop;
use super::wire::Wire;

/// The maximum number of tries of one request.
const TRIES: u32 = 8;
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// What the client does to clean up after a failure is tried less often, and within this time.
const LAST_TRIES: u32 = 3;
const LAST_PATIENCE: Duration = Duration::from_secs(4);

/// Why the file is not stored, or not known to be.
#[derive(Debug)]
pub(super) enum Failure {
    /// A signal has arrived.
    Stopped,
    /// The origin rejected a request for good.
    Rejected { code: Option<i64>, text: String },
    /// All tries failed, or the time is over.
    NoSuccess(String),
    /// The upload was aborted, has expired or failed. Another one may succeed.
    Over(String),
    /// The file cannot be read.
    File(std::io::Error),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stopped => write!(f, "stopped by a signal"),
            Self::Rejected { text, .. } | Self::NoSuccess(text) | Self::Over(text) => {
                write!(f, "{text}")
            }
            Self::File(error) => write!(f, "{error}"),
        }
    }
}

/// A logged-in user.
pub(super) struct Session {
    pub(super) wire: Wire,
    pub(super) host: String,
    user: String,
    password: String,
    flavour: Flavour,
    mistake: Option<&'static Mistake>,
    pub(super) token: Option<String>,
    pub(super) tries: u32,
    /// When the patience ends.
    deadline: Instant,
}

impl Session {
    pub(super) fn new(args: &Args, host: &str) -> Self {
        let mut session = Self {
            wire: Wire::new(host, args.timeout),
            host: host.to_owned(),
            user: args.user.clone(),
            password: args.password.clone(),
            flavour: args.flavour,
            mistake: args.mistake,
            token: None,
            tries: TRIES,
            deadline: Instant::now() + args.patience,
        };
        session.tries = match args.mistake.map(|row| row.id) {
            Some("retry.none") => 1,
            Some("retry.unbounded") => 30,
            _ => TRIES,
        };
        if session.makes("secret.plain") {
            "upload.example.com".clone_into(&mut session.host);
        }
        session
    }

    /// Returns whether the client makes this mistake.
    pub(super) fn makes(&self, id: &str) -> bool {
        self.mistake.is_some_and(|row| row.id == id)
    }

    /// Returns whether there is time for another request after a pause.
    pub(super) fn has_time_after(&self, pause: Duration) -> bool {
        Instant::now() + pause < self.deadline
    }

    /// From now on only a few tries are made, although a signal may have arrived.
    pub(super) fn wind_up(&mut self) {
        self.wire.ignores_signals = true;
        self.tries = LAST_TRIES;
        self.deadline = Instant::now() + LAST_PATIENCE;
    }

    /// Repeats a request with a token. `make` makes it for each try, counted from 0, and `check` says what the response
    /// lacks.
    pub(super) fn call(
        &mut self,
        mut make: impl FnMut(u32) -> Result<Call, Failure>,
        check: impl Fn(&Reply) -> Result<(), String>,
    ) -> Result<Reply, Failure> {
        self.repeat(
            |session, attempt| {
                let call = make(attempt)?;
                if session.token.is_none() {
                    session.log_in()?;
                }
                Ok(call)
            },
            check,
        )
    }

    /// Calls a JSON-RPC method with the token.
    pub(super) fn method(
        &mut self,
        name: &'static str,
        params: &[serde_json::Value],
    ) -> Result<serde_json::Value, Failure> {
        let make = |_| Ok(Call::Method { name, params: params.to_vec() });
        self.call(make, |_| Ok(())).map(|reply| reply.result)
    }

    fn log_in(&mut self) -> Result<(), Failure> {
        let (user, password) = (self.user.clone(), self.password.clone());
        let is_rpc = self.flavour == Flavour::Rpc;
        let mut target = "/account/login".to_owned();
        if self.makes("secret.in_target") {
            target = format!("{target}?username={user}&password={password}");
        }
        let make = |_: &mut Self, _| {
            Ok(if is_rpc {
                Call::Method { name: "authenticate", params: vec![json!(user), json!(password)] }
            } else {
                let headers = vec![
                    ("X-Agile-Username", user.clone()),
                    ("X-Agile-Password", password.clone()),
                ];
                Call::Endpoint { target: target.clone().into(), headers, body: Vec::new() }
            })
        };
        let token = |reply: &Reply| match &reply.response {
            Some(response) => response.header("X-Agile-Token").map(str::to_owned),
            None => reply.result["token"].as_str().map(str::to_owned),
        };
        let is_careless = self.makes("ack.header");
        let check = |reply: &Reply| match token(reply) {
            None if !is_careless => Err("the login returned no token".to_owned()),
            _ => Ok(()),
        };
        let reply = self.repeat(make, check)?;
        self.token = Some(token(&reply).unwrap_or_default());
        Ok(())
    }

    /// Ends the session. A failure does not matter: the token expires.
    pub(super) fn log_out(&mut self) {
        if let Some(token) = self.token.take() {
            let call = Call::Method { name: "logout", params: vec![json!(token)] };
            let _ = self.wire.exchange(&call.to_bytes(&self.host, None));
        }
    }

    fn repeat(
        &mut self,
        mut make: impl FnMut(&mut Self, u32) -> Result<Call, Failure>,
        check: impl Fn(&Reply) -> Result<(), String>,
    ) -> Result<Reply, Failure> {
        let (mut pause, mut tries) = (FIRST_PAUSE, self.tries);
        let mut attempt = 0;
        loop {
            let call = make(self, attempt)?;
            let meaning = self.attempt(&call);
            if stop::is_stopped() && !self.wire.ignores_signals {
                return Err(Failure::Stopped);
            }
            let mut wanted = Duration::ZERO;
            let text = match meaning {
                Ok(Meaning::Done(reply)) => match check(&reply) {
                    Ok(()) => {
                        if self.makes("token.storm") {
                            self.token = None;
                        }
                        return Ok(reply);
                    }
                    Err(text) => text,
                },
                Ok(Meaning::Later { text, retry_after, status }) => {
                    let is_early = self.makes("retry.early") || self.makes("rate.ignored");
                    wanted = retry_after.filter(|_| !is_early).unwrap_or_default();
                    if self.makes("retry.flat") && status != 429
                        || self.makes("rate.ignored") && status == 429
                    {
                        pause = Duration::ZERO;
                    }
                    text
                }
                Ok(Meaning::LogIn(text)) => {
                    if !self.makes("token.dead_used") {
                        self.token = None;
                    }
                    text
                }
                Ok(Meaning::Never { status: 400, .. })
                    if self.makes("retry.permanent") && attempt < 2 =>
                {
                    String::new()
                }
                Ok(Meaning::Never { code, text, .. }) => {
                    return Err(Failure::Rejected { code, text });
                }
                Err(error) => format!("{} got no response: {error}", call.name()),
            };
            attempt += 1;
            tries -= 1;
            let wanted = wanted.max(pause);
            if tries == 0 || !self.has_time_after(wanted) {
                let times = if attempt == 1 { "try" } else { "tries" };
                return Err(Failure::NoSuccess(format!("{text} ({attempt} {times})")));
            }
            stop::pause(wanted);
            pause = if self.makes("retry.unbounded") {
                FIRST_PAUSE + FIRST_PAUSE / 5
            } else {
                (pause * 2).min(LONGEST_PAUSE)
            };
        }
    }

    fn attempt(&mut self, call: &Call) -> std::io::Result<Meaning> {
        let bytes = call.to_bytes(&self.host, self.token.as_deref());
        let response = self.wire.exchange(&bytes)?;
        let is_careless = self.makes("ack.code") && response.status == 200;
        Ok(match (call, is_careless) {
            (Call::Endpoint { .. }, true) => {
                Meaning::Done(Reply { response: Some(response), ..Reply::default() })
            }
            _ => call.judge(response),
        })
    }
}
