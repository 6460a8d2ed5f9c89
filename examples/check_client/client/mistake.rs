//! The table of mistakes. The identifier of a mistake is that of the rule that it violates; those that begin with `lie`
//! or `alarm` make a wrong exit status.

/// A mistake of the client.
#[derive(Debug)]
pub(crate) struct Mistake {
    /// What `--mistake` takes.
    pub(crate) id: &'static str,
    /// The scenario of `mock-origin check` that must catch it.
    pub(crate) scenario: &'static str,
    /// What the client does.
    pub(crate) what: &'static str,
}

impl Mistake {
    /// Returns the rule that finds it.
    pub(crate) fn rule(&self) -> &'static str {
        match self.id {
            "lie.always_zero" => "check.exit_status",
            "alarm.always_one" => "check.false_alarm",
            id if id.starts_with("lie.") => "check.lie",
            id => id,
        }
    }
}

/// All mistakes.
pub(crate) static MISTAKES: &[Mistake] = &[
    row(
        "ack.status",
        "names/is-directory",
        "goes on without a multipart id when create is rejected",
    ),
    row("ack.code", "responses/code-in-200", "looks only at the HTTP status"),
    row("ack.checksum", "responses/wrong-checksum", "does not compare the checksum of a piece"),
    row("ack.size", "responses/wrong-size", "does not compare the size of a piece"),
    row(
        "ack.header",
        "responses/no-upload-id",
        "goes on without the token or the multipart id that a response lacks",
    ),
    row("retry.none", "lost/piece", "tries each request once"),
    row("retry.permanent", "ill/permanent", "repeats requests that were rejected with 400"),
    row("retry.early", "ill/retry-after", "ignores Retry-After"),
    row("retry.unbounded", "ill/endless", "tries each request 30 times"),
    row("retry.flat", "ill/endless", "repeats without a pause after a server error"),
    row("retry.partial", "broken/mid-body", "repeats half of a piece"),
    row("retry.other_bytes", "lost/piece", "repeats a piece with its bytes in reverse order"),
    row("retry.acknowledged", "process/killed", "continues an upload from its first piece"),
    row("complete.early", "ill/proxy-page", "leaves a rejected piece out"),
    row(
        "complete.gap",
        "content/exact-multiple",
        "numbers the last piece one too high if the size is a multiple of the piece size",
    ),
    row("complete.empty", "content/empty", "completes the upload of an empty file without a piece"),
    row(
        "complete.again_from_start",
        "lost/complete",
        "uploads the file again when complete gets no response",
    ),
    row("complete.unverified", "lost/complete", "gives up when complete gets no response"),
    row("orphan.left", "ill/endless", "never aborts an upload"),
    row("orphan.zombie", "control/plain", "sends a piece after the completion"),
    row("piece.number", "control/plain", "counts pieces from 0"),
    row("piece.length", "control/plain", "declares a longer piece than it sends"),
    row(
        "piece.empty_last",
        "content/exact-multiple",
        "sends an empty last piece if the size is a multiple of the piece size",
    ),
    row("token.dead_used", "token/dies-mid-upload", "repeats requests with a dead token"),
    row("token.storm", "control/plain", "logs in for each request"),
    row("secret.in_target", "control/plain", "sends the password in the query too"),
    row(
        "secret.plain",
        "control/plain",
        "sends the password to upload.example.com over plain HTTP",
    ),
    row("http.no_http", "control/plain", "sends the beginning of a TLS connection first"),
    row("http.leftover", "control/plain", "sends bytes after a request"),
    row("http.invalid", "control/plain", "sends a request without Host first"),
    row("http.smuggle", "control/plain", "sends a request with two lengths first"),
    row("http.expect_ignored", "control/plain", "sends a body with Expect without waiting"),
    row("rate.ignored", "ill/rate-limit", "repeats without a pause after 429"),
    row("poll.none", "join/later", "sets the mtime of the file before it exists"),
    row("poll.hot", "join/later", "polls without a pause"),
    row("poll.endless", "control/plain", "polls after the end"),
    row(
        "list.unbounded",
        "process/killed",
        "reads the first page of the list of pieces again and again",
    ),
    row("name.unquoted", "names/unicode", "sends names in raw UTF-8"),
    row("name.mangled", "names/reserved", "quotes names without X-Agile-Encoding"),
    row("lie.always_zero", "control/refused", "always exits with 0"),
    row("lie.after_retries", "ill/endless", "exits with 0 when all tries have failed"),
    row("lie.ignores_join", "join/fails", "exits with 0 before the join has succeeded"),
    row("lie.half_a_piece", "lost/piece", "repeats half of a piece and verifies nothing"),
    row("alarm.always_one", "control/plain", "always exits with 1"),
];

const fn row(id: &'static str, scenario: &'static str, what: &'static str) -> Mistake {
    Mistake { id, scenario, what }
}

/// Returns the mistake with this identifier.
pub(crate) fn by_id(id: &str) -> Option<&'static Mistake> {
    MISTAKES.iter().find(|row| row.id == id)
}
