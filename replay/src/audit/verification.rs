//! A stream of events, checked and folded once, against everything that was published.

use std::collections::BTreeSet;

use domain::digest::Digest;
use domain::facts::log::ScoresPublished;
use domain::formula::Formula;
use domain::recorded::Position;
use projections::fold::{Fold, World};
use projections::metrics::Scores;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use super::tree::{Anchor, Fault, Tree};
use crate::ReplayError;
use crate::as_of::{FoldOutcome, outcome_under};
use crate::decisions::{Decisions, PassedOver, is_decision};
use crate::log::Stored;
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
    /// Name of the formula.
    pub formula: String,
    /// The result.
    #[serde(flatten)]
    pub verdict: Verdict,
}

/// A publication to come to.
#[derive(Debug)]
struct JudgedTarget {
    /// Position of the event that publishes.
    event: Position,
    facts: ScoresPublished,
    formula: Formula,
    /// Digest of what was passed over then.
    quarantine: Digest,
    erased: Option<Position>,
}

/// Folds that pass over the same positions.
#[derive(Debug)]
struct FoldGroup {
    fold: Fold,
    /// By position, the first last.
    targets: Vec<JudgedTarget>,
    /// Whether the fold goes on to the end.
    live: bool,
}

/// What sees a publication's scores at the moment they are evaluated.
pub trait Witness {
    /// The fold stands where a publication was made.
    ///
    /// # Errors
    /// Whatever keeps the witness from going on.
    fn evaluated(&mut self, at: &Evaluated<'_>) -> Result<(), ReplayError>;
}

/// A publication at the moment it is evaluated.
#[derive(Debug)]
pub struct Evaluated<'a> {
    /// Position of the event that publishes.
    pub event: Position,
    /// What it says.
    pub facts: &'a ScoresPublished,
    /// Its formula.
    pub formula: &'a Formula,
    /// The fold, where it stands now.
    pub fold: &'a Fold,
    /// What the fold gives.
    pub outcome: &'a FoldOutcome,
    /// What that means for the publication.
    pub verdict: &'a Verdict,
}

/// Nobody looks.
impl Witness for () {
    fn evaluated(&mut self, _: &Evaluated<'_>) -> Result<(), ReplayError> {
        Ok(())
    }
}

/// The check of one log.
#[derive(Debug)]
pub struct Verification {
    tree: Tree,
    decisions: Decisions,
    /// Decisions met so far.
    met: usize,
    groups: Vec<FoldGroup>,
    judged: Vec<Judged>,
}

/// Why a verification stopped.
#[derive(Debug)]
pub enum VerificationStop {
    /// The log is at fault.
    Fault(Fault),
    /// Something else: nothing is said about the log.
    Error(ReplayError),
}

impl From<Fault> for VerificationStop {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<ReplayError> for VerificationStop {
    fn from(error: ReplayError) -> Self {
        Fault::of(error).map_or_else(Self::Error, Self::Fault)
    }
}

impl Verification {
    /// A check against anchors of a log with these decisions. With `live` the formula under which the fold goes on to
    /// the end, passing over what is passed over today.
    ///
    /// # Errors
    /// When a published formula is unknown or beyond this program.
    pub fn new(anchors: Vec<Anchor>, decisions: Decisions, live: Option<Formula>) -> Result<Self, VerificationStop> {
        let mut groups: Vec<FoldGroup> = Vec::new();
        let fold =
            |formula: Formula, passed: &BTreeSet<Position>| Fold::new(World::default(), formula, passed.clone(), None);
        let mut sets: Vec<BTreeSet<Position>> = Vec::new();
        if let Some(formula) = live {
            let set = decisions.passed_over(Position::MAX).positions;
            groups.push(FoldGroup { fold: fold(formula, &set), targets: Vec::new(), live: true });
            sets.push(set);
        }
        for (event, facts) in decisions.publications() {
            let formula = decisions.formula(&facts.formula, &facts.formula_hash)?.formula;
            let PassedOver { then, now: set, erased } = decisions.of_publication(event, facts);
            let place = sets.iter().position(|held| *held == set).unwrap_or_else(|| {
                groups.push(FoldGroup { fold: fold(formula.clone(), &set), targets: Vec::new(), live: false });
                sets.push(set);
                sets.len() - 1
            });
            groups[place].targets.push(JudgedTarget {
                event,
                facts: facts.clone(),
                formula,
                quarantine: then.digest(),
                erased,
            });
        }
        for group in &mut groups {
            group.targets.sort_by_key(|target| std::cmp::Reverse(target.facts.position));
        }
        Ok(Self { tree: Tree::new(anchors)?, decisions, met: 0, groups, judged: Vec::new() })
    }

    /// Takes in the next event, whose own hashes are checked.
    ///
    /// # Errors
    /// When the log is at fault, or the witness fails.
    pub fn push(&mut self, stored: &Stored, witness: &mut dyn Witness) -> Result<(), VerificationStop> {
        self.tree.push(stored)?;
        if is_decision(&stored.envelope.event_type) {
            let expected = self.decisions.events().get(self.met);
            if expected.is_none_or(|event| (event.position, event.leaf_hash) != (stored.position, stored.leaf_hash)) {
                return Err(Fault::at(stored.position, "a decision that was not announced").into());
            }
            self.met += 1;
        }
        let position = stored.position;
        let wants = |group: &FoldGroup| group.live || !group.targets.is_empty();
        let decode = self.groups.iter().any(|group| wants(group) && !group.fold.is_quarantined(position));
        let recorded = if decode { Some(stored.decode()?) } else { None };
        for group in self.groups.iter_mut().filter(|group| wants(group)) {
            match &recorded {
                Some(recorded) => group.fold.apply(recorded).map_err(ReplayError::from)?,
                None => group.fold.pass(position).map_err(ReplayError::from)?,
            }
            while let Some(target) = group.targets.pop_if(|target| target.facts.position <= position) {
                let outcome = outcome_under(&group.fold, &target.formula);
                let judged = judge(&target, &outcome, self.tree.root());
                witness.evaluated(&Evaluated {
                    event: target.event,
                    facts: &target.facts,
                    formula: &target.formula,
                    fold: &group.fold,
                    outcome: &outcome,
                    verdict: &judged.verdict,
                })?;
                self.judged.push(judged);
            }
        }
        Ok(())
    }

    /// The fold that goes on to the end.
    #[must_use]
    pub fn live(&self) -> Option<&Fold> {
        self.groups.iter().find(|group| group.live).map(|group| &group.fold)
    }

    /// Order and hashes.
    #[must_use]
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// What became of the publications met so far, in the order of their positions.
    #[must_use]
    pub fn judged(&self) -> &[Judged] {
        &self.judged
    }

    /// What the event at this position publishes.
    #[must_use]
    pub fn published(&self, event: Position) -> Option<&ScoresPublished> {
        self.decisions.publications().find(|(position, _)| *position == event).map(|(_, facts)| facts)
    }

    /// Notes where exactly a publication differs.
    pub fn name(&mut self, label: &str, rows: Vec<Value>) {
        let found = self.judged.iter_mut().find(|judged| judged.label == label);
        if let Some(Judged { verdict: Verdict::Diverged { differences }, .. }) = found {
            differences.extend(rows);
        }
    }

    /// The log ends here.
    ///
    /// # Errors
    /// When events are missing.
    pub fn end(&self) -> Result<(), Fault> {
        self.tree.end()?;
        if let Some(missing) = self.decisions.events().get(self.met) {
            return Err(Fault::at(missing.position, "a decision that was announced is not in the log"));
        }
        match self.groups.iter().flat_map(|group| &group.targets).next() {
            None => Ok(()),
            Some(target) => {
                let reason = format!("label `{}` was published at {}", target.facts.label, target.facts.position);
                Err(Fault { position: None, reason: format!("{reason}, beyond the end of the log") })
            }
        }
    }
}

fn judge(target: &JudgedTarget, outcome: &FoldOutcome, root: Digest) -> Judged {
    let facts = &target.facts;
    let pairs = [
        ("root", root, facts.root),
        ("digest", outcome.digest, facts.digest),
        ("state_digest", outcome.state_digest, facts.state_digest),
        ("quarantine_digest", target.quarantine, facts.quarantine_digest),
    ];
    let unequal = pairs.iter().filter(|(_, replayed, published)| replayed != published);
    // The root and what was passed over are the log's own: no fold decides them.
    let log_differs = unequal.clone().any(|(metric, ..)| ["root", "quarantine_digest"].contains(metric));
    let others = other_versions(facts);
    let differences: Vec<Value> = unequal
        .map(|(metric, replayed, published)| json!({"metric": metric, "replayed": replayed, "published": published}))
        .collect();
    let verdict = match target.erased {
        _ if differences.is_empty() => Verdict::Verified,
        Some(erased) => Verdict::Unprovable { reason: format!("unprovable: position {erased} erased") },
        None if !others.is_empty() && !log_differs => {
            Verdict::OtherVersion { reason: format!("published by {}", named(&others)) }
        }
        None => Verdict::Diverged { differences },
    };
    Judged { label: facts.label.clone(), position: facts.position, formula: facts.formula.clone(), verdict }
}

/// Where two sets of scores differ: vertex, metric and both values, in the order of the rows.
#[must_use]
pub fn differing(replayed: &Scores, held: &[Value], limit: usize) -> Vec<Value> {
    let key = |row: &Value| {
        let level = row["level"].as_str().and_then(projections::metrics::Level::from_name);
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
        match standing.remove(&(Some(row.level), row.id.clone())) {
            None => note(&row.id, "row", json!("present"), Value::Null),
            Some(held) => {
                for (metric, value) in terms.iter().filter(|(metric, value)| held[metric.as_str()] != **value) {
                    note(&row.id, metric, value.clone(), held[metric].clone());
                }
            }
        }
    }
    for ((_, id), _) in standing {
        note(&id, "row", Value::Null, json!("present"));
    }
    found
}
