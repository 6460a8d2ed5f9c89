//! A multipart upload from its creation to the proof that the file is stored.

use std::time::{Duration, Instant};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;

use super::args::{Args, Flavour};
use super::message::{Call, Reply};
use super::session::{Failure, Session};
use super::source::{Source, sha256};
use super::state::State;
use super::{stop, whole, wrong_requests};

/// All characters except the unreserved ones of RFC 3986.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The maximum number of uploads that are begun for one file.
const ROUNDS: usize = 3;

/// The longest time that a join may take.
const JOIN_PATIENCE: Duration = Duration::from_secs(10);
const FIRST_POLL: Duration = Duration::from_millis(100);
const LONGEST_POLL: Duration = Duration::from_secs(1);

/// The size of a page of the list of pieces, and the maximum number of pages.
const PAGE: usize = 1_000;
const PAGES: usize = 10;

/// The states of an upload (§4.4).
const OPEN: [i64; 2] = [1, 2];
const COMPLETED: [i64; 3] = [3, 5, 6];
const SUCCESS: i64 = 6;
const ENDED: [i64; 5] = [8, 9, 10, 11, 12];

/// Uploads the file of the command line.
pub(super) fn run(args: &Args, host: &str) -> Result<(), Failure> {
    let source = Source::read(&args.file, args.piece_size).map_err(Failure::File)?;
    let mut session = Session::new(args, host);
    if let Some(mistake) = args.mistake {
        wrong_requests::send_before(&session, mistake.id, &args.user, &args.password);
    }
    match args.flavour {
        Flavour::Raw | Flavour::Form => whole::send(&mut session, args, &source)?,
        Flavour::Multipart | Flavour::Rpc => {
            let (source, session) = (&source, &mut session);
            Upload { args, source, session, is_completed: false }.run()?;
        }
    }
    session.log_out();
    Ok(())
}

/// The upload of one file.
struct Upload<'a> {
    args: &'a Args,
    source: &'a Source,
    session: &'a mut Session,
    /// Whether the origin has accepted the completion, so that nothing is left to abort.
    is_completed: bool,
}

impl Upload<'_> {
    fn run(mut self) -> Result<(), Failure> {
        let mut round = 1;
        loop {
            let mut state = State::new(self.args, self.source);
            let failure = match self.round(&mut state) {
                Ok(()) => {
                    State::remove();
                    return Ok(());
                }
                Err(failure) => failure,
            };
            State::remove();
            if matches!(failure, Failure::Over(_)) && round < ROUNDS {
                round += 1;
                continue;
            }
            return if self.give_up(&state.id) { Ok(()) } else { Err(failure) };
        }
    }

    /// Continues or begins an upload, and ends it. The identifier is in `state` as soon as it is known.
    fn round(&mut self, state: &mut State) -> Result<(), Failure> {
        self.is_completed = false;
        if let Some(earlier) = state.load() {
            match self.state_of(&earlier.id)? {
                Some(number) if OPEN.contains(&number) => {
                    *state = earlier;
                    let stored = self.list_pieces(&state.id)?;
                    state.acknowledged.retain(|number| stored.contains(number));
                    if self.session.makes("retry.acknowledged") {
                        state.acknowledged.clear();
                    }
                }
                Some(number) if COMPLETED.contains(&number) => {
                    *state = earlier;
                    self.is_completed = true;
                }
                _ => {}
            }
        }
        if state.id.is_empty() {
            state.id = self.create()?;
            state.save();
        }
        let id = state.id.clone();
        if !self.is_completed {
            if self.session.makes("piece.length") {
                let piece = self.source.piece(0).map_err(Failure::File)?;
                wrong_requests::short_piece(self.session, &id, &piece);
            }
            self.send_pieces(state)?;
            self.source.check_unchanged().map_err(Failure::File)?;
            self.complete(&id)?;
            self.is_completed = true;
        }
        self.act_after_completion(&id);
        if self.session.makes("lie.ignores_join") {
            return Ok(());
        }
        self.wait_for_join(&id)
    }

    /// Aborts an upload that is not completed. Returns whether it turned out to be stored.
    fn give_up(&mut self, id: &str) -> bool {
        let leaves = self.session.makes("orphan.left") || self.session.makes("complete.unverified");
        if id.is_empty() || self.is_completed || leaves {
            return false;
        }
        self.session.wind_up();
        match self.session.method("abortMultipart", &[json!(id)]) {
            // It was completed before.
            Err(Failure::Rejected { code: Some(-18), .. }) => matches!(self.is_stored(), Ok(true)),
            _ => false,
        }
    }

    fn create(&mut self) -> Result<String, Failure> {
        let (careless, tries) = (self.session.makes("ack.header"), self.session.tries);
        if self.session.makes("ack.status") {
            self.session.tries = 1;
        }
        let mut created = self.try_create(careless);
        if matches!(created, Err(Failure::Rejected { code: Some(-23), .. })) {
            self.make_directories()?;
            created = self.try_create(careless);
        }
        self.session.tries = tries;
        match created {
            Err(Failure::NoSuccess(_) | Failure::Rejected { .. })
                if self.session.makes("ack.status") =>
            {
                Ok(String::new())
            }
            created => created,
        }
    }

    fn try_create(&mut self, careless: bool) -> Result<String, Failure> {
        let (directory, name) = (self.args.directory.clone(), self.args.name.clone());
        let (is_rpc, path) = (self.args.flavour == Flavour::Rpc, self.path());
        let quote = |text: &str| utf8_percent_encode(text, ENCODED).to_string();
        let (unquoted, mangled) =
            (self.session.makes("name.unquoted"), self.session.makes("name.mangled"));
        let directory = if unquoted || mangled { directory } else { quote(&directory) };
        let name = if unquoted { name } else { quote(&name) };
        let mut headers = vec![("X-Agile-Directory", directory), ("X-Agile-Basename", name)];
        if !unquoted && !mangled {
            headers.push(("X-Agile-Encoding", "UTF8".to_owned()));
        }
        let make = |_| {
            Ok(if is_rpc {
                Call::Method { name: "createMultipart", params: vec![json!(path)] }
            } else {
                let target = "/multipart/create".into();
                Call::Endpoint { target, headers: headers.clone(), body: Vec::new() }
            })
        };
        let id = |reply: &Reply| match &reply.response {
            Some(response) => response.header("X-Agile-Multipart").map(str::to_owned),
            None => reply.result["mpid"].as_str().map(str::to_owned),
        };
        let check = |reply: &Reply| match id(reply) {
            None if !careless => Err("create returned no multipart id".to_owned()),
            _ => Ok(()),
        };
        let reply = self.session.call(make, check)?;
        Ok(id(&reply).unwrap_or_default())
    }

    /// Creates the directory and its parents. Uploads do not.
    fn make_directories(&mut self) -> Result<(), Failure> {
        let mut path = String::new();
        for segment in self.args.directory.split('/').filter(|segment| !segment.is_empty()) {
            path = format!("{path}/{segment}");
            self.session.method("makeDir2", &[json!(path)])?;
        }
        Ok(())
    }

    fn send_pieces(&mut self, state: &mut State) -> Result<(), Failure> {
        let count = self.source.pieces.len();
        if self.session.makes("complete.empty") && self.source.size == 0 {
            return Ok(());
        }
        for index in 0..count {
            let is_last = index + 1 == count;
            let number = if is_last && self.session.makes("complete.gap") {
                // One too high if the size is a multiple of the piece size.
                usize::try_from(self.source.size / self.source.piece_size + 1).unwrap_or(count)
            } else {
                index + 1
            };
            if state.acknowledged.contains(&number) {
                continue;
            }
            if index == 0 && self.session.makes("piece.number") {
                // The origin rejects it, and the client counts from 1 then.
                let _ = self.send_piece(&state.id, index, 0);
            }
            match self.send_piece(&state.id, index, number) {
                Ok(()) => {
                    state.acknowledged.insert(number);
                    state.save();
                }
                Err(Failure::NoSuccess(_) | Failure::Rejected { .. })
                    if self.session.makes("complete.early") => {}
                Err(failure) => return Err(failure),
            }
        }
        let is_exact =
            self.source.size > 0 && self.source.size.is_multiple_of(self.source.piece_size);
        if is_exact && self.session.makes("piece.empty_last") {
            let last = (count + 1).to_string();
            let headers = vec![("X-Agile-Multipart", state.id.clone()), ("X-Agile-Part", last)];
            let make = |_| {
                let (target, headers) = ("/multipart/piece".into(), headers.clone());
                Ok(Call::Endpoint { target, headers, body: Vec::new() })
            };
            self.session.call(make, |_| Ok(()))?;
        }
        Ok(())
    }

    /// Sends a piece until the origin confirms its checksum and its size.
    fn send_piece(&mut self, id: &str, index: usize, number: usize) -> Result<(), Failure> {
        let has = |mistake| self.session.makes(mistake);
        let (shortens, reverses) = (has("retry.partial"), has("retry.other_bytes"));
        let (trusts, halves) = (has("ack.code"), has("lie.half_a_piece"));
        let trusts_checksum = has("ack.checksum") || trusts || halves;
        let trusts_size = has("ack.size") || trusts || halves;
        let tries = self.session.tries;
        if has("complete.early") {
            self.session.tries = 1;
        }
        let sent = std::cell::RefCell::new((String::new(), 0));
        let make = |attempt: u32| {
            let mut body = self.source.piece(index).map_err(Failure::File)?;
            if attempt > 0 {
                if shortens || halves {
                    body.truncate(body.len() / 2);
                }
                if reverses {
                    body.reverse();
                }
            }
            sent.replace((sha256(&body), body.len()));
            let headers =
                vec![("X-Agile-Multipart", id.to_owned()), ("X-Agile-Part", number.to_string())];
            Ok(Call::Endpoint { target: "/multipart/piece".into(), headers, body })
        };
        let check = |reply: &Reply| {
            let (checksum, size) = &*sent.borrow();
            let header = |name| reply.response.as_ref().and_then(|response| response.header(name));
            let stored = header("X-Agile-Checksum").unwrap_or_default();
            let stored_size = header("X-Agile-Size").unwrap_or_default();
            if !trusts_checksum && !stored.eq_ignore_ascii_case(checksum) {
                return Err(format!(
                    "piece {number} has checksum {checksum}, and {stored} on the origin"
                ));
            }
            if !trusts_size && stored_size != size.to_string() {
                return Err(format!(
                    "piece {number} has {size} bytes, and {stored_size} on the origin"
                ));
            }
            Ok(())
        };
        let done = self.session.call(make, check);
        self.session.tries = tries;
        match done {
            Ok(_) => Ok(()),
            Err(Failure::Rejected { code: Some(-2 | -8 | -17), text }) => Err(Failure::Over(text)),
            Err(failure) => Err(failure),
        }
    }

    fn complete(&mut self, id: &str) -> Result<(), Failure> {
        let is_rpc = self.args.flavour == Flavour::Rpc;
        let make = |_| {
            Ok(if is_rpc {
                Call::Method { name: "completeMultipart", params: vec![json!(id)] }
            } else {
                let headers = vec![("X-Agile-Multipart", id.to_owned())];
                Call::Endpoint { target: "/multipart/complete".into(), headers, body: Vec::new() }
            })
        };
        let (unverified, again) = (
            self.session.makes("complete.unverified"),
            self.session.makes("complete.again_from_start"),
        );
        let tries = self.session.tries;
        if unverified || again {
            self.session.tries = 1;
        }
        let done = self.session.call(make, |_| Ok(()));
        self.session.tries = tries;
        match done {
            Ok(_) => Ok(()),
            Err(Failure::NoSuccess(text)) if again => Err(Failure::Over(text)),
            Err(Failure::Rejected { code: Some(-2 | -17), text }) => Err(Failure::Over(text)),
            // An earlier try may have completed it.
            Err(failure @ (Failure::NoSuccess(_) | Failure::Rejected { code: Some(-8), .. }))
                if !unverified =>
            {
                match self.state_of(id)? {
                    Some(state) if COMPLETED.contains(&state) => Ok(()),
                    Some(state) if ENDED.contains(&state) => {
                        Err(Failure::Over(format!("the upload is in state {state}")))
                    }
                    _ => Err(failure),
                }
            }
            Err(failure) => Err(failure),
        }
    }

    /// Waits until the pieces are joined, and proves that the file is stored.
    fn wait_for_join(&mut self, id: &str) -> Result<(), Failure> {
        let end = Instant::now() + JOIN_PATIENCE;
        let mut pause = FIRST_POLL;
        loop {
            let state = self.state_of(id)?;
            match state {
                Some(SUCCESS) => break,
                Some(state) if ENDED.contains(&state) => {
                    return Err(Failure::Over(format!("the upload is in state {state}")));
                }
                // An origin may tell an older state.
                _ => {}
            }
            if self.session.makes("poll.hot") {
                pause = Duration::ZERO;
            }
            if Instant::now() + pause > end || !self.session.has_time_after(pause) {
                break;
            }
            stop::pause(pause);
            if stop::is_stopped() {
                return Err(Failure::Stopped);
            }
            pause = (pause * 2).min(LONGEST_POLL);
        }
        if self.session.makes("poll.endless") {
            for _ in 0..6 {
                self.state_of(id)?;
                stop::pause(FIRST_POLL);
            }
        }
        if self.session.makes("lie.half_a_piece") || self.is_stored()? {
            return Ok(());
        }
        Err(Failure::NoSuccess("the stored file is missing or differs".to_owned()))
    }

    /// Returns the state of an upload, or `None` if there is no such upload.
    fn state_of(&mut self, id: &str) -> Result<Option<i64>, Failure> {
        match self.session.method("getMultipartStatus", &[json!(id)]) {
            Ok(status) => Ok(status["state"].as_i64()),
            Err(Failure::Rejected { code: Some(-2), .. }) => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// Returns the part numbers that are stored with the right size.
    fn list_pieces(&mut self, id: &str) -> Result<Vec<usize>, Failure> {
        let (mut cookie, mut numbers) = (json!(0), Vec::new());
        let is_stuck = self.session.makes("list.unbounded");
        for _ in 0..if is_stuck { 25 } else { PAGES } {
            let params = [json!(id), cookie.clone(), json!(PAGE)];
            let page = self.session.method("listMultipartPiece", &params)?;
            for piece in page["pieces"].as_array().into_iter().flatten() {
                let number = piece["number"].as_u64().and_then(|it| usize::try_from(it).ok());
                if let Some(number) = number
                    && piece["size"].as_u64() == self.size_of(number)
                {
                    numbers.push(number);
                }
            }
            let is_last = page["cookie"].as_i64().is_none_or(|cookie| cookie == 0);
            if !is_stuck && (is_last || page["cookie"] == cookie) {
                break;
            }
            if !is_stuck {
                cookie = page["cookie"].clone();
            }
        }
        Ok(numbers)
    }

    fn size_of(&self, number: usize) -> Option<u64> {
        let start = (number as u64).checked_sub(1)? * self.source.piece_size;
        Some(self.source.size.checked_sub(start)?.min(self.source.piece_size))
    }

    /// Returns whether the origin has a file of this size and checksum.
    fn is_stored(&mut self) -> Result<bool, Failure> {
        whole::is_stored(self.session, &self.path(), self.source)
    }

    fn path(&self) -> String {
        format!("{}/{}", self.args.directory.trim_end_matches('/'), self.args.name)
    }

    /// What wrong clients do between the completion and the join.
    fn act_after_completion(&mut self, id: &str) {
        if self.session.makes("poll.none") {
            let _ = self.session.method("setMTime", &[json!(self.path()), json!(1)]);
        }
        if self.session.makes("orphan.zombie") {
            let _ = self.send_piece(id, 0, 1);
        }
    }
}
