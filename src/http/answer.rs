//! Answers: JSON, and complaints in the form that clients know, `{"detail": ...}`.

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::service::Error;

/// An answer of this server.
pub(super) type HttpAnswer = Response<Body>;

/// A complaint.
#[derive(Debug)]
pub(super) struct Complaint {
    status: StatusCode,
    detail: Value,
    headers: Vec<(header::HeaderName, HeaderValue)>,
    /// Further fields.
    beside: Map<String, Value>,
    /// Whether it has the fields of problem details besides.
    is_problem: bool,
}

impl Complaint {
    /// One in words.
    pub(super) fn new(status: StatusCode, detail: impl Into<Value>) -> Self {
        Self { status, detail: detail.into(), headers: Vec::new(), beside: Map::new(), is_problem: false }
    }

    /// Nothing but a status.
    pub(super) fn empty(status: StatusCode) -> Self {
        Self::new(status, Value::Null)
    }

    /// There is no snapshot yet.
    pub(super) fn not_loaded() -> Self {
        let complaint = Self::new(StatusCode::SERVICE_UNAVAILABLE, "The atlas is not loaded yet.");
        complaint.with(header::RETRY_AFTER, "1")
    }

    /// There is no such thing.
    pub(super) fn not_found(detail: impl Into<Value>) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    /// With the fields of problem details (RFC 9457) besides.
    pub(super) fn into_problem(self) -> Self {
        Self { is_problem: true, ..self }
    }

    /// With a header.
    pub(super) fn with(mut self, name: header::HeaderName, value: &str) -> Self {
        self.headers.extend(HeaderValue::from_str(value).ok().map(|value| (name, value)));
        self
    }

    /// With the fields of an answer besides.
    pub(super) fn beside(mut self, answer: &impl Serialize) -> Self {
        if let Ok(Value::Object(fields)) = serde_json::to_value(answer) {
            self.beside = fields;
        }
        self
    }

    /// As an answer.
    pub(super) fn answer(self) -> HttpAnswer {
        if self.detail.is_null() {
            let mut answer = Response::new(Body::empty());
            *answer.status_mut() = self.status;
            answer.headers_mut().extend(self.headers);
            return answer;
        }
        let mut body = self.beside;
        body.insert("detail".to_owned(), self.detail);
        if self.is_problem {
            body.insert("type".to_owned(), json!("about:blank"));
            body.insert("title".to_owned(), json!(self.status.canonical_reason().unwrap_or_default()));
            body.insert("status".to_owned(), json!(self.status.as_u16()));
        }
        let mut answer = as_json(self.status, &body);
        if self.is_problem {
            let problem = HeaderValue::from_static("application/problem+json");
            answer.headers_mut().insert(header::CONTENT_TYPE, problem);
        }
        answer.headers_mut().extend(self.headers);
        answer
    }
}

impl From<Error> for Complaint {
    /// By kind. What lies beneath an outage is for the log, not for whoever asks.
    fn from(error: Error) -> Self {
        let status = match &error {
            Error::NotFound { .. } => StatusCode::NOT_FOUND,
            Error::Refused(_) | Error::Invalid { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Error::Conflict(_) => StatusCode::CONFLICT,
            Error::Gone(_) => StatusCode::GONE,
            Error::Unavailable { .. } | Error::Interrupted(_) => StatusCode::SERVICE_UNAVAILABLE,
            Error::Corrupt { .. } => StatusCode::INTERNAL_SERVER_ERROR,
        };
        if let Error::Unavailable { retry_after: Some(pause), cause } = &error {
            let said = Self::new(status, cause.to_string());
            return said.with(header::RETRY_AFTER, &pause.as_secs().max(1).to_string());
        }
        if status.is_server_error() {
            tracing::warn!(%error, "cannot answer");
            let said = Self::new(status, status.canonical_reason().unwrap_or_default());
            return said.with(header::RETRY_AFTER, "1");
        }
        Self::new(status, error.to_string())
    }
}

/// JSON with a status.
pub(super) fn as_json(status: StatusCode, value: &impl Serialize) -> HttpAnswer {
    // Structs of ours have no keys but texts: only a fault of ours could fail here.
    let body = serde_json::to_vec(value).expect("an answer is JSON");
    let mut answer = text(status, "application/json", body);
    answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    answer
}

/// A body of this type with a status.
pub(super) fn text(status: StatusCode, content_type: &'static str, body: impl Into<Body>) -> HttpAnswer {
    let mut answer = Response::new(body.into());
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    answer
}
