//! One HTTP response, read within bounds: status, kind of content, size on the wire, size when inflated.

use std::io::Read;
use std::time::Duration;

use chrono::{DateTime, Utc};
use flate2::read::MultiGzDecoder;
use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, RETRY_AFTER};
use reqwest::{Response, StatusCode};
use serde_json::error::Category;
use thiserror::Error;

/// Why there is no answer. Never shows an address: it may hold a secret.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub(in crate::source) enum FetchFailure {
    #[error("not known there")]
    NotFound,
    #[error("answered with status {code}")]
    Status { code: u16, retry_after: Option<Duration> },
    #[error("asked to wait longer than {limit:?}")]
    Busy { limit: Duration },
    #[error("no answer in time")]
    Timeout,
    #[error("the connection failed: {0}")]
    Connection(String),
    #[error("the answer is larger than {limit} bytes")]
    TooLarge { limit: u64 },
    #[error("the answer is no JSON but `{0}`")]
    ContentType(String),
    #[error("the answer has the unknown encoding `{0}`")]
    Encoding(String),
    #[error("the answer cannot be unpacked: {0}")]
    Damaged(String),
    #[error("the answer is no JSON: {reason}")]
    NotJson { reason: String, cut: bool },
    #[error("redirected {0}")]
    Redirect(&'static str),
    #[error("`not modified`, though nothing was kept")]
    NothingKept,
}

impl FetchFailure {
    /// Whether it may be gone at the next try.
    pub(super) fn is_passing(&self) -> bool {
        match self {
            Self::Status { code, .. } => matches!(code, 408 | 425 | 429 | 500..=599),
            Self::NotJson { cut, .. } => *cut,
            Self::Timeout | Self::Connection(_) => true,
            _ => false,
        }
    }

    /// From the HTTP client, without the address.
    pub(super) fn of_client(error: reqwest::Error) -> Self {
        if error.is_timeout() {
            return Self::Timeout;
        }
        let error = error.without_url();
        let mut innermost: &dyn std::error::Error = &error;
        while let Some(source) = innermost.source() {
            innermost = source;
        }
        Self::Connection(innermost.to_string())
    }

    /// From the JSON parser. A text that ends too early was probably cut on the way.
    pub(super) fn of_json(error: &serde_json::Error) -> Self {
        Self::NotJson { reason: error.to_string(), cut: error.classify() == Category::Eof }
    }
}

/// What a status means: `Ok` for a body to read.
pub(super) fn check_status(status: StatusCode, headers: &HeaderMap, now: DateTime<Utc>) -> Result<(), FetchFailure> {
    match status {
        StatusCode::OK => Ok(()),
        StatusCode::NOT_FOUND | StatusCode::GONE => Err(FetchFailure::NotFound),
        other => Err(FetchFailure::Status { code: other.as_u16(), retry_after: retry_after(headers, now) }),
    }
}

/// `Retry-After`, in seconds or as a date.
fn retry_after(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let text = text(headers, &RETRY_AFTER)?;
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let moment = DateTime::parse_from_rfc2822(text).ok()?.with_timezone(&Utc);
    Some(moment.signed_duration_since(now).to_std().unwrap_or_default())
}

/// JSON is served under several names, and index files as plain text or bytes; a page is none of them.
pub(super) fn check_content_type(headers: &HeaderMap) -> Result<(), FetchFailure> {
    let Some(found) = text(headers, &CONTENT_TYPE) else { return Ok(()) };
    let essence = found.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    let plain = ["", "text/plain", "application/octet-stream", "binary/octet-stream"].contains(&essence.as_str());
    if plain || essence.contains("json") {
        Ok(())
    } else {
        Err(FetchFailure::ContentType(essence.chars().take(100).collect()))
    }
}

/// Reads the body, at most `on_wire` bytes, and inflates it, to at most `inflated` bytes.
pub(super) async fn read_body(mut response: Response, on_wire: u64, inflated: u64) -> Result<Vec<u8>, FetchFailure> {
    let encoding = text(response.headers(), &CONTENT_ENCODING).unwrap_or("identity").trim().to_ascii_lowercase();
    let is_too_large = |size: u64| size > on_wire;
    if response.content_length().is_some_and(is_too_large) {
        return Err(FetchFailure::TooLarge { limit: on_wire });
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(FetchFailure::of_client)? {
        if is_too_large(body.len() as u64 + chunk.len() as u64) {
            return Err(FetchFailure::TooLarge { limit: on_wire });
        }
        body.extend_from_slice(&chunk);
    }
    match encoding.as_str() {
        "" | "identity" => Ok(body),
        "gzip" | "x-gzip" => inflate(&body, inflated),
        other => Err(FetchFailure::Encoding(other.chars().take(100).collect())),
    }
}

fn inflate(body: &[u8], limit: u64) -> Result<Vec<u8>, FetchFailure> {
    let mut bytes = Vec::new();
    let read = MultiGzDecoder::new(body).take(limit.saturating_add(1)).read_to_end(&mut bytes);
    read.map_err(|error| FetchFailure::Damaged(error.to_string()))?;
    if bytes.len() as u64 > limit { Err(FetchFailure::TooLarge { limit }) } else { Ok(bytes) }
}

/// A header that is text.
pub(super) fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    #[test]
    fn waits_are_read_as_seconds_and_as_dates() {
        let now = DateTime::parse_from_rfc3339("2026-01-31T12:00:00Z").unwrap().with_timezone(&Utc);
        let wait =
            |text: &str| retry_after(&HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_str(text).unwrap())]), now);
        assert_eq!(wait("7"), Some(Duration::from_secs(7)));
        assert_eq!(wait("Sat, 31 Jan 2026 12:01:00 GMT"), Some(Duration::from_secs(60)));
        assert_eq!(wait("Sat, 31 Jan 2026 11:00:00 GMT"), Some(Duration::ZERO));
        assert_eq!(wait("-1"), None);
        assert_eq!(wait("soon"), None);
    }

    #[test]
    fn names_of_json() {
        let check = |text: &'static str| {
            check_content_type(&HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(text))])).is_ok()
        };
        assert!(check("application/json; charset=utf-8") && check("application/vnd.x+json") && check("text/plain"));
        assert!(!check("text/html; charset=utf-8") && !check("image/png"));
        assert!(check_content_type(&HeaderMap::new()).is_ok());
    }
}
