//! Logging in (§2).

use super::super::basis::D;
use super::super::rows::{ok, refusal};
use super::super::{Cause, Interface, Operation};
use super::{Endpoint, GET_OR_POST, optional, required};

/// `/account/login` (§2.4–2.6).
pub const LOGIN: Endpoint = Endpoint {
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
    rows: &[
        ok("§2.5", D),
        refusal(400, -10001, &[Cause::WrongPassword], "invalid username or password", "§2.5", D),
        refusal(400, -34, &[Cause::Expiry], "expiry is not a positive integer", "§2.5", D),
        refusal(400, -47, &[Cause::NoSubdirectory], "subdirectory does not exist", "§2.5", D),
    ],
    cite: "§2.4",
};
