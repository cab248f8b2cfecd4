//! Why a value is what it is, in sentences, of what the evaluation itself decided: nothing is computed here that a
//! score is made of.

use std::collections::BTreeSet;

use domain::formula::Formula;
use domain::recorded::Position;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::explain::{ExplainedScore, rests_on};
use crate::fold::{View, World};
use crate::history::Metric;
use crate::metrics::{Level, ScoreRow};

mod adoption;
mod change;
mod composite;
mod criticality;
mod gap;
mod pony;
mod status;
mod teller;

pub use change::{Before, changed};
pub use gap::Gap;
use teller::{Teller, ToldAbout};

/// Greatest number of entries of a list in one answer; what lies beyond is counted.
pub const MAX_LISTED: usize = 100;

/// Why a value is what it is.
#[derive(Clone, Debug, PartialEq)]
pub struct ValueWhy {
    /// The vertex or project.
    pub id: String,
    /// `project`, `repo` or `external`.
    pub level: Level,
    /// Which value.
    pub metric: String,
    /// The value, as in a digest's line.
    pub value: Value,
    /// In words, the value itself first.
    pub sentences: Vec<String>,
    /// What the value is made of.
    pub counts: Vec<CountedPart>,
    /// What might be expected to count, and does not.
    pub does_not_count: Vec<LeftOutPart>,
    /// The events it rests on.
    pub events: Vec<RestedOn>,
    /// What nobody has said yet.
    pub missing: Vec<Gap>,
}

/// A part of a value.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct CountedPart {
    /// A vertex, a contributor's pseudonym, a signal, a term.
    pub id: String,
    /// Its share in the value: commits, dependents, a signal's value; null where it counts as one.
    pub value: Value,
    /// Why it counts.
    pub reason: String,
}

/// Something that does not count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LeftOutPart {
    /// What it is.
    pub id: String,
    /// Why not.
    pub reason: String,
}

/// An event behind a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RestedOn {
    /// Its place in the log.
    pub position: Position,
    /// What it is read for.
    pub because: BTreeSet<&'static str>,
}

/// What there is no answer about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NothingToTell {
    /// No project, Repo or ExternalRepo has the id.
    Vertex,
    /// The formula has no such value; it has these.
    Metric(Vec<&'static str>),
}

/// Why the values of a vertex are what they are: of one metric, or of all that the formula has, in the order of their
/// names.
///
/// # Errors
/// When there is no such vertex or metric.
pub fn values(
    world: &World,
    view: &View<'_>,
    formula: &Formula,
    id: &str,
    metric: Option<&str>,
) -> Result<Vec<ValueWhy>, NothingToTell> {
    let evaluation = view.evaluation(formula);
    let row = evaluation.scores.rows.iter().find(|row| *row.id == *id).ok_or(NothingToTell::Vertex)?;
    let mut known = Metric::of(&evaluation.scores);
    known.sort_unstable_by_key(|metric| metric.name());
    if let Some(asked) = metric {
        let names = || known.iter().map(|metric| metric.name()).collect();
        let found = known.iter().copied().find(|metric| metric.name() == asked);
        known = vec![found.ok_or_else(|| NothingToTell::Metric(names()))?];
    }
    let teller = Teller::of(world, view, &evaluation);
    let Some(subject) = teller.subject(row) else { return Err(NothingToTell::Vertex) };
    Ok(known.into_iter().map(|metric| told(&teller, row, subject, metric)).collect())
}

fn told(teller: &Teller<'_>, row: &ScoreRow, subject: ToldAbout, asked: Metric) -> ValueWhy {
    let metric = asked.name();
    let value = teller.evaluation.scores.value(row, metric);
    let mut why = ValueWhy {
        id: row.id.to_string(),
        level: row.level,
        metric: metric.to_owned(),
        sentences: vec![format!("{metric} of {} is {}.", row.id, shown(&value))],
        value,
        counts: Vec::new(),
        does_not_count: Vec::new(),
        events: Vec::new(),
        missing: Vec::new(),
    };
    match asked {
        Metric::ActivityStatus => status::tell(teller, subject, &mut why),
        Metric::CriticalityScore => criticality::tell(teller, subject, &mut why),
        Metric::PonyFactor => pony::tell(teller, subject, &mut why),
        Metric::AdoptionScore => adoption::tell(teller, subject, &mut why),
        Metric::PgScore => composite::composite(teller, row, &mut why),
        Metric::Flags => composite::flags(teller, row, &mut why),
        Metric::Term(term) => composite::term(term, &mut why),
    }
    let Teller { world, view, .. } = teller;
    let rests = rests_on(world, view, teller.basis().formula, row.level, &row.id, ExplainedScore::of(asked));
    why.events = rests.0.into_iter().map(|(position, because)| RestedOn { position, because }).collect();
    why
}

impl ValueWhy {
    /// The same with lists of at most [`MAX_LISTED`] entries; how many there are is said in a sentence.
    #[must_use]
    pub fn bounded(mut self) -> Self {
        let mut cut = Vec::new();
        let mut bound = |what: &str, length: usize| {
            if length > MAX_LISTED {
                cut.push(format!("Of {length} {what} {MAX_LISTED} are listed."));
            }
        };
        bound("that count", self.counts.len());
        bound("that do not count", self.does_not_count.len());
        bound("events", self.events.len());
        bound("things that are missing", self.missing.len());
        self.counts.truncate(MAX_LISTED);
        self.does_not_count.truncate(MAX_LISTED);
        self.events.truncate(MAX_LISTED);
        self.missing.truncate(MAX_LISTED);
        self.sentences.append(&mut cut);
        self
    }

    fn say(&mut self, sentence: impl Into<String>) {
        self.sentences.push(sentence.into());
    }

    fn lacks(&mut self, gap: Gap) {
        if !self.missing.contains(&gap) {
            self.missing.push(gap);
        }
    }
}

/// A value within a sentence.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "unknown".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) if items.is_empty() => "none".to_owned(),
        Value::Array(items) => items.iter().map(shown).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// `1 event`, `2 events`.
fn counted(count: usize, one: &str, several: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { several })
}
