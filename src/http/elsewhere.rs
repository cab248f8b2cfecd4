//! Paths that mean nothing.

use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use percent_encoding::{AsciiSet, utf8_percent_encode};

use super::answer::{Complaint, HttpAnswer, text};
use super::meant::Meant;
use super::table::{HttpOp, IN_PATHS, Matched};

/// What stands as it is in the path of a `Location`.
const LOCATION: &AsciiSet = &IN_PATHS
    .remove(b'@')
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=');

/// The answer to a path that means nothing: with a slash too many, the way to what the contract means by it without.
pub(super) fn answer(meant: &Meant, head: &Parts) -> Result<HttpAnswer, Complaint> {
    let (whole, trimmed) = (meant.whole.as_str(), meant.whole.trim_end_matches('/'));
    let without = Matched::of(meant.path().trim_end_matches('/'), &head.method);
    let without = without.map(|matched| matched.operation.op);
    if trimmed == whole || !matches!(without, Some(HttpOp::Contract(_) | HttpOp::Docs | HttpOp::OpenApi)) {
        return Err(Complaint::not_found("Not Found"));
    }
    let host = head.headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let query = head.uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let location = format!("http://{host}{}{query}", utf8_percent_encode(trimmed, LOCATION));
    let Ok(location) = HeaderValue::from_str(&location) else { return Err(Complaint::not_found("Not Found")) };
    let mut answer = text(StatusCode::TEMPORARY_REDIRECT, "text/plain; charset=utf-8", "");
    answer.headers_mut().remove(header::CONTENT_TYPE);
    answer.headers_mut().insert(header::LOCATION, location);
    Ok(answer)
}
