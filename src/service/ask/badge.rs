//! Badges: one value, with a colour that says how to read it.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::ranked;
use super::resident::Resident;
use crate::service::{Error, Result};

/// A badge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Badge {
    /// What it is about.
    pub label: String,
    /// The value.
    pub message: String,
    /// `green`, `yellow`, `orange`, `blue` or `grey`.
    pub color: &'static str,
}

/// A badge as shields endpoints answer it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ShieldsBadge {
    /// Always 1.
    pub schema_version: u8,
    /// What it is about.
    pub label: String,
    /// The value.
    pub message: String,
    /// Its colour.
    pub color: &'static str,
}

impl From<Badge> for ShieldsBadge {
    fn from(Badge { label, message, color }: Badge) -> Self {
        Self { schema_version: 1, label, message, color }
    }
}

/// The badge of a value of a project, repository or package. What is unknown says so, and is never 0.
///
/// # Errors
/// [`Error::NotFound`] for an id or a metric that there is not.
pub fn badge(atlas: &Resident, metric: &str, id: &str) -> Result<Badge> {
    let found = ranked::one(atlas, id)?;
    let Ok(Value::Object(row)) = serde_json::to_value(&found.scored) else {
        return Err(Error::refused("a score that is no object"));
    };
    let names = || row.keys().filter(|name| !["id", "name", "project_id"].contains(&name.as_str()));
    let Some(name) = names().find(|name| *name == metric) else {
        let known = names().cloned().collect::<Vec<_>>().join(", ");
        let reason = format!("no metric `{metric}` under formula {}: {known}", atlas.formula.name);
        return Err(Error::not_found("metric", metric, reason));
    };
    let message = match &row[name] {
        Value::Null => "unknown".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(flags) if flags.is_empty() => "none".to_owned(),
        Value::Array(flags) => flags.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "),
        value => value.to_string(),
    };
    let color = match (metric, &row[name]) {
        (_, Value::Null) => "grey",
        ("pony_factor", value) => match value.as_u64() {
            Some(0) => "grey",
            Some(1) => "orange",
            Some(2) => "yellow",
            _ => "green",
        },
        ("activity_status", value) => match value.as_str() {
            Some("live") => "green",
            Some("in-dev") => "blue",
            Some("discontinued") => "grey",
            _ => "orange",
        },
        ("flags", Value::Array(flags)) => {
            if flags.is_empty() {
                "green"
            } else {
                "orange"
            }
        }
        _ => "blue",
    };
    Ok(Badge { label: metric.replace('_', " "), message, color })
}
