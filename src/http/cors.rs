//! Other sites' pages may read, and nothing else.

use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};

use super::answer::{HttpAnswer, text};

/// Headers that other sites' pages may send, as answered.
const ALLOWED: &str = "Accept, Accept-Language, Authorization, Content-Language, Content-Type";
/// How long a browser may keep the answer, in seconds.
const MAX_AGE: &str = "600";

/// The answer to a browser that asks beforehand; `None` for any other request.
pub(super) fn preflight(method: &Method, headers: &HeaderMap) -> Option<HttpAnswer> {
    let asked = headers.get(header::ACCESS_CONTROL_REQUEST_METHOD)?;
    if method != Method::OPTIONS || !headers.contains_key(header::ORIGIN) {
        return None;
    }
    let wanted = headers.get(header::ACCESS_CONTROL_REQUEST_HEADERS).and_then(|value| value.to_str().ok());
    let known = |name: &str| ALLOWED.split(", ").any(|allowed| allowed.eq_ignore_ascii_case(name.trim()));
    let mut wrong = Vec::new();
    if asked != "GET" {
        wrong.push("method");
    }
    if !wanted.unwrap_or_default().split(',').filter(|name| !name.trim().is_empty()).all(known) {
        wrong.push("headers");
    }
    let mut answer = if wrong.is_empty() {
        text(StatusCode::OK, "text/plain; charset=utf-8", "OK")
    } else {
        let complaint = format!("Disallowed CORS {}", wrong.join(", "));
        text(StatusCode::BAD_REQUEST, "text/plain; charset=utf-8", complaint)
    };
    let headers = answer.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(ALLOWED));
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(MAX_AGE));
    Some(answer)
}

/// Lets the page of another site read an answer.
pub(super) fn allow(asked: &HeaderMap, answer: &mut HttpAnswer) {
    if asked.contains_key(header::ORIGIN) {
        answer.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    }
}
