//! The rows of the family's table, and which of them differ.

use domain::status::ActivityStatus;
use serde_json::json;

use super::exact::hundredths;
use super::family::SCORE;
use super::{KeptScores, ScoreRow, Scores};
use crate::table::{RowSink, TableDiff, by_id, known};

/// By how much the scores differ from those before.
pub(crate) fn scores<Changed: RowSink + Default>(before: &Scores, after: &Scores) -> TableDiff<Changed> {
    let shape = (&before.terms, before.flagged) == (&after.terms, after.flagged);
    TableDiff::between(
        &SCORE,
        before.rows.iter().map(|row| (before, row)),
        after.rows.iter().map(|row| (after, row)),
        |(_, a), (_, b)| a.level.cmp(&b.level).then_with(|| by_id(&a.id, &b.id)),
        |(_, a), (_, b)| shape && a == b,
        |(scores, row), rows| add_score(scores, row, rows),
    )
}

/// The scores as they were shown last.
#[derive(Clone, Debug, Default)]
pub(crate) struct ShownScores {
    scores: Scores,
    /// The look they are of.
    look: Option<u64>,
}

impl ShownScores {
    /// Becomes what is kept. Answers by how much that differs.
    pub(crate) fn follow<Changed: RowSink + Default>(&mut self, kept: &KeptScores) -> TableDiff<Changed> {
        let (now, seen) = (kept.scores(), self.look.replace(kept.look()));
        if kept.is_placed_since(seen) {
            let difference = scores(&self.scores, now);
            self.scores.clone_from(now);
            return difference;
        }
        // Rows are where they were, and a formula's terms and flags are as they are.
        let mut difference = TableDiff::<Changed>::none(&SCORE);
        for place in kept.moved_since(seen) {
            let (shown, row) = (&mut self.scores.rows[place], &now.rows[place]);
            if shown != row {
                shown.clone_from(row);
                add_score(now, row, &mut difference.changed);
            }
        }
        difference
    }
}

fn add_score(scores: &Scores, row: &ScoreRow, rows: &mut dyn RowSink) {
    let terms = (!scores.terms.is_empty()).then(|| serde_json::Value::from(scores.further_terms(row)));
    rows.add(&[
        Some(&row.level.name()),
        Some(&row.id),
        known(&row.activity_status.map(ActivityStatus::name)),
        known(&row.criticality),
        known(&row.pony_factor),
        known(&row.adoption.map(hundredths)),
        known(&row.pg_score.map(hundredths)),
        known(&terms),
        known(&scores.flagged.then(|| json!(row.flags))),
    ]);
}
