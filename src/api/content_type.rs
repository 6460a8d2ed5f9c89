//! Determines the content type of a file (§5.1). Start with [`ContentTypeRule`].

use crate::protocol::{
    ErrorKind, OCTET_STREAM, Policy, derive_from_name, essence, is_known, is_well_formed,
};
use crate::storage::Storage;

use super::context::RequestContext;

/// The source of a detected content type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Detect {
    /// The extension of the name.
    Name,
    /// The first bytes.
    Content,
    /// The name, and then the first bytes.
    #[default]
    Auto,
}

impl Detect {
    /// Parses the value of a header.
    pub(super) fn parse(text: &str) -> Option<Self> {
        match text {
            "name" => Some(Self::Name),
            "content" => Some(Self::Content),
            "auto" => Some(Self::Auto),
            _ => None,
        }
    }
}

/// The headers of a whole file that concern its type.
#[derive(Clone, Debug, Default)]
pub(super) struct ContentTypeRule {
    given: Option<String>,
    detect: Detect,
}

impl ContentTypeRule {
    /// Reads and checks the headers that declare a type (§5.1).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::ContentType`], or [`ErrorKind::Detect`] if no type is declared.
    pub(super) fn read(context: &RequestContext<'_>) -> Result<Self, ErrorKind> {
        let legacy = context.text("X-Content-Type");
        let puts_up = context.storage.options().x_content_type_auto == Policy::Accept;
        let given = match (context.text("X-Agile-Content-Type"), legacy) {
            (Some(given), _) => Some(given),
            (None, Some(legacy)) if legacy == "auto" && !puts_up => {
                return Err(ErrorKind::ContentType);
            }
            (None, legacy) => legacy,
        };
        let Some(given) = given else {
            let way =
                context.text("X-Agile-Content-Detect").or_else(|| context.text("X-Content-Detect"));
            let detect = way.map(|way| Detect::parse(&way).ok_or(ErrorKind::Detect)).transpose()?;
            return Ok(Self { given: None, detect: detect.unwrap_or_default() });
        };
        check(context.storage, &given)?;
        Ok(Self {
            detect: Detect::parse(&given).unwrap_or_default(),
            given: Some(given.into_owned()),
        })
    }

    /// Returns the type of a file: the first declared type, of the header and then of the form
    /// part, that is listed and not `application/octet-stream`; else the detected type.
    pub(super) fn decide(&self, part: Option<&str>, name: &str, start: &[u8]) -> Option<String> {
        let says =
            |given: &&str| is_known(given) && !essence(given).eq_ignore_ascii_case(OCTET_STREAM);
        let part = part.filter(|given| is_well_formed(given));
        let given = self.given.as_deref().filter(says).or_else(|| part.filter(says));
        let by_name = || derive_from_name(name);
        let by_content = || infer::get(start).map(|kind| kind.mime_type());
        let found = || match self.detect {
            Detect::Name => by_name(),
            Detect::Content => by_content(),
            Detect::Auto => by_name().or_else(by_content),
        };
        given.or_else(found).map(str::to_owned)
    }
}

/// Checks whether a declared type is valid, or a legacy word that asks for detection (§3.9).
///
/// # Errors
///
/// [`ErrorKind::ContentType`] if it is neither, or is not listed and the option
/// `unknown_content_type` rejects it.
pub(super) fn check(storage: &Storage, given: &str) -> Result<(), ErrorKind> {
    let minds = storage.options().unknown_content_type == Policy::Reject;
    let is_fine =
        Detect::parse(given).is_some() || (is_well_formed(given) && (is_known(given) || !minds));
    if is_fine { Ok(()) } else { Err(ErrorKind::ContentType) }
}
