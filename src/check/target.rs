//! The input of one run of a client. Start with [`Target`].

use std::path::PathBuf;

/// What to upload, and where to: the input of one run of a client.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Target {
    /// The id of the scenario.
    pub scenario: String,
    /// The base URL of the origin.
    pub url: String,
    /// The host of the URL.
    pub host: String,
    /// The port of the URL.
    pub port: u16,
    /// The user to log in as.
    pub user: String,
    /// The password of the user.
    pub password: String,
    /// The account of the user.
    pub account: String,
    /// The directory to upload to, from the account's root.
    pub directory: String,
    /// The name of the file in that directory.
    pub name: String,
    /// The path of the file, from the account's root.
    pub path: String,
    /// The local file to upload.
    pub file: PathBuf,
    /// The size of the local file in bytes.
    pub size: u64,
    /// The piece size in bytes that the client is asked to use.
    pub piece_size: u64,
    /// A folder for the client alone. It is kept between the runs of one scenario.
    pub scratch: PathBuf,
    /// The certificate of the authority that signed the origin's certificate, as a PEM file, if the URL is `https`.
    pub ca: Option<PathBuf>,
}

/// The names of the values of a [`Target`], as in placeholders.
pub const PLACEHOLDERS: &[&str] = &[
    "url",
    "host",
    "port",
    "user",
    "password",
    "account",
    "directory",
    "name",
    "path",
    "file",
    "size",
    "piece_size",
    "scratch",
    "scenario",
    "ca",
];

impl Target {
    /// Returns the value of a placeholder. A value that the run does not have is empty.
    pub fn value(&self, placeholder: &str) -> Option<String> {
        let shown = |path: &PathBuf| path.display().to_string();
        Some(match placeholder {
            "url" => self.url.clone(),
            "host" => self.host.clone(),
            "port" => self.port.to_string(),
            "user" => self.user.clone(),
            "password" => self.password.clone(),
            "account" => self.account.clone(),
            "directory" => self.directory.clone(),
            "name" => self.name.clone(),
            "path" => self.path.clone(),
            "file" => shown(&self.file),
            "size" => self.size.to_string(),
            "piece_size" => self.piece_size.to_string(),
            "scratch" => shown(&self.scratch),
            "scenario" => self.scenario.clone(),
            "ca" => self.ca.as_ref().map(shown).unwrap_or_default(),
            _ => return None,
        })
    }
}
