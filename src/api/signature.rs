//! Signed requests (§9). This module does not record used signatures. Start with [`signer`].

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use percent_encoding::percent_decode_str;
use ring::hmac;

use crate::journal::Head;
use crate::protocol::ErrorKind;
use crate::storage::{Principal, Storage, Timestamp};

use super::url::decode_unreserved;

const PREFIX: &str = "x-agile-";

/// Returns the signer of a request for `path`, and the expiry of the signature in seconds.
///
/// # Errors
///
/// [`ErrorKind::BadCredentials`] if the signature is malformed, expired, made with other keys than
/// those of the account, or made for another request.
pub(super) fn signer(
    storage: &Storage,
    now: Timestamp,
    head: &Head,
    path: &str,
    signature: &str,
) -> Result<(Principal, u64), ErrorKind> {
    let Some((keys, principal)) = storage.sessions().keys() else {
        return Err(ErrorKind::BadCredentials);
    };
    let (signed, mac) = signature.rsplit_once("&signature=").ok_or(ErrorKind::BadCredentials)?;
    if !is_signed_with(&keys.secret_key, signed, mac) {
        return Err(ErrorKind::BadCredentials);
    }
    let (signed_path, terms) = signed.split_once('?').ok_or(ErrorKind::BadCredentials)?;
    let headers = headers_to_sign(head);
    let is_name =
        |name: &str| ["access_key", "expiry"].contains(&name) || headers.contains_key(name);
    let mut terms = parse_terms(terms, is_name).ok_or(ErrorKind::BadCredentials)?;
    let access_key = terms.remove("access_key");
    let expiry = terms.remove("expiry").and_then(|expiry| expiry.parse::<u64>().ok());
    let expiry = expiry.filter(|expiry| *expiry > now.secs()).ok_or(ErrorKind::BadCredentials)?;
    let holds = decode_unreserved(signed_path) == path
        && access_key == Some(keys.access_key.as_str())
        && terms_match_headers(&terms, &headers);
    if holds { Ok((principal.clone(), expiry)) } else { Err(ErrorKind::BadCredentials) }
}

/// Compares signatures as received in constant time.
fn is_signed_with(secret: &str, signed: &str, mac: &str) -> bool {
    let Ok(mac) = BASE64.decode(mac) else { return false };
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    hmac::verify(&key, signed.as_bytes(), &mac).is_ok()
}

/// Parses the terms by name, or returns `None` if the first has no name. Signers do not quote, so a
/// value may contain `&`: a term ends where the next one begins with a name that has not occurred
/// before.
fn parse_terms(terms: &str, is_name: impl Fn(&str) -> bool) -> Option<BTreeMap<&str, &str>> {
    let mut read = BTreeMap::new();
    let mut last = None;
    let mut at = 0;
    for term in terms.split('&') {
        let end = at + term.len();
        let new =
            term.split_once('=').filter(|(name, _)| is_name(name) && !read.contains_key(name));
        let (name, from) = match new {
            Some((name, _)) => (name, at + name.len() + 1),
            None => last?,
        };
        read.insert(name, &terms[from..end]);
        last = Some((name, from));
        at = end + 1;
    }
    Some(read)
}

/// Returns the `X-Agile-*` headers of the request, without the signature, by the names of their
/// terms.
fn headers_to_sign(head: &Head) -> BTreeMap<String, &[u8]> {
    let mut headers = BTreeMap::new();
    for (name, value) in head.headers() {
        let name = String::from_utf8_lossy(name).to_ascii_lowercase();
        let term = name.strip_prefix(PREFIX).filter(|term| *term != "signature");
        if let Some(term) = term {
            // The first of several headers counts (§1.13).
            headers.entry(term.to_owned()).or_insert(value);
        }
    }
    headers
}

/// Returns whether the terms are exactly the headers.
fn terms_match_headers(terms: &BTreeMap<&str, &str>, headers: &BTreeMap<String, &[u8]>) -> bool {
    let same = |(name, value): (&String, &&[u8])| {
        terms.get(name.as_str()).is_some_and(|term| is_value(term, value))
    };
    headers.len() == terms.len() && headers.iter().all(same)
}

/// Returns whether a term is the value of a header, as sent or quoted.
fn is_value(term: &str, value: &[u8]) -> bool {
    term.as_bytes() == value || percent_decode_str(term).eq(value.iter().copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231, test case 2.
    const SECRET: &str = "Jefe";
    const TEXT: &str = "what do ya want for nothing?";
    const MAC: &str = "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=";

    #[test]
    fn a_signature_agrees_with_the_standard() {
        assert!(is_signed_with(SECRET, TEXT, MAC));
    }

    #[test]
    fn a_changed_or_shortened_signature_is_rejected() {
        let mac = BASE64.decode(MAC).unwrap_or_default();
        let rejected = |mac: &[u8]| !is_signed_with(SECRET, TEXT, &BASE64.encode(mac));
        for at in 0..mac.len() {
            let mut changed = mac.clone();
            changed[at] ^= 1;
            assert!(rejected(&changed) && rejected(&mac[..at]), "byte {at}");
        }
        assert!(!is_signed_with(SECRET, TEXT, "no base64!"));
    }
}
