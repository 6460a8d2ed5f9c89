//! Requests and answers: HTTP endpoints, JSON-RPC, stored files. What returns is a success.

use std::io::{BufRead, BufReader};
use std::time::Duration;

use serde_json::{Value, json};
use ureq::http::response::Parts;
use ureq::{Agent, AsSendBody};

use super::error::Error;

/// An origin, and the connections to it.
#[derive(Debug)]
pub(crate) struct Http {
    agent: Agent,
    url: String,
}

/// An answer that was read to its end, which sets the connection free.
#[derive(Debug)]
pub(crate) struct Answer {
    during: &'static str,
    head: Parts,
    body: String,
}

impl Http {
    /// Talks to the origin at `url`, and keeps that many connections open to be used again.
    pub(crate) fn new(url: &str, connections: usize) -> Self {
        let agent = Agent::config_builder()
            .http_status_as_error(false) // an error has a code to read, too
            .proxy(None) // the origin is on this machine
            .max_idle_connections(connections)
            .max_idle_connections_per_host(connections)
            .timeout_connect(Some(Duration::from_secs(10)))
            .timeout_recv_response(Some(Duration::from_secs(60)))
            .build()
            .new_agent();
        Self { agent, url: url.to_owned() }
    }

    /// Asks an HTTP endpoint, once.
    pub(crate) fn post(
        &self,
        endpoint: &'static str,
        headers: &[(&str, &str)],
        body: impl AsSendBody,
    ) -> Result<Answer, Error> {
        let answer = self.send(endpoint, endpoint, headers, body)?;
        match (answer.status(), answer.code()) {
            (200, Some(0)) => Ok(answer),
            (status, code) => Err(Error::Refused { during: endpoint, status, code }),
        }
    }

    /// Calls a JSON-RPC method, once. HTTP says 200 there whatever happens; the code is a member
    /// of the result, or the result itself (§7.1).
    pub(crate) fn call(&self, method: &'static str, params: &Value) -> Result<Value, Error> {
        let request = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        let json = [("Content-Type", "application/json")];
        let answer = self.send(method, "/jsonrpc2", &json, request.to_string())?;
        let status = answer.status();
        let mut reply: Value = serde_json::from_str(&answer.body).unwrap_or_default();
        let result = reply["result"].take();
        match result["code"].as_i64().or(result.as_i64()).or(reply["error"]["code"].as_i64()) {
            Some(0) if status == 200 => Ok(result),
            code => Err(Error::Refused { during: method, status, code }),
        }
    }

    /// Begins to read a stored file. Those are plain HTTP and carry no code (§8).
    pub(crate) fn get(&self, path: &str) -> Result<impl BufRead + use<>, Error> {
        let during = "the download";
        let response = self.agent.get(format!("{}{path}", self.url)).call();
        let response = response.map_err(|error| Error::Lost { during, error })?;
        match response.status().as_u16() {
            200 => Ok(BufReader::new(response.into_body().into_reader())),
            status => Err(Error::Refused { during, status, code: None }),
        }
    }

    fn send(
        &self,
        during: &'static str,
        route: &str,
        headers: &[(&str, &str)],
        body: impl AsSendBody,
    ) -> Result<Answer, Error> {
        let request = self.agent.post(format!("{}{route}", self.url));
        let request =
            headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let lost = |error| Error::Lost { during, error };
        let (head, mut body) = request.send(body).map_err(lost)?.into_parts();
        Ok(Answer { during, head, body: body.read_to_string().map_err(lost)? })
    }
}

impl Answer {
    /// The value of a header that must be there.
    pub(crate) fn header(&self, name: &'static str) -> Result<&str, Error> {
        let value = self.head.headers.get(name).and_then(|value| value.to_str().ok());
        value.ok_or(Error::Garbled { during: self.during, lacks: name })
    }

    fn status(&self) -> u16 {
        self.head.status.as_u16()
    }

    /// The protocol's own code. Something on the way may have answered, without one.
    fn code(&self) -> Option<i64> {
        self.header("X-Agile-Status").ok()?.parse().ok()
    }
}
