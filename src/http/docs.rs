//! One plain list of what there is to ask, for people.

use axum::http::{HeaderValue, StatusCode, header};

use super::answer::{HttpAnswer, text};
use super::table::{HttpOp, Operation, described};

/// The list.
pub(super) fn answer() -> HttpAnswer {
    let item = |known: &Operation| {
        let Operation { id, about, parameters, .. } = known;
        let behind = if parameters.is_empty() { String::new() } else { format!("; {}", parameters.join(", ")) };
        format!("<li id=\"{id}\"><code>{} {}</code>: {about}{behind}</li>", known.method(), known.template())
    };
    let (contract, own): (Vec<_>, Vec<_>) = described().partition(|known| matches!(known.op, HttpOp::Contract(_)));
    let [contract, own] = [contract, own].map(|list| list.into_iter().map(item).collect::<String>());
    let page = format!(
        "<!doctype html><html lang=en><meta charset=utf-8><title>PG Atlas</title><h1>PG Atlas</h1>\
         <h2>As pg-atlas-backend has it</h2><ul>{contract}</ul><h2>Besides</h2><ul>{own}</ul></html>"
    );
    let mut answer = text(StatusCode::OK, "text/html; charset=utf-8", page);
    answer.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'"));
    answer
}
