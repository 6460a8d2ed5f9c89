//! What a case is given to start with.

use std::collections::BTreeMap;

use mock_origin::internals::protocol::Options;
use mock_origin::internals::storage::KeyPair;
use mock_origin::options::{LIMITS, Limit};

use crate::fields::Fields;

/// The account's name.
pub(crate) const ACCOUNT: &str = "acme";

/// The moment at which every case begins, in seconds since the epoch. The clock stands still.
pub(crate) const START: u64 = 1_000_000_000;

/// What decides tokens and identifiers.
pub(crate) const SEED: u64 = 7;

/// What lies in the account, and who may log in, when a case begins.
#[derive(Clone, Debug)]
pub(crate) struct Given {
    /// Who may log in: first jane, whose password is `secret` and who sees the account's root,
    /// then those of the list `users`.
    pub(crate) users: Vec<GivenUser>,
    /// Directories; they are jane's.
    pub(crate) directories: Vec<String>,
    /// Files by path; they are jane's.
    pub(crate) files: BTreeMap<String, String>,
    /// Limits that are not as the service has them.
    pub(crate) limits: Vec<(Limit, u64)>,
    /// Options that differ from their defaults, by name (§10).
    pub(crate) options: Vec<(String, String)>,
    /// The account's key pair, which acts as jane.
    pub(crate) keys: Option<KeyPair>,
}

/// A user. What is not said is as with jane.
#[derive(Clone, Debug)]
pub(crate) struct GivenUser {
    pub(crate) name: String,
    pub(crate) password: String,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) root: String,
}

impl Given {
    /// Reads the table `given` of a case.
    pub(crate) fn read(mut fields: Fields) -> Self {
        let users = [Fields::default()].into_iter().chain(fields.tables("users"));
        let given = Self {
            users: users.map(GivenUser::read).collect(),
            directories: fields.texts("directories"),
            files: texts_by_name(fields.table("files")),
            limits: limits(fields.table("limits")),
            options: texts_by_name(fields.table("options")).into_iter().collect(),
            keys: keys(fields.table("keys")),
        };
        fields.end();
        given
    }
}

impl Given {
    /// Returns the options, with the limits.
    pub(crate) fn to_options(&self) -> Options {
        let mut options = Options::default();
        for (name, value) in &self.options {
            options.set(name, value).unwrap();
        }
        self.limits.iter().for_each(|(limit, figure)| options.limits.set(*limit, *figure));
        options
    }
}

impl GivenUser {
    fn read(mut fields: Fields) -> Self {
        let mut text = |name, default: &str| fields.text(name).unwrap_or(default.to_owned());
        let (name, password, root) =
            (text("name", "jane"), text("password", "secret"), text("root", "/"));
        let mut number = |name, default| fields.number(name).unwrap_or(default);
        let (uid, gid) = (number("uid", 12), number("gid", 34));
        fields.end();
        Self { name, password, uid, gid, root }
    }
}

fn texts_by_name(mut fields: Fields) -> BTreeMap<String, String> {
    let names = fields.names().into_iter();
    names.filter_map(|name| fields.text(&name).map(|text| (name, text))).collect()
}

fn keys(mut fields: Fields) -> Option<KeyPair> {
    let keys = fields.text("access").zip(fields.text("secret"));
    fields.end();
    keys.map(|(access_key, secret_key)| KeyPair { access_key, secret_key })
}

fn limits(mut fields: Fields) -> Vec<(Limit, u64)> {
    let set = LIMITS.iter().filter_map(|row| Some((row.limit, fields.number(row.name)?)));
    let limits = set.collect();
    fields.end();
    limits
}
