//! Finding a file's content type (§5.1).

use crate::protocol::{
    ErrorKind, OCTET_STREAM, Policy, essence, is_known, is_well_formed, of_name,
};
use crate::storage::Storage;

use super::context::RequestContext;

/// Where a content type is looked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Detect {
    /// In the name's extension.
    Name,
    /// In the first bytes.
    Content,
    /// In the name, and then in the first bytes.
    #[default]
    Auto,
}

impl Detect {
    /// The way of that name.
    pub(super) fn named(text: &str) -> Option<Self> {
        match text {
            "name" => Some(Self::Name),
            "content" => Some(Self::Content),
            "auto" => Some(Self::Auto),
            _ => None,
        }
    }
}

/// What the headers of a whole file say of its type.
#[derive(Clone, Debug, Default)]
pub(super) struct ContentTypeRule {
    given: Option<String>,
    detect: Detect,
}

impl ContentTypeRule {
    /// Reads and judges the headers that name a type (§5.1).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::ContentType`], or where no type is given [`ErrorKind::Detect`].
    pub(super) fn read(ask: &RequestContext<'_>) -> Result<Self, ErrorKind> {
        let legacy = ask.text("X-Content-Type");
        let puts_up = ask.storage.options().x_content_type_auto == Policy::Accept;
        let given = match (ask.text("X-Agile-Content-Type"), legacy) {
            (Some(given), _) => Some(given),
            (None, Some(legacy)) if legacy == "auto" && !puts_up => {
                return Err(ErrorKind::ContentType);
            }
            (None, legacy) => legacy,
        };
        let Some(given) = given else {
            let way = ask.text("X-Agile-Content-Detect").or_else(|| ask.text("X-Content-Detect"));
            let detect = way.map(|way| Detect::named(&way).ok_or(ErrorKind::Detect)).transpose()?;
            return Ok(Self { given: None, detect: detect.unwrap_or_default() });
        };
        check(ask.storage, &given)?;
        Ok(Self { detect: Detect::named(&given).unwrap_or_default(), given: Some(given) })
    }

    /// The type of a file: the first that is given, listed and not `application/octet-stream`, of
    /// the header's and the form part's; else what is found.
    pub(super) fn decide(&self, part: Option<&str>, name: &str, start: &[u8]) -> Option<String> {
        let says =
            |given: &&str| is_known(given) && !essence(given).eq_ignore_ascii_case(OCTET_STREAM);
        let part = part.filter(|given| is_well_formed(given));
        let given = self.given.as_deref().filter(says).or_else(|| part.filter(says));
        let by_name = || of_name(name);
        let by_content = || infer::get(start).map(|kind| kind.mime_type());
        let found = || match self.detect {
            Detect::Name => by_name(),
            Detect::Content => by_content(),
            Detect::Auto => by_name().or_else(by_content),
        };
        given.or_else(found).map(str::to_owned)
    }
}

/// Whether a given type is one, or a legacy word that asks for one to be found (§3.9).
///
/// # Errors
///
/// [`ErrorKind::ContentType`] if it is neither, or is not listed where the switch minds that.
pub(super) fn check(storage: &Storage, given: &str) -> Result<(), ErrorKind> {
    let minds = storage.options().unknown_content_type == Policy::Refuse;
    let is_fine =
        Detect::named(given).is_some() || (is_well_formed(given) && (is_known(given) || !minds));
    if is_fine { Ok(()) } else { Err(ErrorKind::ContentType) }
}
