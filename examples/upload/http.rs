//! Sends requests to HTTP endpoints, JSON-RPC methods and stored files. Every response without success is an error.

use std::io::{BufRead, BufReader};
use std::time::Duration;

use serde_json::{Value, json};
use ureq::http::response::Parts;
use ureq::{Agent, AsSendBody};

use super::error::Error;

/// An origin and the connections to it.
#[derive(Debug)]
pub(crate) struct Http {
    agent: Agent,
    url: String,
}

/// A response that was read to its end, so that the connection can be used again.
#[derive(Debug)]
pub(crate) struct Response {
    during: &'static str,
    head: Parts,
    body: String,
}

impl Http {
    /// Connects to the origin at `url`. Keeps up to `connections` idle connections open.
    pub(crate) fn new(url: &str, connections: usize) -> Self {
        let agent = Agent::config_builder()
            .http_status_as_error(false) // error responses have a code too
            .proxy(None) // the origin is on this machine
            .max_idle_connections(connections)
            .max_idle_connections_per_host(connections)
            .timeout_connect(Some(Duration::from_secs(10)))
            .timeout_recv_response(Some(Duration::from_secs(60)))
            .build()
            .new_agent();
        Self { agent, url: url.to_owned() }
    }

    /// Calls an HTTP endpoint once.
    pub(crate) fn post(
        &self,
        endpoint: &'static str,
        headers: &[(&str, &str)],
        body: impl AsSendBody,
    ) -> Result<Response, Error> {
        let response = self.send(endpoint, endpoint, headers, body)?;
        match (response.status(), response.code()) {
            (200, Some(0)) => Ok(response),
            (status, code) => Err(Error::Rejected { during: endpoint, status, code }),
        }
    }

    /// Calls a JSON-RPC method once. The HTTP status is always 200; the code is a field of the result or the result
    /// itself (§7.1).
    pub(crate) fn call(&self, method: &'static str, params: &Value) -> Result<Value, Error> {
        let request = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        let json = [("Content-Type", "application/json")];
        let response = self.send(method, "/jsonrpc2", &json, request.to_string())?;
        let status = response.status();
        let mut response: Value = serde_json::from_str(&response.body).unwrap_or_default();
        let result = response["result"].take();
        match result["code"].as_i64().or(result.as_i64()).or(response["error"]["code"].as_i64()) {
            Some(0) if status == 200 => Ok(result),
            code => Err(Error::Rejected { during: method, status, code }),
        }
    }

    /// Starts the download of a stored file. Downloads are plain HTTP and have no code (§8).
    pub(crate) fn get(&self, path: &str) -> Result<impl BufRead + use<>, Error> {
        let during = "the download";
        let response = self.agent.get(format!("{}{path}", self.url)).call();
        let response = response.map_err(|error| Error::NoResponse { during, error })?;
        match response.status().as_u16() {
            200 => Ok(BufReader::new(response.into_body().into_reader())),
            status => Err(Error::Rejected { during, status, code: None }),
        }
    }

    fn send(
        &self,
        during: &'static str,
        route: &str,
        headers: &[(&str, &str)],
        body: impl AsSendBody,
    ) -> Result<Response, Error> {
        let request = self.agent.post(format!("{}{route}", self.url));
        let request =
            headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let lost = |error| Error::NoResponse { during, error };
        let (head, mut body) = request.send(body).map_err(lost)?.into_parts();
        Ok(Response { during, head, body: body.read_to_string().map_err(lost)? })
    }
}

impl Response {
    /// Returns the value of a required header.
    pub(crate) fn header(&self, name: &'static str) -> Result<&str, Error> {
        let value = self.head.headers.get(name).and_then(|value| value.to_str().ok());
        value.ok_or(Error::Malformed { during: self.during, lacks: name })
    }

    fn status(&self) -> u16 {
        self.head.status.as_u16()
    }

    /// Returns the protocol's code. A response of a proxy has none.
    fn code(&self) -> Option<i64> {
        self.header("X-Agile-Status").ok()?.parse().ok()
    }
}
