//! `scores`: live, or replayed.

use std::cmp::Ordering;

use anyhow::anyhow;
use domain::formula::Term;
use projections::metrics::Level;
use projections::store::{self, query};
use serde_json::{Map, Number, Value, json};

use super::{point, project};
use crate::cli::failure::{Failure, Result};
use crate::cli::flags::{AsOf, LevelArg};
use crate::cli::output::{Output, object};
use crate::cli::session::Session;

/// Columns of a score, in the order of the contract.
pub(crate) const COLUMNS: &[&str] =
    &["id", "name", "activity_status", "criticality_score", "pony_factor", "adoption_score", "pg_score", "project_id"];

/// `scores`.
pub(crate) async fn run(session: &Session, level: LevelArg, id: Option<&str>, sort: &str, at: &AsOf) -> Result<Output> {
    let order = Order::parse(sort)?;
    let level = match level {
        LevelArg::Project => Level::Project,
        LevelArg::Repo => Level::Repo,
        LevelArg::External => Level::External,
    };
    let mut conn = session.connect().await?;
    let live = store::live_builds(&mut conn).await?;
    let lines = if at.as_of.is_some() || at.formula.is_some() {
        let fold = point::fold(session, &mut conn, at).await?;
        let view = fold.world.view();
        query::scores_of(&view.graph, &view.scores(fold.formula()), level)
    } else {
        project::say_lag(session, &mut conn, &live).await?;
        if live.is_empty() { Vec::new() } else { query::scores(&mut conn, &live, level).await? }
    };
    let mut rows: Vec<Map<String, Value>> =
        lines.into_iter().filter(|line| id.is_none_or(|id| line.id == id)).map(row).collect();
    if let (Some(id), true) = (id, rows.is_empty()) {
        return Err(Failure::refused(anyhow!("no {} has the id `{id}`", level.name())));
    }
    rows.sort_by(|a, b| order.compare(a, b));
    let mut columns = COLUMNS.to_vec();
    let further = further().filter(|name| rows.first().is_some_and(|row| row.contains_key(*name)));
    columns.extend(further);
    Ok(Output::Rows(columns, rows))
}

/// What a formula may have beside the scores.
fn further() -> impl Iterator<Item = &'static str> {
    Term::ALL.into_iter().map(Term::name).chain(["flags"])
}

/// A score as a JSON object; decimals become numbers.
pub(crate) fn row(line: query::ScoreLine) -> Map<String, Value> {
    let mut row = object(json!({
        "id": line.id,
        "name": line.name,
        "activity_status": line.activity_status,
        "criticality_score": line.criticality_score,
        "pony_factor": line.pony_factor,
        "adoption_score": as_number(&json!(line.adoption_score)),
        "pg_score": as_number(&json!(line.pg_score)),
        "project_id": line.project_id,
    }));
    row.extend(line.further.into_iter().map(|(name, value)| (name, as_number(&value))));
    row
}

/// Decimal text as a number; everything else as it is.
pub(crate) fn as_number(value: &Value) -> Value {
    let decimal = value.as_str().and_then(|text| text.parse::<f64>().ok());
    decimal.and_then(Number::from_f64).map_or_else(|| value.clone(), Value::Number)
}

struct Order {
    field: &'static str,
    descending: bool,
}

impl Order {
    fn parse(text: &str) -> Result<Self> {
        let (field, direction) = text.split_once(':').unwrap_or((text, "asc"));
        let fields: Vec<&'static str> = COLUMNS.iter().copied().chain(further()).collect();
        let known = fields.iter().find(|column| **column == field);
        let allowed = || format!("sort by one of {}, with `:asc` or `:desc`", fields.join(", "));
        let descending = match direction {
            "asc" => Some(false),
            "desc" => Some(true),
            _ => None,
        };
        match (known, descending) {
            (Some(field), Some(descending)) => Ok(Self { field, descending }),
            _ => Err(Failure::environment(anyhow!("`{text}`: {}", allowed()))),
        }
    }

    /// Nulls last both ways; ties by id.
    fn compare(&self, a: &Map<String, Value>, b: &Map<String, Value>) -> Ordering {
        let value = |row: &Map<String, Value>| row.get(self.field).cloned().unwrap_or(Value::Null);
        let order = match (value(a), value(b)) {
            (Value::Null, Value::Null) => Ordering::Equal,
            (Value::Null, _) => Ordering::Greater,
            (_, Value::Null) => Ordering::Less,
            (a, b) => {
                let order = match (rank(self.field, &a), rank(self.field, &b)) {
                    (Some(a), Some(b)) => a.total_cmp(&b),
                    _ => a.as_str().cmp(&b.as_str()),
                };
                if self.descending { order.reverse() } else { order }
            }
        };
        order.then_with(|| a.get("id").and_then(Value::as_str).cmp(&b.get("id").and_then(Value::as_str)))
    }
}

/// Numbers by value, statuses by how alive they are.
fn rank(field: &str, value: &Value) -> Option<f64> {
    if field == "activity_status" {
        return value
            .as_str()
            .and_then(domain::status::ActivityStatus::from_name)
            .map(|status| f64::from(status.rank()));
    }
    value.as_f64()
}
