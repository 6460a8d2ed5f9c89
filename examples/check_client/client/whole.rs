//! Uploads of a whole file by one request, and the proof that a file is stored.

use std::time::Duration;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;

use super::args::{Args, Flavour};
use super::message::{Call, Reply};
use super::session::{Failure, Session};
use super::source::Source;
use super::stop;

/// It must not occur in the file. This client does not look, because check's files are random.
const BOUNDARY: &str = "check-client-2d4bbd0a8f3e";

/// The pauses in milliseconds after questions about the file.
const PAUSES: [u64; 4] = [100, 200, 400, 0];

/// Sends the file by `/post/raw` or `/post/file`.
pub(super) fn send(session: &mut Session, args: &Args, source: &Source) -> Result<(), Failure> {
    let is_form = args.flavour == Flavour::Form;
    let quote = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let make = |_| {
        let body = source.whole().map_err(Failure::File)?;
        let recursive = ("X-Agile-Recursive", "true".to_owned());
        Ok(if is_form {
            let kind = ("Content-Type", format!("multipart/form-data; boundary={BOUNDARY}"));
            let body = form(&args.directory, &args.name, &body);
            Call::Endpoint { target: "/post/file".into(), headers: vec![recursive, kind], body }
        } else {
            let headers = vec![
                ("X-Agile-Directory", quote(&args.directory)),
                ("X-Agile-Basename", quote(&args.name)),
                ("X-Agile-Encoding", "UTF8".to_owned()),
                recursive,
            ];
            Call::Endpoint { target: "/post/raw".into(), headers, body }
        })
    };
    let check = |reply: &Reply| {
        let header = |name| reply.response.as_ref().and_then(|response| response.header(name));
        let stored = header("X-Agile-Checksum").unwrap_or_default();
        if !stored.eq_ignore_ascii_case(&source.digest) {
            return Err(format!(
                "the file has checksum {}, and {stored} on the origin",
                source.digest
            ));
        }
        match header("X-Agile-Size").unwrap_or_default() {
            size if size == source.size.to_string() => Ok(()),
            size => Err(format!("the file has {} bytes, and {size} on the origin", source.size)),
        }
    };
    session.call(make, check)?;
    source.check_unchanged().map_err(Failure::File)?;
    let path = format!("{}/{}", args.directory.trim_end_matches('/'), args.name);
    if is_stored(session, &path, source)? {
        return Ok(());
    }
    Err(Failure::NoSuccess("the stored file is missing or differs".to_owned()))
}

/// Returns whether the origin has a file of this size and checksum. It asks a few times, because the first answers may
/// be old.
pub(super) fn is_stored(
    session: &mut Session,
    path: &str,
    source: &Source,
) -> Result<bool, Failure> {
    for pause in PAUSES {
        match session.method("stat", &[json!(path), json!(true)]) {
            Ok(stat) => {
                let checksum = stat["checksum"].as_str().unwrap_or_default();
                let size = stat["size"].as_u64();
                if checksum.eq_ignore_ascii_case(&source.digest) && size == Some(source.size) {
                    return Ok(true);
                }
            }
            Err(Failure::Rejected { .. }) => {}
            Err(failure) => return Err(failure),
        }
        stop::pause(Duration::from_millis(pause));
    }
    Ok(false)
}

/// Encodes a form with the names as fields, because a `filename` cannot hold every character.
fn form(directory: &str, name: &str, content: &[u8]) -> Vec<u8> {
    let field = |field: &str, value: &str| {
        format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{field}\"\r\n\r\n{value}\r\n"
        )
    };
    let file = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"uploadFile\"; filename=\"file\"\r\n\
         Content-Type: application/octet-stream\r\n\r\n"
    );
    let fields = [field("directory", directory), field("basename", name), file].concat();
    [fields.as_bytes(), content, format!("\r\n--{BOUNDARY}--\r\n").as_bytes()].concat()
}
