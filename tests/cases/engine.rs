//! Plays cases over an adapter and collects what is wrong.

use mock_origin::options::Cors;

use crate::answer::Answer;
use crate::case::Case;
use crate::given::{Given, START};
use crate::ground_rules;
use crate::request::Sent;
use crate::script::{Exchange, Step};
use crate::text::Known;

/// A way to reach an origin.
pub(crate) trait Adapter: Sized {
    /// An origin of its own for one case.
    fn start(given: &Given) -> Self;

    /// A token of that user's, who has not logged in over the wire.
    fn token(&mut self, user: &str) -> String;

    /// Lets protocol time go by.
    fn advance(&mut self, seconds: u64);

    /// Sends a request and reads the answer. If the client waits with its body until it is asked
    /// for it, then `interfere_before` happens before that.
    fn exchange(
        &mut self,
        sent: &Sent,
        interfere_before: &mut dyn FnMut(&mut Self) -> Result<(), String>,
    ) -> Result<Answer, String>;
}

/// Plays one case up to the first step that goes wrong, and gives back the adapter.
pub(crate) fn play<A: Adapter>(case: &Case) -> (A, Result<(), String>) {
    let mut adapter = A::start(&case.given);
    let mut stage = Stage { known: Known::new(), now: START, cors: case.given.to_options().cors };
    let played = stage.play_steps(&mut adapter, &case.steps);
    (adapter, played.map_err(|wrong| format!("{}\n{wrong}", case.title)))
}

/// What is known of a case that is being played.
struct Stage {
    known: Known,
    now: u64,
    cors: Cors,
}

impl Stage {
    fn play_steps<A: Adapter>(&mut self, adapter: &mut A, steps: &[Step]) -> Result<(), String> {
        for (at, step) in steps.iter().enumerate() {
            match step {
                Step::Advance(seconds) => {
                    self.now = self.now.saturating_add(*seconds);
                    adapter.advance(*seconds);
                }
                Step::Exchange(exchange) => {
                    let wrong = self.play_exchange(adapter, exchange);
                    let title = || format!("  step {}, {}\n", at + 1, exchange.title);
                    wrong.map_err(|wrong| format!("{}    {}\n", title(), wrong.join("\n    ")))?;
                }
            }
        }
        Ok(())
    }

    /// All that is wrong with one answer.
    fn play_exchange<A: Adapter>(
        &mut self,
        adapter: &mut A,
        exchange: &Exchange,
    ) -> Result<(), Vec<String>> {
        exchange.request.names().for_each(|name| self.grant(adapter, name));
        let sent = exchange.request.fill(&self.known).map_err(|why| vec![why])?;
        let interfere_before =
            &mut |adapter: &mut A| self.play_steps(adapter, &exchange.interfere_before);
        let answer = adapter.exchange(&sent, interfere_before).map_err(|why| vec![why])?;
        let mut wrong = exchange.expected.compare(&answer, &mut self.known);
        wrong.extend(ground_rules::broken(self.cors, &sent, &answer, self.now));
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
    }

    /// Makes a token known when one is first asked for.
    fn grant<A: Adapter>(&mut self, adapter: &mut A, name: &str) {
        let user = match name.split_once(':') {
            None if name == "token" => "jane",
            Some(("token", user)) => user,
            _ => return,
        };
        if !self.known.contains_key(name) {
            self.known.insert(name.to_owned(), adapter.token(user).into_bytes());
        }
    }
}
