//! What the runs of a suite share, and what it means for one of them: the plan, the target, the deadline. Start
//! with [`Context`].

use std::time::Duration;

use crate::mock::MockOrigin;

use super::client::Client;
use super::scratch::{Folder, Scratch};
use super::settings::Settings;
use super::source::Source;
use super::{Event, Flavour, Observed, Plan, Scenario, Target};

/// The user that the client logs in as, and the password.
pub(crate) const USER: &str = "jane";
pub(crate) const PASSWORD: &str = "secret";

/// The piece size that a client is asked to use, unless its profile names one.
pub(crate) const PIECE_SIZE: u64 = 64 * 1024;

/// The longest time of a run before the time of the control run is known.
const FIRST_DEADLINE: Duration = Duration::from_secs(60);

/// What the runs of a suite share.
pub(crate) struct Context<'a> {
    pub(crate) suite: &'a Settings,
    pub(crate) client: &'a dyn Client,
    pub(crate) scratch: &'a Scratch,
    /// What the control run showed, once it has succeeded.
    pub(crate) observed: Option<&'a Observed>,
    /// Whether the exit status of the client says something.
    pub(crate) status_counts: bool,
    pub(crate) is_stopped: &'a (dyn Fn() -> bool + Sync),
}

impl Context<'_> {
    /// Returns the facts by which a scenario chooses its requests.
    pub(crate) fn plan(&self, scenario: &Scenario, seed: u64, size: Option<u64>) -> Plan {
        let profile = &self.suite.profile;
        let flavour = self.observed.map(|it| it.flavour).or(profile.flavour);
        let has_pieces = |it: &&Observed| it.flavour.has_pieces();
        let observed_size = self.observed.filter(has_pieces).map(|it| it.piece_size);
        let piece_size = observed_size.or(profile.piece_size).unwrap_or(PIECE_SIZE);
        let size = size.unwrap_or_else(|| scenario.content.size(piece_size));
        Plan::new(flavour.unwrap_or(Flavour::Multipart), piece_size, size, seed)
    }

    /// Returns the input of the client.
    pub(crate) fn target(
        &self,
        scenario: &Scenario,
        origin: &MockOrigin,
        folder: &Folder,
        source: &Source,
    ) -> Target {
        let password = match scenario.event {
            Event::WrongPassword => "wrong-password",
            _ => PASSWORD,
        };
        Target {
            scenario: scenario.id.to_owned(),
            url: origin.url(),
            host: origin.addr().ip().to_string(),
            port: origin.port(),
            user: USER.to_owned(),
            password: password.to_owned(),
            account: origin.account().to_owned(),
            directory: scenario.directory.to_owned(),
            name: scenario.name.to_owned(),
            path: scenario.path(),
            file: source.path.clone(),
            size: source.size,
            piece_size: self.suite.profile.piece_size.unwrap_or(PIECE_SIZE),
            scratch: folder.path().to_owned(),
            ca: None,
        }
    }

    /// Returns the longest time of a run.
    pub(crate) fn deadline(&self, scenario: &Scenario) -> Duration {
        let profile = self.suite.profile.longest_run().ok().flatten();
        self.suite.timeout.or(profile).unwrap_or_else(|| match self.observed {
            Some(observed) => {
                Duration::from_secs_f64(3.0 * observed.seconds)
                    + scenario.waits
                    + Duration::from_secs(10)
            }
            None => FIRST_DEADLINE,
        })
    }
}
