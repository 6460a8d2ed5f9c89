//! Writes long JSON lists and texts piece by piece, as the client reads them.

use std::io;

use serde_json::Value;

use crate::journal::escape_json;
use crate::server::admin_listener::{AdminResponseBody, Chunks};

/// The size of a chunk in bytes.
const CHUNK_BYTES: usize = 64 << 10;

/// Returns the object `{key: [items]}` as a body. A short one is complete, with its length.
pub(super) fn list(
    key: &str,
    items: impl Iterator<Item = io::Result<Value>> + Send + 'static,
) -> AdminResponseBody {
    list_after(&[], key, items)
}

/// Returns the object `{counts, key: [items]}` as [`list`] does.
pub(super) fn list_after(
    counts: &[(&str, u64)],
    key: &str,
    items: impl Iterator<Item = io::Result<Value>> + Send + 'static,
) -> AdminResponseBody {
    let written = counts
        .iter()
        .fold("{".to_owned(), |text, (name, count)| text + &format!("\"{name}\":{count},"));
    let written = format!("{written}\"{key}\":[");
    let mut writer = ListWriter { items, written, is_first: true };
    match writer.write_chunk() {
        Ok(true) => AdminResponseBody::Text(writer.written),
        Ok(false) => AdminResponseBody::Chunks(writer.into_chunks()),
        Err(error) => AdminResponseBody::Chunks(Box::new(std::iter::once(Err(error)))),
    }
}

/// Returns a text as a body that is made as the client reads it. A short one is complete, with its
/// length.
pub(super) fn text(pieces: impl Iterator<Item = String> + Send + 'static) -> AdminResponseBody {
    let mut pieces = pieces.fuse();
    let mut next = move || {
        let mut chunk = pieces.next()?;
        while chunk.len() < CHUNK_BYTES {
            let Some(piece) = pieces.next() else { break };
            chunk.push_str(&piece);
        }
        Some(chunk)
    };
    let first = next().unwrap_or_default();
    match next() {
        None => AdminResponseBody::Text(first),
        Some(second) => {
            let rest = std::iter::from_fn(next);
            let chunks = [first, second].into_iter().chain(rest);
            AdminResponseBody::Chunks(Box::new(chunks.map(|chunk| Ok(chunk.into()))))
        }
    }
}

struct ListWriter<I> {
    items: I,
    /// Text that is not sent yet.
    written: String,
    is_first: bool,
}

impl<I: Iterator<Item = io::Result<Value>> + Send + 'static> ListWriter<I> {
    /// Writes items until a chunk is full. Returns whether that was the last one.
    fn write_chunk(&mut self) -> io::Result<bool> {
        while self.written.len() < CHUNK_BYTES {
            let Some(item) = self.items.next() else {
                self.written.push_str("]}\n");
                return Ok(true);
            };
            if !std::mem::take(&mut self.is_first) {
                self.written.push(',');
            }
            self.written.push_str(&escape_json(&item?.to_string()));
        }
        Ok(false)
    }

    fn into_chunks(mut self) -> Chunks {
        let first = std::mem::take(&mut self.written);
        let mut is_over = false;
        let rest = std::iter::from_fn(move || {
            if is_over {
                return None;
            }
            let written = self.write_chunk();
            is_over = *written.as_ref().unwrap_or(&true);
            Some(written.map(|_| std::mem::take(&mut self.written).into()))
        });
        Box::new(std::iter::once(Ok(first.into())).chain(rest))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use serde_json::json;

    use super::*;

    /// Returns `count` items and a counter of those that were read.
    fn items(count: usize) -> (impl Iterator<Item = io::Result<Value>>, Arc<AtomicUsize>) {
        let asked = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&asked);
        let item = move |number: usize| {
            counted.fetch_add(1, Ordering::Relaxed);
            Ok(json!({ "number": number, "text": "x".repeat(100) }))
        };
        ((0..count).map(item), asked)
    }

    #[test]
    fn a_short_list_is_one_text() {
        for (count, written) in [(0, r#"{"items":[]}"#), (1, r#"{"items":[{"number":0,"#)] {
            let AdminResponseBody::Text(text) = list("items", items(count).0) else {
                panic!("one text")
            };
            assert!(text.starts_with(written) && text.ends_with("]}\n"), "{text}");
        }
    }

    #[test]
    fn a_long_list_is_made_as_it_is_read() {
        const COUNT: usize = 100_000;
        let (made, asked) = items(COUNT);
        let AdminResponseBody::Chunks(mut chunks) = list("items", made) else { panic!("chunks") };
        let first = chunks.next().unwrap().unwrap();
        assert!(asked.load(Ordering::Relaxed) < 1000, "no more than a chunk is in memory");
        let rest: Vec<_> = chunks.map(Result::unwrap).collect();
        assert!(rest.iter().all(|chunk| chunk.len() < CHUNK_BYTES + 1000));
        let whole: Value = serde_json::from_slice(&[&first[..], &rest.concat()].concat()).unwrap();
        assert_eq!(whole["items"].as_array().unwrap().len(), COUNT);
        assert_eq!(whole["items"][COUNT - 1]["number"], COUNT - 1);
    }

    #[test]
    fn a_long_text_is_made_as_it_is_read() {
        let AdminResponseBody::Text(whole) = text(["a", "b"].map(str::to_owned).into_iter()) else {
            panic!("one text")
        };
        assert_eq!(whole, "ab");
        let pieces = (0..100_000).map(|number| format!("{number:0100}"));
        let AdminResponseBody::Chunks(chunks) = text(pieces) else { panic!("chunks") };
        let lengths: Vec<_> = chunks.map(|chunk| chunk.unwrap().len()).collect();
        assert!(lengths.iter().all(|length| *length < CHUNK_BYTES + 100));
        assert_eq!(lengths.iter().sum::<usize>(), 100 * 100_000);
    }

    #[test]
    fn an_error_cuts_the_list() {
        let (fine, _) = items(1000);
        let broken = fine.chain([Err(io::Error::other("gone"))]).chain([Ok(json!(0))]);
        let AdminResponseBody::Chunks(chunks) = list("items", broken) else { panic!("chunks") };
        let chunks: Vec<_> = chunks.collect();
        assert!(chunks.last().unwrap().is_err());
        assert_eq!(chunks.iter().filter(|chunk| chunk.is_err()).count(), 1);
    }
}
