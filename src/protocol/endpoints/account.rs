//! The login endpoint (§2).

use super::super::provenance::D;
use super::super::result_codes::{ok, rejection};
use super::super::{ErrorKind, Interface, Operation};
use super::{Endpoint, GET_OR_POST, optional, required};

/// `/account/login` (§2.4–2.6).
pub(crate) const LOGIN: Endpoint = Endpoint {
    path: "/account/login",
    methods: GET_OR_POST,
    operation: Operation::Login,
    interface: Interface::Http,
    headers: &[
        required("X-Agile-Username", "§2.4", D),
        required("X-Agile-Password", "§2.4", D),
        optional("X-Agile-Subdir", "§2.4", D),
        optional("X-Agile-Expiry", "§2.4", D),
        optional("X-Agile-Encoding", "§2.4", D),
        optional("X-Agile-Content-Encoding", "§2.4", D),
    ],
    results: &[
        ok("§2.5", D),
        rejection(
            400,
            -10001,
            &[ErrorKind::WrongPassword],
            "invalid username or password",
            "§2.5",
            D,
        ),
        rejection(400, -34, &[ErrorKind::Expiry], "expiry is not a positive integer", "§2.5", D),
        rejection(400, -47, &[ErrorKind::NoSubdirectory], "subdirectory does not exist", "§2.5", D),
    ],
    section: "§2.4",
};
