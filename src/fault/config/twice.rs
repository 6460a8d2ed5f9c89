//! Detects duplicate keys. `serde_json` keeps only the last value, so a fault would be lost.

use std::collections::BTreeSet;

/// Rejects a duplicate key in an object of `json`, which must be well-formed.
pub(super) fn refuse(json: &str) -> Result<(), String> {
    // The keys of each open object; an open array has no keys.
    let mut open: Vec<BTreeSet<String>> = Vec::new();
    let mut at = 0;
    while let Some(byte) = json.as_bytes().get(at) {
        match byte {
            b'{' | b'[' => open.push(BTreeSet::new()),
            b'}' | b']' => drop(open.pop()),
            b'"' => {
                let end = end_of_string(json, at);
                let is_key = json[end..].trim_start().starts_with(':');
                if is_key && !is_new(&json[at..end], open.last_mut()) {
                    let (key, line) = (&json[at..end], line(json, at));
                    return Err(format!("duplicate key {key} at line {line}"));
                }
                at = end;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    Ok(())
}

/// Returns the end of the string literal that starts at `start`, quotes included.
fn end_of_string(json: &str, start: usize) -> usize {
    let bytes = json.as_bytes();
    let mut at = start + 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    json.len()
}

/// Adds a quoted key to `keys`, and returns whether it is new.
fn is_new(quoted: &str, keys: Option<&mut BTreeSet<String>>) -> bool {
    let key = serde_json::from_str(quoted);
    keys.zip(key.ok()).is_none_or(|(keys, key)| keys.insert(key))
}

fn line(json: &str, at: usize) -> usize {
    json[..at].matches('\n').count() + 1
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::refuse;

    #[test]
    fn duplicate_keys_are_rejected() {
        for fine in [
            r#"{"a": 1, "b": {"a": 2}, "c": [{"a": 3}, {"a": 4}, "a", "a"]}"#,
            r#"{"a": "\"a\": 1, \\", "b": "{"}"#,
            "3",
        ] {
            assert_eq!(refuse(fine), Ok(()), "{fine}");
        }
        for (json, line) in [
            ("{\"a\": 1,\n\"a\" : 2}", 2),
            (r#"{"b": [{"c": 0, "c": 1}]}"#, 1),
            (r#"{"a": {"x": "}"}, "\u0061": 1}"#, 1),
        ] {
            let error = refuse(json).unwrap_err();
            assert!(
                error.starts_with("duplicate key ") && error.ends_with(&format!(" at line {line}")),
                "{error}"
            );
        }
    }
}
