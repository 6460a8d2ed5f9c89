//! The protocol options as methods of the builder (§10). Start with [`Builder::set`].

use std::time::Duration;

use crate::error::Error;
#[cfg(feature = "check")]
use crate::fault::duration_code;
#[cfg(feature = "check")]
use crate::protocol::Options;
use crate::protocol::{
    Cors, Join, LastCookie, LegacyHeaders, ListPathItems, Policy, RenameTaken, ResultShape,
    suggest_call,
};

use crate::mock::builder::Builder;

impl Builder {
    /// Sets an option or a limit by name, like `--set` of the binary: `.set("join", "polls:3")`.
    /// The names are those of [`OPTION_SPECS`](crate::options::OPTION_SPECS) and
    /// [`LIMITS`](crate::options::LIMITS).
    ///
    /// # Panics
    ///
    /// If there is no such option, or it does not accept that value.
    #[track_caller]
    pub fn set(self, name: &str, value: &str) -> Self {
        self.apply_as(Error::invalid_option, &suggest_call(name), |builder| {
            builder.options.set(name, value).map_err(|error| error.to_string())
        })
    }

    /// Sets the result of a successful `abortMultipart` and `restartMultipart`. Default: a plain
    /// 0, which the C# client reads; the Java client reads an object.
    pub fn result_shape(mut self, shape: ResultShape) -> Self {
        self.options.result_shape = shape;
        self
    }

    /// Sets how the legacy header `X-Content-Type: auto` is treated (§5.2). Default: it is rejected;
    /// one client sends it always and retries forever.
    pub fn x_content_type_auto(mut self, tolerance: Policy) -> Self {
        self.options.x_content_type_auto = tolerance;
        self
    }

    /// Sets how a form with an empty file is treated (§5.2). Default: it is accepted.
    pub fn empty_form_file(mut self, tolerance: Policy) -> Self {
        self.options.empty_form_file = tolerance;
        self
    }

    /// Sets how a form is treated whose part `uploadFile` has no file name, or an empty one
    /// (§5.2). Default: it is rejected with −24.
    pub fn form_part_without_filename(mut self, tolerance: Policy) -> Self {
        self.options.form_part_without_filename = tolerance;
        self
    }

    /// Sets how well-formed content types are treated that are not listed (§3.9). Default: they
    /// are accepted.
    pub fn unknown_content_type(mut self, tolerance: Policy) -> Self {
        self.options.unknown_content_type = tolerance;
        self
    }

    /// Sets the form in which `listPath` writes an entry with its stat (§7.2). Default: flat.
    pub fn listpath_items(mut self, items: ListPathItems) -> Self {
        self.options.listpath_items = items;
        self
    }

    /// Sets when `listPath` returns no further cookie (§7.2). Default: after a short page.
    pub fn listpath_last_cookie(mut self, last: LastCookie) -> Self {
        self.options.listpath_last_cookie = last;
        self
    }

    /// Sets whether `X-LLNW-Authorization` is read and `X-Llnw-Status` is sent. Default: off.
    pub fn legacy_headers(mut self, legacy: LegacyHeaders) -> Self {
        self.options.legacy_headers = legacy;
        self
    }

    /// Sets what pages of another web origin may send and read (§1.6). Default: as documented,
    /// where a browser lets them send no piece and read no `X-Agile-*` header.
    pub fn cors(mut self, cors: Cors) -> Self {
        self.options.cors = cors;
        self
    }

    /// Sets how a reused signature is treated (§9). Default: it is rejected.
    pub fn signature_reuse(mut self, tolerance: Policy) -> Self {
        self.options.signature_reuse = tolerance;
        self
    }

    /// Limits the requests per second to `/multipart/*` and `/post/*`; further requests get 429
    /// (§1.11). Default: no limit. The documented limit is 100; 0 rejects every request.
    pub fn rate_limit(mut self, requests_per_second: u64) -> Self {
        self.options.rate_limit = Some(requests_per_second);
        self
    }

    /// Limits the bytes that the account may store; further requests get 503 with −22 (§1.12).
    /// Default: no limit.
    pub fn disk_quota(mut self, bytes: u64) -> Self {
        self.options.disk_quota = Some(bytes);
        self
    }

    /// Sets the result code of a rename to a taken name (§7.2). Default: −2, as documented.
    pub fn rename_taken(mut self, taken: RenameTaken) -> Self {
        self.options.rename_taken = taken;
        self
    }

    /// Sets when a completed upload becomes a file, or that the join fails (§4.4). Default: at
    /// once.
    pub fn join(mut self, join: Join) -> Self {
        self.options.join = join;
        self
    }

    /// Sets how long readers do not see a new file, in protocol time (§8). Default: zero.
    pub fn egress_delay(mut self, delay: Duration) -> Self {
        self.options.egress_delay = delay;
        self
    }

    /// Returns the steps that differ from the default as Rust code: directories, files, options, limits and
    /// the hold limit. Users and uploads in progress are left out.
    #[cfg(feature = "check")]
    pub(crate) fn steps(&self) -> Vec<String> {
        let options = self.changed_options();
        let options = options.map(|(name, value)| format!(".set({name:?}, {value:?})"));
        let hold_limit = self.changed_hold_limit();
        let hold_limit = hold_limit.map(|limit| format!(".hold_limit({})", duration_code(limit)));
        let tls = self.has_tls().then(|| ".tls()".to_owned());
        self.given.steps().chain(options).chain(hold_limit).chain(tls).collect()
    }

    /// Returns the same as [`steps`](Self::steps) for `mock-origin serve`, without the files: options and values.
    #[cfg(feature = "check")]
    pub(crate) fn serve_options(&self) -> Vec<String> {
        let options = self.changed_options();
        let options = options.map(|(name, value)| ["--set".to_owned(), format!("{name}={value}")]);
        let hold_limit = self.changed_hold_limit();
        let hold_limit =
            hold_limit.map(|limit| ["--hold-limit".to_owned(), limit.as_secs_f64().to_string()]);
        let directories = self.given.directories().map(|path| ["--dir".to_owned(), path]);
        let tls = self.has_tls().then(|| "--tls".to_owned());
        directories.chain(options).chain(hold_limit).flatten().chain(tls).collect()
    }

    /// Returns name and value of each option and limit that differs from the default.
    #[cfg(feature = "check")]
    fn changed_options(&self) -> impl Iterator<Item = (&'static str, String)> {
        let pairs = self.options.values().zip(Options::default().values().collect::<Vec<_>>());
        pairs.filter(|(own, default)| own != default).map(|(own, _)| own)
    }

    /// Returns the hold limit if it differs from the default.
    #[cfg(feature = "check")]
    fn changed_hold_limit(&self) -> Option<Duration> {
        Some(self.hold_limit).filter(|limit| *limit != Self::default().hold_limit)
    }

    #[cfg(feature = "check")]
    #[cfg_attr(not(feature = "tls"), allow(clippy::unused_self))]
    fn has_tls(&self) -> bool {
        #[cfg(feature = "tls")]
        return self.tls.is_some();
        #[cfg(not(feature = "tls"))]
        false
    }

    /// Returns the paths of the files that are stored at the start, with their contents.
    #[cfg(feature = "check")]
    pub(crate) fn stored_files(&self) -> impl Iterator<Item = (String, &[u8])> {
        self.given.files()
    }
}

#[cfg(all(test, feature = "check"))]
mod tests {
    use super::*;
    use crate::mock::MockOrigin;

    #[test]
    fn the_steps_of_a_builder_are_rust_code() {
        let builder = MockOrigin::builder()
            .directory("/videos")
            .file("/videos/a.mp4", "\u{1}old")
            .file("/videos/b.mp4", b"\xff\"".to_vec())
            .join(Join::Polls(3))
            .hold_limit(Duration::from_millis(500));
        let steps = [
            r#".directory("/videos")"#,
            r#".file("/videos/a.mp4", "\u{1}old")"#,
            r#".file("/videos/b.mp4", b"\xff\"".to_vec())"#,
            r#".set("join", "polls:3")"#,
            ".hold_limit(Duration::from_millis(500))",
        ];
        assert_eq!(builder.steps(), steps);
        assert!(MockOrigin::builder().steps().is_empty());
    }
}
