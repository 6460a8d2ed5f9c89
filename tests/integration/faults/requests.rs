//! Sends common requests, each on its own connection.

use mock_origin::{MockOrigin, Op};

use crate::support::{Client, Response, piece_headers, request};

/// Calls a JSON-RPC method; `params` are JSON.
pub(super) fn rpc(origin: &MockOrigin, method: &str, params: &str) -> Response {
    let body = format!(r#"{{"method": "{method}", "params": {params}, "id": 1}}"#);
    Client::new(origin).send("POST", "/jsonrpc", &[], body.as_bytes())
}

/// Returns the result of a JSON-RPC method.
pub(super) fn result(origin: &MockOrigin, method: &str, params: &str) -> serde_json::Value {
    let response = rpc(origin, method, params);
    let mut json: serde_json::Value = serde_json::from_slice(&response.body).unwrap();
    json["result"].take()
}

/// Sends a batch of methods with their parameters.
pub(super) fn batch(origin: &MockOrigin, requests: &[(&str, String)]) -> Response {
    Client::new(origin).send("POST", "/jsonrpc2", &[], batch_body(requests).as_bytes())
}

/// Returns the body of a batch.
pub(super) fn batch_body(requests: &[(&str, String)]) -> String {
    let one = |(id, (method, params)): (usize, &(&str, String))| {
        format!(r#"{{"jsonrpc": "2.0", "method": "{method}", "params": {params}, "id": {id}}}"#)
    };
    let body: Vec<_> = requests.iter().enumerate().map(one).collect();
    format!("[{}]", body.join(","))
}

/// Sends a POST request to an endpoint.
pub(super) fn http(
    origin: &MockOrigin,
    target: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Response {
    Client::new(origin).send("POST", target, headers, body)
}

/// Sends a create request.
pub(super) fn create(origin: &MockOrigin, token: &str, directory: &str, name: &str) -> Response {
    let directory = ("X-Agile-Directory", directory);
    let headers = [("X-Agile-Authorization", token), directory, ("X-Agile-Basename", name)];
    http(origin, "/multipart/create", &headers, b"")
}

/// Logs in.
pub(super) fn login(origin: &MockOrigin, user: &str, password: &str) -> Response {
    let headers = [("X-Agile-Username", user), ("X-Agile-Password", password)];
    http(origin, "/account/login", &headers, b"")
}

/// Creates a directory.
pub(super) fn make_directory(origin: &MockOrigin, token: &str, path: &str) -> Response {
    let headers = [("X-Agile-Authorization", token), ("X-Agile-Directory", path)];
    http(origin, "/post/directory", &headers, b"")
}

/// Stores a file by `/post/raw`.
pub(super) fn raw(origin: &MockOrigin, token: &str, directory: &str, name: &str) -> Response {
    let directory = ("X-Agile-Directory", directory);
    let headers = [("X-Agile-Authorization", token), directory, ("X-Agile-Basename", name)];
    http(origin, "/post/raw", &headers, b"raw")
}

/// Stores a file by `/post/file`.
pub(super) fn form(origin: &MockOrigin, token: &str, directory: &str, name: &str) -> Response {
    let field = |name: &str, value: &str| {
        format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let file =
        "--x\r\nContent-Disposition: form-data; name=\"uploadFile\"; filename=\"f\"\r\n\r\nform";
    let fields = [field("directory", directory), field("basename", name)].concat();
    let body = format!("{fields}{file}\r\n--x--\r\n");
    let form = ("Content-Type", "multipart/form-data; boundary=x");
    http(origin, "/post/file", &[("X-Agile-Authorization", token), form], body.as_bytes())
}

/// Sends a piece. Returns its status, or `None` if the connection was cut.
pub(super) fn piece(origin: &MockOrigin, token: &str, id: &str, number: u32) -> Option<u16> {
    let number = number.to_string();
    let headers = piece_headers(token, id, &number);
    let mut client = Client::new(origin);
    client.write(request("POST", "/multipart/piece", &headers, b"123")).finish_writing();
    status(&client.read_to_end().ok()?)
}

/// Returns the status of a response in bytes.
pub(super) fn status(response: &[u8]) -> Option<u16> {
    std::str::from_utf8(response.get(9..12)?).ok()?.parse().ok()
}

/// Returns the number of calls of `op` into which faults were injected.
pub(super) fn injected_count(origin: &MockOrigin, op: Op) -> usize {
    let requests = origin.requests().op(op);
    requests.iter().filter(|request| !request.exchange().faults.is_empty()).count()
}
