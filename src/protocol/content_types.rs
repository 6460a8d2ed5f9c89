//! The content types that the origin knows, and their file extensions (§3.8, §3.9). This module
//! reads no bytes of a file. Start with [`ContentTypeSpec`] and [`CONTENT_TYPES`].

/// A content type and its extensions, without the dot, in lower case.
#[derive(Debug)]
pub struct ContentTypeSpec {
    /// The type, `type/subtype`.
    pub name: &'static str,
    /// The extensions from which it is derived.
    pub extensions: &'static [&'static str],
}

/// The type of a stored file of unknown type (§3.10). As a declared type it means "derive the type
/// from the name" (§3.9).
pub(crate) const OCTET_STREAM: &str = "application/octet-stream";

/// Returns the type without its parameters and the surrounding white space.
pub(crate) fn essence(given: &str) -> &str {
    let bytes = given.as_bytes();
    let mut end = 0;
    while end < bytes.len() && bytes[end] != b';' {
        end += 1;
    }
    let essence = &given[..end];
    match essence.as_bytes() {
        // Nothing to trim. `trim` would decode characters, which is slow in unoptimised builds.
        [b'!'..=b'~', .., b'!'..=b'~'] => essence,
        _ => essence.trim(),
    }
}

/// Returns whether the table lists the type, without regard to parameters and case.
pub(crate) fn is_known(given: &str) -> bool {
    CONTENT_TYPES.iter().any(|spec| spec.name.eq_ignore_ascii_case(essence(given)))
}

/// Returns whether `given` is `type/subtype` in token characters with optional parameters (§3.9).
///
/// A type in JSON-RPC may have control characters, which no header can hold.
pub(crate) fn is_well_formed(given: &str) -> bool {
    if given.contains(|c: char| c.is_control() && c != '\t') {
        return false;
    }
    let (kind, rest) = given.split_once('/').unwrap_or_default();
    let end = rest.find(|c: char| c == ';' || c.is_whitespace()).unwrap_or(rest.len());
    let (subtype, parameters) = rest.split_at(end);
    is_token(kind.trim_start()) && is_token(subtype) && are_parameters(parameters)
}

/// Returns the type that the last extension of a file name stands for, in any case (§3.8).
///
/// Returns `None` for `bin` and similar extensions, which stand for no specific type (§3.10).
pub(crate) fn derive_from_name(name: &str) -> Option<&'static str> {
    let (_, extension) = name.rsplit_once('.')?;
    CONTENT_TYPES
        .iter()
        .find(|spec| spec.extensions.iter().any(|known| known.eq_ignore_ascii_case(extension)))
        .map(|spec| spec.name)
        .filter(|name| *name != OCTET_STREAM)
}

fn is_token(text: &str) -> bool {
    const PUNCTUATION: &str = "!#$%&'*+-.^_`|~";
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || PUNCTUATION.contains(c))
}

/// Returns whether the text is `; name=value` any number of times, each value a token or a quoted
/// string. A `;` alone is accepted.
fn are_parameters(text: &str) -> bool {
    let mut rest = text.trim_start();
    while let Some(text) = rest.strip_prefix(';') {
        rest = text.trim_start();
        if rest.is_empty() || rest.starts_with(';') {
            continue;
        }
        let named = rest.split_once('=').filter(|(name, _)| is_token(name));
        let Some(behind) = named.and_then(|(_, value)| skip_value(value)) else { return false };
        rest = behind.trim_start();
    }
    rest.is_empty()
}

/// Returns the text after a leading token or quoted string (RFC 9110 §5.6.4), or `None` if it
/// begins with neither.
fn skip_value(text: &str) -> Option<&str> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(|c: char| c == ';' || c.is_whitespace()).unwrap_or(text.len());
        return is_token(&text[..end]).then_some(&text[end..]);
    };
    let mut chars = quoted.char_indices();
    while let Some((at, char)) = chars.next() {
        match char {
            '"' => return Some(&quoted[at + 1..]),
            '\\' => drop(chars.next()),
            _ => {}
        }
    }
    None
}

const fn spec(name: &'static str, extensions: &'static [&'static str]) -> ContentTypeSpec {
    ContentTypeSpec { name, extensions }
}

/// Every content type that the origin knows.
pub const CONTENT_TYPES: &[ContentTypeSpec] = &[
    spec("application/atom+xml", &["atom"]),
    spec("application/java-archive", &["jar", "war", "ear"]),
    spec("application/json", &["json"]),
    spec("application/mac-binhex40", &["hqx"]),
    spec("application/msword", &["doc"]),
    spec(
        "application/octet-stream",
        &["bin", "exe", "dll", "deb", "dmg", "eot", "iso", "img", "msi", "msp", "msm"],
    ),
    spec("application/ogg", &["ogx"]),
    spec("application/pdf", &["pdf"]),
    spec("application/postscript", &["ps", "eps", "ai"]),
    spec("application/rtf", &["rtf"]),
    spec("application/vnd.google-earth.kml+xml", &["kml"]),
    spec("application/vnd.google-earth.kmz", &["kmz"]),
    spec("application/vnd.ms-excel", &["xls"]),
    spec("application/vnd.ms-powerpoint", &["ppt"]),
    spec("application/vnd.wap.wmlc", &["wmlc"]),
    spec("application/x-7z-compressed", &["7z"]),
    spec("application/x-cocoa", &["cco"]),
    spec("application/xhtml+xml", &["xhtml"]),
    spec("application/x-java-archive-diff", &["jardiff"]),
    spec("application/x-java-jnlp-file", &["jnlp"]),
    spec("application/x-javascript", &["js"]),
    spec("application/x-makeself", &["run"]),
    spec("application/x-perl", &["pl", "pm"]),
    spec("application/x-pilot", &["prc", "pdb"]),
    spec("application/x-rar-compressed", &["rar"]),
    spec("application/x-redhat-package-manager", &["rpm"]),
    spec("application/x-sea", &["sea"]),
    spec("application/x-stuffit", &["sit"]),
    spec("application/x-tcl", &["tcl", "tk"]),
    spec("application/x-x509-ca-cert", &["der", "pem", "crt"]),
    spec("application/x-xpinstall", &["xpi"]),
    spec("application/zip", &["zip"]),
    spec("audio/midi", &["mid", "midi", "kar"]),
    spec("audio/mpeg", &["mpga", "mpega", "mp2", "mp3", "m4a"]),
    spec("audio/ogg", &["oga", "ogg", "spx"]),
    spec("audio/webm", &["weba"]),
    spec("audio/x-realaudio", &["ra"]),
    spec("image/gif", &["gif"]),
    spec("image/jpeg", &["jpeg", "jpg"]),
    spec("image/png", &["png"]),
    spec("image/svg+xml", &["svg", "svgz"]),
    spec("image/tiff", &["tif", "tiff"]),
    spec("image/vnd.wap.wbmp", &["wbmp"]),
    spec("image/x-icon", &["ico"]),
    spec("image/x-jng", &["jng"]),
    spec("image/x-ms-bmp", &["bmp"]),
    spec("text/css", &["css"]),
    spec("text/html", &["html", "htm", "shtml"]),
    spec("text/mathml", &["mml"]),
    spec("text/plain", &["txt"]),
    spec("text/vnd.sun.j2me.app-descriptor", &["jad"]),
    spec("text/vnd.wap.wml", &["wml"]),
    spec("text/x-component", &["htc"]),
    spec("text/xml", &["xml", "rss"]),
    spec("video/3gpp", &["3gpp", "3gp"]),
    spec("video/mp4", &["mp4"]),
    spec("video/mpeg", &["mpeg", "mpg", "mpe"]),
    spec("video/ogg", &["ogv"]),
    spec("video/quicktime", &["mov"]),
    spec("video/webm", &["webm"]),
    spec("video/x-flv", &["flv"]),
    spec("video/x-mng", &["mng"]),
    spec("video/x-ms-asf", &["asx", "asf"]),
    spec("video/x-msvideo", &["avi"]),
    spec("video/x-ms-wmv", &["wmv"]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_matches_the_published_list() {
        let listed = CONTENT_TYPES.iter().map(|spec| (spec.name, spec.extensions.to_vec()));
        let published = include_str!("../../fixtures/content-types.tsv")
            .lines()
            .filter(|line| !line.starts_with('#'))
            .filter_map(|line| line.split_once('\t'))
            .map(|(name, extensions)| (name, extensions.split(' ').collect()));
        assert_eq!(listed.collect::<Vec<_>>(), published.collect::<Vec<_>>());
    }

    #[test]
    fn every_extension_derives_its_type() {
        for spec in CONTENT_TYPES.iter().filter(|spec| spec.name != OCTET_STREAM) {
            for extension in spec.extensions {
                assert_eq!(
                    derive_from_name(&format!("a.b.{}", extension.to_uppercase())),
                    Some(spec.name)
                );
            }
        }
    }

    #[test]
    fn names_without_a_known_extension_derive_no_type() {
        for name in ["", "mp4", "a.", "a.unknown", "a.bin", "a.mp4.part"] {
            assert_eq!(derive_from_name(name), None, "{name}");
        }
    }

    #[test]
    fn only_tokens_and_parameters_are_well_formed() {
        for good in [
            "text/html",
            "TEXT/html; charset=utf-8",
            "a/b+c;d=\"e f\"",
            "x-a/y.z;",
            "text/plain; a=\"b;c\"",
            "text/plain; a=\"b\\\";c\" ; d=e",
            "a/b ;; c=\"\"",
        ] {
            assert!(is_well_formed(good), "{good}");
        }
        for bad in ["", "text", "text/", "/html", "te xt/html", "a/b/c", "a/b;c", "a/b;c=d e"]
            .into_iter()
            .chain(["a/b;c=\"d", "a/b;c=\"d\\\"", "a/b;c=\"d\"e", "a/b;c=", "a/b c=d", "a/b; c =d"])
        {
            assert!(!is_well_formed(bad), "{bad}");
        }
        for bad in ["text/html\r\n", "a/b;\r\nc=d", "a/b;c=\"\r\nd\"", "a/b;c=\"\0\""] {
            assert!(!is_well_formed(bad), "{bad:?}");
        }
    }
}
