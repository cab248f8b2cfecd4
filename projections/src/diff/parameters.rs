//! Which parameters of two formulas differ.

use std::collections::BTreeMap;

use domain::formula::Formula;
use serde_json::Value;

/// A parameter that differs.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Parameter {
    /// Path within the document, its parts joined by dots.
    pub(super) path: String,
    /// Value before; null where the formula lacks it.
    pub(super) before: Value,
    /// Value after.
    pub(super) after: Value,
}

/// What decides no number.
const NAMING: [&str; 3] = ["name", "semantics", "description"];

/// Every parameter that differs, by path.
pub(super) fn differing(before: &Formula, after: &Formula) -> Vec<Parameter> {
    let (mut left, mut right) = (flat(before), flat(after));
    let mut paths: Vec<String> = left.keys().chain(right.keys()).cloned().collect();
    paths.sort_unstable();
    paths.dedup();
    let each = paths.into_iter().map(|path| {
        let (before, after) = (left.remove(&path).unwrap_or_default(), right.remove(&path).unwrap_or_default());
        Parameter { path, before, after }
    });
    each.filter(|parameter| parameter.before != parameter.after).collect()
}

/// The parameters of a formula by path. A list is one value.
fn flat(formula: &Formula) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    if let Ok(Value::Object(tables)) = serde_json::to_value(formula) {
        let mut waiting: Vec<(String, Value)> = tables.into_iter().collect();
        while let Some((path, value)) = waiting.pop() {
            match value {
                Value::Object(inner) => {
                    waiting.extend(inner.into_iter().map(|(key, value)| (format!("{path}.{key}"), value)));
                }
                value if !NAMING.contains(&path.as_str()) => {
                    all.insert(path, value);
                }
                _ => {}
            }
        }
    }
    all
}

/// The parts of a formula that decide a metric.
pub(super) fn deciding(metric: &str) -> &'static [&'static str] {
    match metric {
        "activity_status" => &["status.", "people."],
        "adoption_score" => &["adoption."],
        "criticality_score" => &["graph.", "criticality.", "status."],
        "pony_factor" => &["pony.", "people."],
        "pg_score" => &["score."],
        "flags" => &["flags"],
        "contributors" | "hhi" | "shannon" | "top10_share" | "tenure_days" | "first_commit" | "last_commit" => {
            &["terms.", "pony.window_months", "people."]
        }
        _ => &["terms.", "graph.", "criticality.", "status.", "people."],
    }
}
