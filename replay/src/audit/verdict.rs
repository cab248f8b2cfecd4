//! What becomes of a publication.

use domain::digest::Digest;
use domain::facts::log::ScoresPublished;
use domain::recorded::Position;
use projections::metrics::{Level, Scores};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use super::erased::StillCompared;
use crate::as_of::FoldOutcome;
use crate::publication::{named, other_versions};

/// What became of one publication.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "result", rename_all = "kebab-case")]
pub enum Verdict {
    /// The fold gives exactly what was published.
    Verified,
    /// It cannot be told: the score rests on a payload that was erased since.
    Unprovable {
        /// `unprovable: position N erased`.
        reason: String,
    },
    /// It cannot be told by this program: what was published rests on other versions of families than it holds, and
    /// its fold gives something else. A log that is not the one that was published is [`Self::Diverged`] all the same.
    #[serde(rename = "other_version")]
    OtherVersion {
        /// Which families at which version: `published by graph/2`.
        reason: String,
    },
    /// The fold gives something else.
    Diverged {
        /// Which of root, digest, state digest and quarantine differ, with both values.
        differences: Vec<Value>,
    },
}

/// A publication and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Judged {
    /// The label.
    pub label: String,
    /// Position evaluated at.
    pub position: Position,
    /// Position of the event that publishes.
    pub event: Position,
    /// Name of the formula.
    pub formula: String,
    /// Whether a checkpoint that the auditor trusts vouches for that event.
    pub within_trust: bool,
    /// The result.
    #[serde(flatten)]
    pub verdict: Verdict,
}

impl Judged {
    /// What became of a publication, whose event is at a position.
    pub(super) fn of(event: Position, facts: &ScoresPublished, verdict: Verdict) -> Self {
        let ScoresPublished { label, position, formula, .. } = facts;
        let (label, formula) = (label.clone(), formula.clone());
        Self { label, position: *position, event, formula, within_trust: false, verdict }
    }
}

/// What the log gives where a publication was made.
pub(super) struct GivenByLog<'a> {
    /// Root of the tree there.
    pub(super) root: Digest,
    pub(super) outcome: &'a FoldOutcome,
    /// Digest of what was passed over then.
    pub(super) quarantine: Digest,
    /// The first position that was read then and is erased since.
    pub(super) erased: Option<Position>,
}

/// What a fold says of a publication, whose event is at a position.
pub(super) fn judge(
    event: Position,
    facts: &ScoresPublished,
    given: &GivenByLog<'_>,
    still: Option<&StillCompared>,
) -> Judged {
    let GivenByLog { root, outcome, quarantine, erased } = given;
    let pairs = [
        ("root", *root, facts.root),
        ("digest", outcome.digest, facts.digest),
        ("state_digest", outcome.state_digest, facts.state_digest),
        ("quarantine_digest", *quarantine, facts.quarantine_digest),
    ];
    let unequal = pairs.iter().filter(|(_, replayed, published)| replayed != published);
    // The root and what was passed over are the log's own: no fold decides them, and nothing erased.
    let differs = |names: &[&str]| unequal.clone().any(|(metric, ..)| names.contains(metric));
    let log_differs = differs(&["root", "quarantine_digest"]);
    let others = other_versions(facts);
    let state_differs =
        differs(&["state_digest"]) && others.is_empty() && still.is_some_and(StillCompared::compares_state);
    let differences: Vec<Value> = unequal
        .map(|(metric, replayed, published)| json!({"metric": metric, "replayed": replayed, "published": published}))
        .collect();
    let verdict = match erased {
        _ if differences.is_empty() => Verdict::Verified,
        _ if log_differs || state_differs => Verdict::Diverged { differences },
        Some(erased) => Verdict::Unprovable { reason: format!("unprovable: position {erased} erased") },
        None if !others.is_empty() => Verdict::OtherVersion { reason: format!("published by {}", named(&others)) },
        None => Verdict::Diverged { differences },
    };
    Judged::of(event, facts, verdict)
}

/// Where two sets of scores differ: vertex, metric and both values, in the order of the rows. `compares` says of which
/// terms that is asked.
#[must_use]
pub fn differing(
    replayed: &Scores,
    held: &[Value],
    compares: impl Fn(Level, &str, &str) -> bool,
    limit: usize,
) -> Vec<Value> {
    let key = |row: &Value| {
        let level = row["level"].as_str().and_then(Level::from_name);
        (level, row["id"].as_str().unwrap_or_default().to_owned())
    };
    let mut standing: std::collections::BTreeMap<_, &Value> = held.iter().map(|row| (key(row), row)).collect();
    let mut found = Vec::new();
    let mut note = |id: &str, metric: &str, replayed: Value, held: Value| {
        if found.len() < limit {
            found.push(json!({"id": id, "metric": metric, "replayed": replayed, "published": held}));
        }
    };
    for row in &replayed.rows {
        let terms = replayed.line(row);
        match standing.remove(&(Some(row.level), row.id.to_string())) {
            None if !compares(row.level, &row.id, "row") => {}
            None => note(&row.id, "row", json!("present"), Value::Null),
            Some(held) => {
                let unequal = terms.iter().filter(|(metric, value)| held[metric.as_str()] != **value);
                for (metric, value) in unequal.filter(|(metric, _)| compares(row.level, &row.id, metric)) {
                    note(&row.id, metric, value.clone(), held[metric].clone());
                }
            }
        }
    }
    for ((level, id), _) in standing {
        if level.is_none_or(|level| compares(level, &id, "row")) {
            note(&id, "row", Value::Null, json!("present"));
        }
    }
    found
}
