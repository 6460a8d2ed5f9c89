//! Changes the head of a response as a fault requires. Start with [`alter`].

use crate::fault::{FRAMING_HEADERS, HeaderMutation};
use crate::journal::ResponseHead;

/// Returns whether a change affects the framing of the body, which hyper writes itself.
pub(crate) fn is_about_framing(change: &HeaderMutation) -> bool {
    let (HeaderMutation::Without(name)
    | HeaderMutation::Twice(name)
    | HeaderMutation::With(name, _)) = change
    else {
        return false;
    };
    FRAMING_HEADERS.iter().any(|framing| framing.eq_ignore_ascii_case(name))
}

/// Applies a change to a head.
///
/// # Errors
///
/// Returns what the head lacks for this change.
pub(crate) fn alter(head: &mut ResponseHead, change: &HeaderMutation) -> Result<(), String> {
    match change {
        HeaderMutation::WrongChecksum => edit(head, "X-Agile-Checksum", |digits| {
            // One other digit makes another digest.
            let first = if digits.starts_with('0') { "1" } else { "0" };
            format!("{first}{}", &digits[1..])
        }),
        HeaderMutation::UpperCaseChecksum => {
            edit(head, "X-Agile-Checksum", str::to_ascii_uppercase)
        }
        HeaderMutation::WrongSize => edit(head, "X-Agile-Size", |size| {
            size.parse::<u64>().map_or_else(|_| "0".to_owned(), |size| (size + 1).to_string())
        }),
        HeaderMutation::Code(code) => {
            edit(head, "X-Agile-Status", |_| code.to_string())?;
            (head.status, head.reason) = (200, "OK".into());
            Ok(())
        }
        HeaderMutation::Without(name) => {
            position(head, name)?;
            head.edit(|headers| headers.retain(|(given, _)| !given.eq_ignore_ascii_case(name)));
            Ok(())
        }
        HeaderMutation::Twice(name) => {
            let at = position(head, name)?;
            head.edit(|headers| headers.insert(at, headers[at].clone()));
            Ok(())
        }
        HeaderMutation::With(name, value) => {
            match position(head, name) {
                Ok(at) => head.edit(|headers| {
                    headers[at] = (name.clone(), value.clone().into_bytes());
                }),
                Err(_) => head.add(name, value.as_bytes()),
            }
            Ok(())
        }
    }
}

fn edit(
    head: &mut ResponseHead,
    name: &str,
    change: impl FnOnce(&str) -> String,
) -> Result<(), String> {
    let at = position(head, name)?;
    head.edit(|headers| {
        let value = &mut headers[at].1;
        *value = change(&String::from_utf8_lossy(value)).into_bytes();
    });
    Ok(())
}

fn position(head: &ResponseHead, name: &str) -> Result<usize, String> {
    let at = head.headers().position(|(given, _)| given.eq_ignore_ascii_case(name));
    at.ok_or_else(|| format!("the response has no {name}"))
}
