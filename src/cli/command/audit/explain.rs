//! `audit explain`: a score that carries its proof.

use ::replay::audit::explain::{Explanation, explain};
use ::replay::{SNAPSHOT, log};
use serde_json::Value;
use sqlx::Connection as _;

use crate::cli::failure::{Failure, Result};
use crate::cli::output::{Output, object};
use crate::cli::session::Session;

/// `audit explain`.
pub(crate) async fn run(session: &Session, id: &str, metric: &str, label: Option<&str>) -> Result<Output> {
    let mut conn = session.connect().await?;
    let mut conn = conn.begin_with(SNAPSHOT).await?;
    let head = log::head(&mut conn).await?;
    let mut progress = session.progress("replaying", head.position);
    let found = explain(&mut conn, id, metric, label, &mut |event| progress.event(event)).await?;
    drop(progress);
    let fields = object(serde_json::to_value(&found).map_err(Failure::refused)?);
    Ok(Output::Report(text(&found), fields))
}

/// For people: the value and the events, without their bytes.
fn text(found: &Explanation) -> String {
    let value = match &found.value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let place = found.label.as_ref().map_or_else(String::new, |label| format!(" as published under {label}"));
    let mut text = format!(
        "{} of {} is {value} at position {}{place}, formula {}\nproven against tree size {}, root {}\n",
        found.metric, found.id, found.position, found.formula, found.tree_size, found.root
    );
    for proven in found.published.iter().chain(&found.events) {
        let because: Vec<&str> = proven.because.iter().copied().collect();
        let event = &proven.event;
        text.push_str(&format!(
            "{:>9}  {}  {}  ({})\n",
            event.position,
            event.r#type,
            event.stream,
            because.join(", ")
        ));
    }
    text
}
