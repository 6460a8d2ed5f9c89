//! The content types that the origin knows, and the extensions that stand for them (§3.8, §3.9).

/// A content type and its extensions, without the dot, in lower case.
#[derive(Debug)]
pub struct ContentTypeSpec {
    /// The type, `type/subtype`.
    pub name: &'static str,
    /// The extensions that it is derived from.
    pub extensions: &'static [&'static str],
}

/// The type of a stored file when nothing else is known (§3.10); as a given type it means "derive
/// one from the name" (§3.9).
pub const OCTET_STREAM: &str = "application/octet-stream";

/// The type without its parameters and the white space around it.
pub fn essence(given: &str) -> &str {
    given.split(';').next().unwrap_or(given).trim()
}

/// Whether the table lists the type; parameters and case do not count.
pub fn is_known(given: &str) -> bool {
    CONTENT_TYPES.iter().any(|row| row.name.eq_ignore_ascii_case(essence(given)))
}

/// Whether `given` is `type/subtype` in token characters with optional parameters (§3.9).
///
/// Over JSON-RPC a type may come with control characters, which no header could carry out again.
pub fn is_well_formed(given: &str) -> bool {
    if given.contains(|c: char| c.is_control() && c != '\t') {
        return false;
    }
    let (kind, rest) = given.split_once('/').unwrap_or_default();
    let end = rest.find(|c: char| c == ';' || c.is_whitespace()).unwrap_or(rest.len());
    let (subtype, parameters) = rest.split_at(end);
    is_token(kind.trim_start()) && is_token(subtype) && are_parameters(parameters)
}

/// The type that a file's name stands for, by its last extension in any case (§3.8).
///
/// `bin` and its like stand for nothing in particular, so they give none (§3.10).
pub fn of_name(name: &str) -> Option<&'static str> {
    let (_, extension) = name.rsplit_once('.')?;
    CONTENT_TYPES
        .iter()
        .find(|row| row.extensions.iter().any(|known| known.eq_ignore_ascii_case(extension)))
        .map(|row| row.name)
        .filter(|name| *name != OCTET_STREAM)
}

fn is_token(text: &str) -> bool {
    const PUNCTUATION: &str = "!#$%&'*+-.^_`|~";
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || PUNCTUATION.contains(c))
}

/// `; name=value` any number of times, each value a token or a quoted string; a `;` without one is let pass.
fn are_parameters(text: &str) -> bool {
    let mut rest = text.trim_start();
    while let Some(text) = rest.strip_prefix(';') {
        rest = text.trim_start();
        if rest.is_empty() || rest.starts_with(';') {
            continue;
        }
        let named = rest.split_once('=').filter(|(name, _)| is_token(name));
        let Some(behind) = named.and_then(|(_, value)| behind_value(value)) else { return false };
        rest = behind.trim_start();
    }
    rest.is_empty()
}

/// Returns what stands behind a token or a quoted string (RFC 9110 §5.6.4); nothing if the text begins with neither.
fn behind_value(text: &str) -> Option<&str> {
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

const fn row(name: &'static str, extensions: &'static [&'static str]) -> ContentTypeSpec {
    ContentTypeSpec { name, extensions }
}

/// Every type that the origin knows.
pub const CONTENT_TYPES: &[ContentTypeSpec] = &[
    row("application/atom+xml", &["atom"]),
    row("application/java-archive", &["jar", "war", "ear"]),
    row("application/json", &["json"]),
    row("application/mac-binhex40", &["hqx"]),
    row("application/msword", &["doc"]),
    row(
        "application/octet-stream",
        &["bin", "exe", "dll", "deb", "dmg", "eot", "iso", "img", "msi", "msp", "msm"],
    ),
    row("application/ogg", &["ogx"]),
    row("application/pdf", &["pdf"]),
    row("application/postscript", &["ps", "eps", "ai"]),
    row("application/rtf", &["rtf"]),
    row("application/vnd.google-earth.kml+xml", &["kml"]),
    row("application/vnd.google-earth.kmz", &["kmz"]),
    row("application/vnd.ms-excel", &["xls"]),
    row("application/vnd.ms-powerpoint", &["ppt"]),
    row("application/vnd.wap.wmlc", &["wmlc"]),
    row("application/x-7z-compressed", &["7z"]),
    row("application/x-cocoa", &["cco"]),
    row("application/xhtml+xml", &["xhtml"]),
    row("application/x-java-archive-diff", &["jardiff"]),
    row("application/x-java-jnlp-file", &["jnlp"]),
    row("application/x-javascript", &["js"]),
    row("application/x-makeself", &["run"]),
    row("application/x-perl", &["pl", "pm"]),
    row("application/x-pilot", &["prc", "pdb"]),
    row("application/x-rar-compressed", &["rar"]),
    row("application/x-redhat-package-manager", &["rpm"]),
    row("application/x-sea", &["sea"]),
    row("application/x-stuffit", &["sit"]),
    row("application/x-tcl", &["tcl", "tk"]),
    row("application/x-x509-ca-cert", &["der", "pem", "crt"]),
    row("application/x-xpinstall", &["xpi"]),
    row("application/zip", &["zip"]),
    row("audio/midi", &["mid", "midi", "kar"]),
    row("audio/mpeg", &["mpga", "mpega", "mp2", "mp3", "m4a"]),
    row("audio/ogg", &["oga", "ogg", "spx"]),
    row("audio/webm", &["weba"]),
    row("audio/x-realaudio", &["ra"]),
    row("image/gif", &["gif"]),
    row("image/jpeg", &["jpeg", "jpg"]),
    row("image/png", &["png"]),
    row("image/svg+xml", &["svg", "svgz"]),
    row("image/tiff", &["tif", "tiff"]),
    row("image/vnd.wap.wbmp", &["wbmp"]),
    row("image/x-icon", &["ico"]),
    row("image/x-jng", &["jng"]),
    row("image/x-ms-bmp", &["bmp"]),
    row("text/css", &["css"]),
    row("text/html", &["html", "htm", "shtml"]),
    row("text/mathml", &["mml"]),
    row("text/plain", &["txt"]),
    row("text/vnd.sun.j2me.app-descriptor", &["jad"]),
    row("text/vnd.wap.wml", &["wml"]),
    row("text/x-component", &["htc"]),
    row("text/xml", &["xml", "rss"]),
    row("video/3gpp", &["3gpp", "3gp"]),
    row("video/mp4", &["mp4"]),
    row("video/mpeg", &["mpeg", "mpg", "mpe"]),
    row("video/ogg", &["ogv"]),
    row("video/quicktime", &["mov"]),
    row("video/webm", &["webm"]),
    row("video/x-flv", &["flv"]),
    row("video/x-mng", &["mng"]),
    row("video/x-ms-asf", &["asx", "asf"]),
    row("video/x-msvideo", &["avi"]),
    row("video/x-ms-wmv", &["wmv"]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_the_published_list() {
        let listed = CONTENT_TYPES.iter().map(|row| (row.name, row.extensions.to_vec()));
        let published = include_str!("../../fixtures/content-types.tsv")
            .lines()
            .filter(|line| !line.starts_with('#'))
            .filter_map(|line| line.split_once('\t'))
            .map(|(name, extensions)| (name, extensions.split(' ').collect()));
        assert_eq!(listed.collect::<Vec<_>>(), published.collect::<Vec<_>>());
    }

    #[test]
    fn every_extension_derives_its_type() {
        for row in CONTENT_TYPES.iter().filter(|row| row.name != OCTET_STREAM) {
            for extension in row.extensions {
                assert_eq!(of_name(&format!("a.b.{}", extension.to_uppercase())), Some(row.name));
            }
        }
    }

    #[test]
    fn names_without_a_known_extension_derive_nothing() {
        for name in ["", "mp4", "a.", "a.unknown", "a.bin", "a.mp4.part"] {
            assert_eq!(of_name(name), None, "{name}");
        }
    }

    #[test]
    fn a_well_formed_type_is_two_tokens_and_parameters() {
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
