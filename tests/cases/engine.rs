//! Runs cases over an adapter and collects every mismatch.

use mock_origin::options::Cors;

use crate::case::Case;
use crate::given::{Given, START};
use crate::invariants;
use crate::request::RenderedRequest;
use crate::response::Response;
use crate::script::{Exchange, Step};
use crate::template::Values;

/// A way to reach an origin.
pub(crate) trait Adapter: Sized {
    /// Starts an origin for one case.
    fn start(given: &Given) -> Self;

    /// Issues a token for a user without a login request.
    fn issue_token(&mut self, user: &str) -> String;

    /// Advances protocol time.
    fn advance(&mut self, seconds: u64);

    /// Sends a request and reads the response. If the client waits for `100 Continue`,
    /// `interfere_before` runs before the client sends the body.
    fn exchange(
        &mut self,
        request: &RenderedRequest,
        interfere_before: &mut dyn FnMut(&mut Self) -> Result<(), String>,
    ) -> Result<Response, String>;
}

/// Runs one case up to the first step that fails, and returns the adapter.
pub(crate) fn run<A: Adapter>(case: &Case) -> (A, Result<(), String>) {
    let mut adapter = A::start(&case.given);
    let mut run = CaseRun { values: Values::new(), now: START, cors: case.given.to_options().cors };
    let result = run.run_steps(&mut adapter, &case.steps);
    (adapter, result.map_err(|mismatches| format!("{}\n{mismatches}", case.title)))
}

/// The progress of a case that is running.
struct CaseRun {
    values: Values,
    now: u64,
    cors: Cors,
}

impl CaseRun {
    fn run_steps<A: Adapter>(&mut self, adapter: &mut A, steps: &[Step]) -> Result<(), String> {
        for (at, step) in steps.iter().enumerate() {
            match step {
                Step::Advance(seconds) => {
                    self.now = self.now.saturating_add(*seconds);
                    adapter.advance(*seconds);
                }
                Step::Exchange(exchange) => {
                    let mismatches = self.run_exchange(adapter, exchange);
                    let title = || format!("  step {}, {}\n", at + 1, exchange.title);
                    mismatches.map_err(|mismatches| {
                        format!("{}    {}\n", title(), mismatches.join("\n    "))
                    })?;
                }
            }
        }
        Ok(())
    }

    /// Sends one request and returns every mismatch of the response.
    fn run_exchange<A: Adapter>(
        &mut self,
        adapter: &mut A,
        exchange: &Exchange,
    ) -> Result<(), Vec<String>> {
        exchange.request.names().for_each(|name| self.ensure_token(adapter, name));
        let request = exchange.request.render(&self.values).map_err(|error| vec![error])?;
        let interfere_before =
            &mut |adapter: &mut A| self.run_steps(adapter, &exchange.interfere_before);
        let response = adapter.exchange(&request, interfere_before).map_err(|error| vec![error])?;
        let mut mismatches = exchange.expected.compare(&response, &mut self.values);
        mismatches.extend(invariants::violations(self.cors, &request, &response, self.now));
        if mismatches.is_empty() { Ok(()) } else { Err(mismatches) }
    }

    /// Issues the token of a placeholder `token` or `token:USER` on its first use.
    fn ensure_token<A: Adapter>(&mut self, adapter: &mut A, name: &str) {
        let user = match name.split_once(':') {
            None if name == "token" => "jane",
            Some(("token", user)) => user,
            _ => return,
        };
        if !self.values.contains_key(name) {
            self.values.insert(name.to_owned(), adapter.issue_token(user).into_bytes());
        }
    }
}
