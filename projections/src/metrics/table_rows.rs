//! The rows of the family's table, and which of them differ.

use serde_json::json;

use super::exact::hundredths;
use super::family::SCORE;
use super::{ScoreRow, Scores};
use crate::table::{Row, TableDiff, by_id, some};

/// By how much the scores differ from those before.
pub(crate) fn scores(before: &Scores, after: &Scores) -> TableDiff {
    let shape = (&before.terms, before.flagged) == (&after.terms, after.flagged);
    TableDiff::between(
        &SCORE,
        before.rows.iter().map(|row| (before, row)),
        after.rows.iter().map(|row| (after, row)),
        |(_, a), (_, b)| a.level.cmp(&b.level).then_with(|| by_id(&a.id, &b.id)),
        |(_, a), (_, b)| shape && a == b,
        |(scores, row)| score_row(scores, row),
    )
}

fn score_row(scores: &Scores, row: &ScoreRow) -> Row {
    vec![
        some(row.level.name()),
        some(&row.id),
        row.activity_status.map(|status| status.name().to_owned()),
        row.criticality.map(|n| n.to_string()),
        row.pony_factor.map(|n| n.to_string()),
        row.adoption.map(hundredths),
        row.pg_score.map(hundredths),
        (!scores.terms.is_empty()).then(|| serde_json::Value::from(scores.further_terms(row)).to_string()),
        scores.flagged.then(|| json!(row.flags).to_string()),
    ]
}
