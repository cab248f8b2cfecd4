//! What moves between two formulas, as it is answered.

use std::borrow::Cow;
use std::collections::BTreeMap;

use domain::digest::Digest;
use domain::formula::Formula;
use domain::recorded::Position;
use projections::diff::{Change, ChangeReason, Crossing, Diff};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::service::ask::scores::as_number;

/// What moves between two formulas, and why.
#[derive(Clone, Debug)]
pub struct FormulaDifference {
    /// The state on which both were evaluated.
    pub position: Position,
    /// The one.
    pub before: Formula,
    /// The other.
    pub after: Formula,
    /// What differs.
    pub found: Diff,
}

impl Serialize for FormulaDifference {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        DifferenceAnswer::from(self).serialize(serializer)
    }
}

#[derive(Serialize, JsonSchema)]
struct DifferenceAnswer<'a> {
    position: Position,
    before: HashedFormula<'a>,
    after: HashedFormula<'a>,
    summary: SummaryAnswer<'a>,
    changed: Vec<ChangeAnswer<'a>>,
    unchanged: u64,
}

impl JsonSchema for FormulaDifference {
    fn schema_name() -> Cow<'static, str> {
        "FormulaDifference".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        DifferenceAnswer::json_schema(generator)
    }
}

#[derive(Serialize, JsonSchema)]
struct HashedFormula<'a> {
    formula: &'a str,
    hash: Digest,
}

#[derive(Serialize, JsonSchema)]
struct SummaryAnswer<'a> {
    vertices_changed: u64,
    by_metric: Vec<MetricMoves<'a>>,
    movers: Vec<ChangeAnswer<'a>>,
    flags: BTreeMap<&'a str, Crossing>,
    parameters: &'a [ChangeReason],
}

#[derive(Serialize, JsonSchema)]
struct MetricMoves<'a> {
    level: &'static str,
    metric: &'a str,
    changed: u64,
}

/// A change. Among the movers it stands without its reasons, which its row has.
#[derive(Serialize, JsonSchema)]
struct ChangeAnswer<'a> {
    level: &'static str,
    id: &'a str,
    metric: &'a str,
    before: Value,
    after: Value,
    rank_before: Option<u64>,
    rank_after: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    because: Option<&'a [ChangeReason]>,
}

impl<'a> From<&'a FormulaDifference> for DifferenceAnswer<'a> {
    fn from(FormulaDifference { position, before, after, found }: &'a FormulaDifference) -> Self {
        let summary = found.summary();
        let by_metric = summary.by_metric.into_iter();
        Self {
            position: *position,
            before: HashedFormula::from(before),
            after: HashedFormula::from(after),
            summary: SummaryAnswer {
                vertices_changed: summary.vertices,
                by_metric: by_metric.map(|((level, metric), changed)| MetricMoves { level, metric, changed }).collect(),
                movers: summary.movers.into_iter().map(|change| ChangeAnswer::of(change, false)).collect(),
                flags: summary.flags,
                parameters: &found.parameters,
            },
            changed: found.changed.iter().map(|change| ChangeAnswer::of(change, true)).collect(),
            unchanged: found.unchanged,
        }
    }
}

impl<'a> From<&'a Formula> for HashedFormula<'a> {
    fn from(formula: &'a Formula) -> Self {
        Self { formula: &formula.name, hash: formula.hash() }
    }
}

impl<'a> ChangeAnswer<'a> {
    fn of(change: &'a Change, with_reasons: bool) -> Self {
        Self {
            level: change.level.name(),
            id: &change.id,
            metric: &change.metric,
            before: as_number(change.before.clone()),
            after: as_number(change.after.clone()),
            rank_before: change.rank_before,
            rank_after: change.rank_after,
            because: with_reasons.then_some(&change.because[..]),
        }
    }
}
