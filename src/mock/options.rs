//! The switches as options of the builder (§10).

use std::time::Duration;

use crate::protocol::{
    Cors, Join, LastCookie, LegacyHeaders, ListPathItems, Policy, RenameTaken, ResultShape,
    right_call,
};

use crate::mock::builder::Builder;

impl Builder {
    /// Sets a switch or a limit by its name, as the binary's `--set` does:
    /// `.set("join", "polls:3")`. The names are those of [`crate::protocol::OPTION_SPECS`] and
    /// [`crate::protocol::LIMITS`].
    ///
    /// # Panics
    ///
    /// If there is no such switch, or it does not take that value.
    #[track_caller]
    pub fn set(mut self, name: &str, value: &str) -> Self {
        if let Err(said) = self.options.set(name, value) {
            panic!("{said}: {}", right_call(name));
        }
        self
    }

    /// How `abortMultipart` and `restartMultipart` answer success. Default: a bare 0, which the C#
    /// client reads; the Java client reads an object.
    pub fn result_shape(mut self, shape: ResultShape) -> Self {
        self.options.result_shape = shape;
        self
    }

    /// What is done with the legacy header `X-Blob-Type: auto` (§5.2). Default: it is refused; one
    /// client sends it always and retries for ever.
    pub fn x_content_type_auto(mut self, tolerance: Policy) -> Self {
        self.options.x_content_type_auto = tolerance;
        self
    }

    /// What is done with a form whose file is empty (§5.2). Default: it is accepted.
    pub fn empty_form_file(mut self, tolerance: Policy) -> Self {
        self.options.empty_form_file = tolerance;
        self
    }

    /// Sets what happens to a form whose part `uploadFile` has no file name, or an empty one (§5.2). Default: it is
    /// refused with −24.
    pub fn form_part_without_filename(mut self, tolerance: Policy) -> Self {
        self.options.form_part_without_filename = tolerance;
        self
    }

    /// What is done with content types that are well formed and not listed (§3.9). Default: they are
    /// accepted.
    pub fn unknown_content_type(mut self, tolerance: Policy) -> Self {
        self.options.unknown_content_type = tolerance;
        self
    }

    /// How `listPath` writes an entry with its stat (§7.2). Default: flat.
    pub fn listpath_items(mut self, items: ListPathItems) -> Self {
        self.options.listpath_items = items;
        self
    }

    /// When `listPath` gives no further cookie (§7.2). Default: behind a short page.
    pub fn listpath_last_cookie(mut self, last: LastCookie) -> Self {
        self.options.listpath_last_cookie = last;
        self
    }

    /// Whether `X-LLNW-Authorization` is read and `X-Llnw-Status` is sent. Default: off.
    pub fn legacy_headers(mut self, legacy: LegacyHeaders) -> Self {
        self.options.legacy_headers = legacy;
        self
    }

    /// Sets what pages of another origin may send and read (§1.6). Default: as documented, where a browser lets them send
    /// no piece and read no `X-Agile-*` header.
    pub fn cors(mut self, cors: Cors) -> Self {
        self.options.cors = cors;
        self
    }

    /// What is done with a signature that was used before (§9). Default: it is refused.
    pub fn signature_reuse(mut self, tolerance: Policy) -> Self {
        self.options.signature_reuse = tolerance;
        self
    }

    /// Requests in a second over `/multipart/*` and `/post/*`, then 429 (§1.11). Default: no limit;
    /// the real one is 100, and 0 refuses every request.
    pub fn rate_limit(mut self, requests_per_second: u64) -> Self {
        self.options.rate_limit = Some(requests_per_second);
        self
    }

    /// Bytes that the account may store, then 503 with −22 (§1.12). Default: no limit.
    pub fn disk_quota(mut self, bytes: u64) -> Self {
        self.options.disk_quota = Some(bytes);
        self
    }

    /// Sets the code of a rename to a name that is taken (§7.2). Default: −2, as documented.
    pub fn rename_taken(mut self, taken: RenameTaken) -> Self {
        self.options.rename_taken = taken;
        self
    }

    /// When a completed upload becomes a file, or that it fails (§4.4). Default: at once.
    pub fn join(mut self, join: Join) -> Self {
        self.options.join = join;
        self
    }

    /// How long a new file stays invisible to readers, in protocol time (§8). Default: not at all.
    pub fn egress_delay(mut self, delay: Duration) -> Self {
        self.options.egress_delay = delay;
        self
    }
}
