//! Badges.

use axum::http::StatusCode;

use crate::http::answer::{Complaint, HttpAnswer, as_json, text};
use crate::http::asked::Asked;
use crate::service::ask::badge::{Badge, ShieldsBadge, badge};

/// Width of a character, about, in pixels.
const CHARACTER: usize = 7;
/// Space beside a text, in pixels.
const SPACE: usize = 12;
/// Most characters of a text that is drawn.
const DRAWN: usize = 64;

async fn found(asked: &Asked<'_>, metric: &str, id: &str) -> Result<Badge, Complaint> {
    let mut query = asked.query();
    let atlas = asked.resident(&mut query).await?;
    query.checked()?;
    Ok(badge(&atlas, metric, id)?)
}

/// `GET /badge/json/{metric}/{id}`
pub(super) async fn json(asked: &Asked<'_>, metric: &str, id: &str) -> Result<HttpAnswer, Complaint> {
    Ok(as_json(StatusCode::OK, &ShieldsBadge::from(found(asked, metric, id).await?)))
}

/// `GET /badge/svg/{metric}/{id}`
pub(super) async fn svg(asked: &Asked<'_>, metric: &str, id: &str) -> Result<HttpAnswer, Complaint> {
    Ok(text(StatusCode::OK, "image/svg+xml", drawn(&found(asked, metric, id).await?)))
}

/// The badge as a picture, which says in words what it shows.
fn drawn(Badge { label, message, color }: &Badge) -> String {
    let fill = match *color {
        "green" => "#2e7d32",
        "yellow" => "#8d6e00",
        "orange" => "#b74700",
        "blue" => "#0b5c8a",
        _ => "#5f6368",
    };
    let [label, message] = [label, message].map(|text| text.chars().take(DRAWN).collect::<String>());
    let [left, right] = [&label, &message].map(|text| text.chars().count() * CHARACTER + SPACE);
    let (width, middle, end) = (left + right, left / 2, left + right / 2);
    let [label, message] = [label, message].map(|text| escaped(&text));
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"20\" role=\"img\" \
         aria-label=\"{label}: {message}\"><title>{label}: {message}</title>\
         <rect width=\"{left}\" height=\"20\" fill=\"#444\"/>\
         <rect x=\"{left}\" width=\"{right}\" height=\"20\" fill=\"{fill}\"/>\
         <g fill=\"#fff\" text-anchor=\"middle\" font-family=\"system-ui,sans-serif\" font-size=\"11\">\
         <text x=\"{middle}\" y=\"14\">{label}</text><text x=\"{end}\" y=\"14\">{message}</text></g></svg>\n"
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
