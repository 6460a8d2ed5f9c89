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

/// All mistakes.
pub(crate) static MISTAKES: &[Mistake] = &[
    row("ack.status", "?", "goes on without a multipart id when create is rejected"),
    row("ack.code", "?", "looks only at the HTTP status"),
    row("ack.checksum", "?", "does not compare the checksum of a piece"),
    row("ack.size", "?", "does not compare the size of a piece"),
    row("ack.header", "?", "goes on without the token or the multipart id that a response lacks"),
    row("retry.none", "?", "tries each request once"),
    row("retry.permanent", "?", "repeats requests that were rejected with 400"),
    row("retry.early", "?", "ignores Retry-After"),
    row("retry.unbounded", "?", "tries each request 30 times"),
    row("retry.flat", "?", "repeats without a pause after a server error"),
    row("retry.partial", "?", "repeats half of a piece"),
    row("retry.other_bytes", "?", "repeats a piece with its bytes in reverse order"),
    row("retry.acknowledged", "?", "continues an upload from its first piece"),
    row("complete.early", "?", "leaves a rejected piece out"),
    row(
        "complete.gap",
        "?",
        "numbers the last piece one too high if the size is a multiple of the piece size",
    ),
    row("complete.empty", "?", "completes the upload of an empty file without a piece"),
    row("complete.again_from_start", "?", "uploads the file again when complete gets no response"),
    row("complete.unverified", "?", "gives up when complete gets no response"),
    row("orphan.left", "?", "never aborts an upload"),
    row("orphan.zombie", "?", "sends a piece after the completion"),
    row("piece.number", "?", "counts pieces from 0"),
    row("piece.length", "?", "declares a longer piece than it sends"),
    row(
        "piece.empty_last",
        "?",
        "sends an empty last piece if the size is a multiple of the piece size",
    ),
    row("token.dead_used", "?", "repeats requests with a dead token"),
    row("token.storm", "?", "logs in for each request"),
    row("secret.in_target", "?", "sends the password in the query too"),
    row("secret.plain", "?", "sends the password to upload.example.com over plain HTTP"),
    row("http.no_http", "?", "sends the beginning of a TLS connection first"),
    row("http.leftover", "?", "sends bytes after a request"),
    row("http.invalid", "?", "sends a request without Host first"),
    row("http.smuggle", "?", "sends a request with two lengths first"),
    row("http.expect_ignored", "?", "sends a body with Expect without waiting"),
    row("rate.ignored", "?", "repeats without a pause after 429"),
    row("poll.none", "?", "sets the mtime of the file before it exists"),
    row("poll.hot", "?", "polls without a pause"),
    row("poll.endless", "?", "polls after the end"),
    row("list.unbounded", "?", "reads the first page of the list of pieces again and again"),
    row("name.unquoted", "?", "sends names in raw UTF-8"),
    row("name.mangled", "?", "quotes names without X-Agile-Encoding"),
    row("lie.always_zero", "?", "exits with 0 whatever happens"),
    row("lie.after_retries", "?", "exits with 0 when all tries have failed"),
    row("lie.ignores_join", "?", "exits with 0 before the join has succeeded"),
    row("lie.half_a_piece", "?", "repeats half of a piece and verifies nothing"),
    row("alarm.always_one", "?", "exits with 1 whatever happens"),
];

const fn row(id: &'static str, scenario: &'static str, what: &'static str) -> Mistake {
    Mistake { id, scenario, what }
}

/// Returns the mistake with this identifier.
pub(crate) fn by_id(id: &str) -> Option<&'static Mistake> {
    MISTAKES.iter().find(|row| row.id == id)
}
