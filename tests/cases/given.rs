//! The state in which a case starts: the table `given`.

use std::collections::BTreeMap;

use mock_origin::internals::protocol::Options;
use mock_origin::internals::storage::KeyPair;
use mock_origin::options::{LIMITS, Limit};

use crate::fields::Fields;

/// The name of the account.
pub(crate) const ACCOUNT: &str = "acme";

/// The protocol time at which every case starts, in seconds since the epoch. Only `advance` moves it.
pub(crate) const START: u64 = 1_000_000_000;

/// The seed of tokens and identifiers.
pub(crate) const SEED: u64 = 7;

/// The users, the content of the account and the options with which a case starts.
#[derive(Clone, Debug)]
pub(crate) struct Given {
    /// The users: first jane, whose password is `secret` and whose root is the account's root, then
    /// those of the list `users`.
    pub(crate) users: Vec<GivenUser>,
    /// The existing directories, owned by jane.
    pub(crate) directories: Vec<String>,
    /// The content of existing files by path, owned by jane.
    pub(crate) files: BTreeMap<String, String>,
    /// Limits that differ from their defaults.
    pub(crate) limits: Vec<(Limit, u64)>,
    /// Options that differ from their defaults, by name (§10).
    pub(crate) options: Vec<(String, String)>,
    /// The account's key pair. Signed requests act as jane.
    pub(crate) keys: Option<KeyPair>,
}

/// A user. Absent keys have jane's values.
#[derive(Clone, Debug)]
pub(crate) struct GivenUser {
    pub(crate) name: String,
    pub(crate) password: String,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) root: String,
}

impl Given {
    /// Reads the table `given`.
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
        fields.finish();
        given
    }

    /// Returns the options, with the limits.
    pub(crate) fn to_options(&self) -> Options {
        let mut options = Options::default();
        for (name, value) in &self.options {
            options.set(name, value).unwrap();
        }
        self.limits.iter().for_each(|(limit, value)| options.limits.set(*limit, *value));
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
        fields.finish();
        Self { name, password, uid, gid, root }
    }
}

fn texts_by_name(mut fields: Fields) -> BTreeMap<String, String> {
    let names = fields.names().into_iter();
    names.filter_map(|name| fields.text(&name).map(|text| (name, text))).collect()
}

fn keys(mut fields: Fields) -> Option<KeyPair> {
    let keys = fields.text("access").zip(fields.text("secret"));
    fields.finish();
    keys.map(|(access_key, secret_key)| KeyPair { access_key, secret_key })
}

fn limits(mut fields: Fields) -> Vec<(Limit, u64)> {
    let set = LIMITS.iter().filter_map(|row| Some((row.limit, fields.number(row.name)?)));
    let limits = set.collect();
    fields.finish();
    limits
}
