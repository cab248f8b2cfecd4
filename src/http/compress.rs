//! Large answers, packed for clients that read them so.

use std::io::Write as _;

use axum::body::{Body, HttpBody as _, to_bytes};
use axum::http::{HeaderMap, HeaderValue, header};
use flate2::Compression;
use flate2::write::GzEncoder;
use tokio::task::spawn_blocking;

use super::answer::HttpAnswer;

/// Smaller answers are sent as they are, in bytes.
const LEAST: u64 = 1_400;
/// Larger ones are packed on a thread beside those that answer, in bytes.
const BESIDE: usize = 128 << 10;

/// Packs an answer of a known size whose kind is worth it, where the client reads gzip. What is streamed is left alone.
pub(super) async fn packed(asked: &HeaderMap, answer: HttpAnswer) -> HttpAnswer {
    let size = answer.body().size_hint().exact();
    let kind = answer.headers().get(header::CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    let is_text = kind.starts_with(b"text/") || [&b"json"[..], b"xml", b"ndjson"].iter().any(|end| kind.ends_with(end));
    if !is_text || !reads_gzip(asked) || size.is_none_or(|size| size < LEAST) {
        return answer;
    }
    let (mut head, body) = answer.into_parts();
    // It is in memory, and no larger than it said.
    let Ok(whole) = to_bytes(body, usize::MAX).await else { return HttpAnswer::from_parts(head, Body::empty()) };
    let packed = if whole.len() > BESIDE {
        let copy = whole.clone();
        spawn_blocking(move || gzip(&copy)).await.ok().flatten()
    } else {
        gzip(&whole)
    };
    head.headers.insert(header::VARY, HeaderValue::from_static("Accept, Accept-Encoding"));
    let Some(packed) = packed else { return HttpAnswer::from_parts(head, Body::from(whole)) };
    head.headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    head.headers.remove(header::CONTENT_LENGTH);
    HttpAnswer::from_parts(head, Body::from(packed))
}

fn gzip(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut packer = GzEncoder::new(Vec::with_capacity(bytes.len() / 4), Compression::fast());
    packer.write_all(bytes).ok()?;
    packer.finish().ok()
}

/// Whether a client says that it reads gzip, and does not say that it would rather not.
fn reads_gzip(asked: &HeaderMap) -> bool {
    let said = asked.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let words = said.flat_map(|value| value.split(',')).map(|word| word.split(';').map(str::trim).collect::<Vec<_>>());
    let wanted =
        |word: &[&str]| !word.iter().skip(1).any(|part| matches!(*part, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"));
    words.into_iter().any(|word| matches!(word.first(), Some(&"gzip" | &"*")) && wanted(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_reads_gzip_says_so() {
        let reads = |said: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(said));
            reads_gzip(&headers)
        };
        assert!(reads("gzip") && reads("br, gzip;q=0.5") && reads("*"));
        assert!(!reads("") && !reads("br") && !reads("gzip;q=0, br") && !reads("gzip; q=0"));
        assert!(!reads_gzip(&HeaderMap::new()));
    }
}
