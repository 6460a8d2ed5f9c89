//! The exchanges that `docs/protocol-by-example.md` shows, in the order in which they are played.
//!
//! `{token}`, `{id}` and other names in braces stand for values that an earlier response gave.

/// One HTTP request of the page.
pub(crate) struct Example {
    /// The block in which it is shown.
    pub block: &'static str,
    pub method: &'static str,
    pub target: &'static str,
    pub headers: &'static [(&'static str, &'static str)],
    pub body: &'static str,
    /// A name for a header of the response, for later requests.
    pub capture: Option<(&'static str, &'static str)>,
}

const TOKEN: (&str, &str) = ("X-Agile-Authorization", "{token}");

pub(crate) const HTTP: &[Example] = &[
    Example {
        block: "/account/login",
        method: "POST",
        target: "/account/login",
        headers: &[("X-Agile-Username", "jane"), ("X-Agile-Password", "secret")],
        body: "",
        capture: Some(("token", "X-Agile-Token")),
    },
    Example {
        block: "/multipart/create",
        method: "POST",
        target: "/multipart/create",
        headers: &[TOKEN, ("X-Agile-Directory", "/videos"), ("X-Agile-Basename", "a.mp4")],
        body: "",
        capture: Some(("id", "X-Agile-Multipart")),
    },
    Example {
        block: "/multipart/piece",
        method: "POST",
        target: "/multipart/piece",
        headers: &[TOKEN, ("X-Agile-Multipart", "{id}"), ("X-Agile-Part", "1")],
        body: "hello world",
        capture: None,
    },
    Example {
        block: "/multipart/complete",
        method: "POST",
        target: "/multipart/complete",
        headers: &[TOKEN, ("X-Agile-Multipart", "{id}")],
        body: "",
        capture: None,
    },
    Example {
        block: "stored files",
        method: "GET",
        target: "/acme/videos/a.mp4",
        headers: &[("Range", "bytes=0-4")],
        body: "",
        capture: None,
    },
    Example {
        block: "error",
        method: "POST",
        target: "/multipart/piece",
        headers: &[TOKEN, ("X-Agile-Multipart", "{id}"), ("X-Agile-Part", "2")],
        body: "hello world",
        capture: None,
    },
    Example {
        block: "/post/raw",
        method: "POST",
        target: "/post/raw",
        headers: &[
            TOKEN,
            ("X-Agile-Directory", "/texts"),
            ("X-Agile-Basename", "a.txt"),
            ("X-Agile-Recursive", "true"),
        ],
        body: "hello",
        capture: None,
    },
    Example {
        block: "/post/file",
        method: "POST",
        target: "/post/file",
        headers: &[TOKEN, ("Content-Type", "multipart/form-data; boundary=xyz")],
        body: "--xyz\r\n\
               Content-Disposition: form-data; name=\"directory\"\r\n\r\n\
               /texts\r\n\
               --xyz\r\n\
               Content-Disposition: form-data; name=\"uploadFile\"; filename=\"b.txt\"\r\n\
               Content-Type: text/plain\r\n\r\n\
               hello\r\n\
               --xyz--\r\n",
        capture: None,
    },
    Example {
        block: "/post/directory",
        method: "POST",
        target: "/post/directory",
        headers: &[TOKEN, ("X-Agile-Directory", "/texts/old")],
        body: "",
        capture: None,
    },
    Example {
        block: "signed request",
        method: "POST",
        target: "/multipart/create",
        headers: &[
            ("X-Agile-Directory", "/videos"),
            ("X-Agile-Basename", "b.mp4"),
            ("X-Agile-Signature", "{signature}"),
        ],
        body: "",
        capture: None,
    },
    Example {
        block: "/jsonrpc",
        method: "POST",
        target: "/jsonrpc",
        headers: &[("Content-Type", "application/json")],
        body: r#"{"jsonrpc": "2.0", "id": 1, "method": "stat", "params": {"token": "{token}", "path": "/texts/a.txt"}}"#,
        capture: None,
    },
    Example {
        block: "/jsonrpc2",
        method: "POST",
        target: "/jsonrpc2",
        headers: &[("Content-Type", "application/json")],
        body: r#"[{"jsonrpc": "2.0", "id": 1, "method": "ping"}, {"jsonrpc": "2.0", "id": 2, "method": "stat"}]"#,
        capture: None,
    },
];

/// One JSON-RPC call of the page.
pub(crate) struct Call {
    /// The block in which it is shown.
    pub block: &'static str,
    pub method: &'static str,
    /// The parameters by name.
    pub params: &'static str,
    /// A name for a member of the response, for later calls.
    pub capture: Option<(&'static str, &'static str)>,
}

const fn call(block: &'static str, method: &'static str, params: &'static str) -> Call {
    Call { block, method, params, capture: None }
}

const SESSIONS: &str = "methods §7.4";
const FILES: &str = "methods §7.2";
const MULTIPART: &str = "methods §7.3";

pub(crate) const CALLS: &[Call] = &[
    call(SESSIONS, "login", r#"{"username": "jane", "password": "secret"}"#),
    Call {
        capture: Some(("session", "/result/token")),
        ..call(SESSIONS, "authenticate", r#"{"username": "jane", "password": "secret"}"#)
    },
    call(SESSIONS, "checkToken", r#"{"token": "{session}"}"#),
    call(SESSIONS, "updateSession", r#"{"token": "{session}", "expire": 7200}"#),
    call(SESSIONS, "noop", r#"{"token": "{session}"}"#),
    call(SESSIONS, "ping", r#"{"operation": "hello"}"#),
    call(SESSIONS, "initKeyPair", r#"{"token": "{session}"}"#),
    call(SESSIONS, "logout", r#"{"token": "{session}"}"#),
    call(FILES, "makeDir", r#"{"token": "{token}", "path": "/d"}"#),
    call(FILES, "makeDir2", r#"{"token": "{token}", "path": "/d/e"}"#),
    call(FILES, "copyFile", r#"{"token": "{token}", "from": "/texts/a.txt", "to": "/d/a.txt"}"#),
    call(FILES, "setMTime", r#"{"token": "{token}", "path": "/d/a.txt", "mtime": 1000000000}"#),
    call(
        FILES,
        "setContentType",
        r#"{"token": "{token}", "path": "/d/a.txt", "content_type": "text/html"}"#,
    ),
    call(FILES, "stat", r#"{"token": "{token}", "path": "/d/a.txt", "detail": true}"#),
    call(FILES, "listDir", r#"{"token": "{token}", "path": "/d"}"#),
    call(FILES, "listFile", r#"{"token": "{token}", "path": "/d", "stat": true}"#),
    call(FILES, "listPath", r#"{"token": "{token}", "path": "/d", "stat": true}"#),
    call(FILES, "rename", r#"{"token": "{token}", "oldpath": "/d/a.txt", "newpath": "/d/b.txt"}"#),
    call(
        FILES,
        "renameFile",
        r#"{"token": "{token}", "oldpath": "/d/b.txt", "newpath": "/d/c.txt"}"#,
    ),
    call(
        FILES,
        "fetchFileHTTP",
        r#"{"token": "{token}", "path": "/d/f.txt", "uri": "http://acme/texts/a.txt"}"#,
    ),
    call(FILES, "mediaVaultUrl", r#"{"token": "{token}", "path": "/d/c.txt", "expiry": 60}"#),
    call(FILES, "mediaVaultURL", r#"{"token": "{token}", "path": "/d/c.txt", "expiry": 60}"#),
    call(FILES, "deleteFile", r#"{"token": "{token}", "path": "/d/c.txt"}"#),
    call(FILES, "deleteObject", r#"{"token": "{token}", "path": "/d/f.txt"}"#),
    call(FILES, "deleteDir", r#"{"token": "{token}", "path": "/d/e"}"#),
    call(FILES, "deleteDir", r#"{"token": "{token}", "path": "/texts"}"#),
    Call {
        capture: Some(("upload", "/result/mpid")),
        ..call(MULTIPART, "createMultipart", r#"{"token": "{token}", "path": "/videos/c.mp4"}"#)
    },
    call(MULTIPART, "getMultipartStatus", r#"{"token": "{token}", "mpid": "{id}"}"#),
    call(MULTIPART, "getMultipartStatusMap", r#"{"token": "{token}"}"#),
    call(MULTIPART, "listMultipart", r#"{"token": "{token}", "pagesize": 1}"#),
    call(MULTIPART, "listMultipartPiece", r#"{"token": "{token}", "mpid": "{id}"}"#),
    call(MULTIPART, "completeMultipart", r#"{"token": "{token}", "mpid": "{upload}"}"#),
    call(MULTIPART, "abortMultipart", r#"{"token": "{token}", "mpid": "{upload}"}"#),
    call(MULTIPART, "restartMultipart", r#"{"token": "{token}", "mpid": "{upload}"}"#),
];
