//! Scores: live, or replayed at a point or under another formula.

mod order;

use domain::formula::Term;
use projections::metrics::Level;
use projections::store::{self, Build, few, query};
use replay::snapshot;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value};
use sqlx::PgConnection;

use super::filter::ScoresFilter;
use super::point::{self, PointQuery};
use super::unsaid::{self, Unsaid};
use super::{forms_of, kept_form, known, lag};
use crate::service::answer::columns;
use crate::service::{Deps, Error, Result};

pub(crate) use order::NATURAL;
pub use order::{RowPlace, Sort};

/// The scores of one vertex; null is unknown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CommonScores {
    /// Canonical id.
    pub id: String,
    /// Display name.
    pub name: String,
    /// `live`, `in-dev`, `discontinued` or `non-responsive`.
    pub activity_status: Option<String>,
    /// Transitive active dependents.
    pub criticality_score: Option<u64>,
    /// Fewest people behind half of the commits.
    pub pony_factor: Option<u64>,
    /// 0 to 100.
    pub adoption_score: Option<Number>,
    /// The formula's composite, 0 to 100.
    pub pg_score: Option<Number>,
    /// The project, for repositories.
    pub project_id: Option<String>,
}

/// Scores, and what the formula has besides: further terms by name, and `flags`.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Scored {
    /// What every formula has.
    #[serde(flatten)]
    pub score: CommonScores,
    /// What this one has besides.
    #[serde(flatten)]
    pub further: Map<String, Value>,
}

#[cfg(feature = "serve")]
impl Scored {
    /// A score by its name, as a number; none where it is unknown.
    pub(crate) fn number(&self, field: &str) -> Option<f64> {
        let whole = |value: Option<u64>| value.map(|value| value as f64);
        match field {
            "criticality_score" => whole(self.score.criticality_score),
            "pony_factor" => whole(self.score.pony_factor),
            "adoption_score" => self.score.adoption_score.as_ref().and_then(Number::as_f64),
            "pg_score" => self.score.pg_score.as_ref().and_then(Number::as_f64),
            further => self.further.get(further).and_then(Value::as_f64),
        }
    }
}

/// Which scores.
#[derive(Clone, Debug)]
pub struct ScoresQuery {
    /// Kind of vertex.
    pub level: Level,
    /// Only this one.
    pub id: Option<String>,
    /// Only these.
    pub filter: ScoresFilter,
    /// In which order.
    pub sort: Sort,
    /// So many at most, the first of that order.
    pub limit: Option<u64>,
    /// When, and under which formula.
    pub at: PointQuery,
    /// Whether it is told, too, what no source says of what is live; of whole lists of projects and Repos alone.
    pub unsaid: bool,
}

/// Scores, and what no source says of them where that was asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct FoundScores {
    /// The scores.
    pub rows: Vec<Scored>,
    /// What no source says, of the same moment.
    pub unsaid: Option<Unsaid>,
}

/// Answers scores.
///
/// # Errors
/// [`Error::NotFound`] for an id that nothing of this level has, and for a project that there is not;
/// [`Error::Invalid`] for packages of a project or a status.
pub async fn scores(deps: &Deps, asked: &ScoresQuery) -> Result<FoundScores> {
    let filter = &asked.filter;
    filter.fits(asked.level, asked.id.as_deref())?;
    let (lines, ids, unsaid) = if asked.at.is_now() {
        let mut conn = deps.read().await?;
        let read = snapshot::read(&mut conn, async |conn| -> Result<_> {
            let live = store::live_builds(conn).await?;
            filter.of_live(conn, &live).await?;
            let lines = if live.is_empty() { Vec::new() } else { live_scores(conn, &live, asked).await? };
            let missed = asked.id.is_some() && lines.is_empty();
            let ids = if missed { known::live(conn, &live).await? } else { Vec::new() };
            let whole = asked.unsaid && asked.id.is_none() && asked.level != Level::External && !lines.is_empty();
            let unsaid = if whole { Some(unsaid::of_live(conn, &live, filter).await?) } else { None };
            Ok((lines, ids, unsaid, lag::of(conn, &live).await?))
        });
        let (lines, ids, unsaid, lag) = read.await?;
        lag::note(deps, lag);
        (lines, ids, unsaid)
    } else {
        let mut conn = deps.read_long().await?;
        let fold = snapshot::read(&mut conn, async |conn| point::fold(deps, conn, &asked.at).await).await?;
        let view = fold.world.view();
        filter.of_graph(&view.graph)?;
        let ids = if asked.id.is_some() { known::of(&view.graph) } else { Vec::new() };
        let lines = query::scores_of(&view.graph, &view.scores(fold.formula()), asked.level);
        (lines, ids, None)
    };
    let id = asked.id.as_deref().map(|id| kept_form(id, |form| lines.iter().any(|line| line.id == form)));
    let wanted =
        |line: &query::ScoreLine| id.as_ref().is_none_or(|id| line.id == *id) && filter.takes(asked.level, line);
    let mut scores: Vec<Scored> = lines.into_iter().filter(wanted).map(Scored::from).collect();
    if let (Some(id), true) = (&id, scores.is_empty()) {
        let level = asked.level.name();
        if ids.contains(id) {
            let complaint = format!("no {level} has the id `{id}`: something of another level has it");
            return Err(Error::not_found(level, id, complaint));
        }
        return Err(known::nothing(level, id, &format!("no {level} has the id `{id}`"), &ids));
    }
    asked.sort.apply(&mut scores);
    scores.truncate(asked.limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX)));
    Ok(FoundScores { rows: scores, unsaid })
}

/// Reads what is shown and no more: one score, or the first by id. What is sorted otherwise, or chosen from, is read as
/// a whole.
async fn live_scores(conn: &mut PgConnection, live: &[Build], asked: &ScoresQuery) -> Result<Vec<query::ScoreLine>> {
    Ok(match (&asked.id, asked.limit) {
        (Some(id), _) => {
            let mut lines = Vec::new();
            for form in forms_of(id) {
                lines.extend(few::score(conn, live, asked.level, &form).await?);
            }
            lines
        }
        (None, Some(limit)) if asked.sort == Sort::default() && asked.filter.is_open() => {
            few::first_scores(conn, live, asked.level, limit).await?
        }
        _ => query::scores(conn, live, asked.level).await?,
    })
}

impl From<query::ScoreLine> for Scored {
    fn from(line: query::ScoreLine) -> Self {
        let score = CommonScores {
            id: line.id,
            name: line.name,
            activity_status: line.activity_status,
            criticality_score: line.criticality_score,
            pony_factor: line.pony_factor,
            adoption_score: line.adoption_score.as_deref().and_then(number),
            pg_score: line.pg_score.as_deref().and_then(number),
            project_id: line.project_id,
        };
        let further = line.further.into_iter().map(|(name, value)| (name, as_number(value))).collect();
        Self { score, further }
    }
}

/// Decimal text as a number.
fn number(text: &str) -> Option<Number> {
    text.parse::<f64>().ok().and_then(Number::from_f64)
}

/// Decimal text as a number; everything else as it is.
pub(crate) fn as_number(value: Value) -> Value {
    value.as_str().and_then(number).map_or(value, Value::Number)
}

/// Names of the values that scores may have, those of every formula first.
#[must_use]
pub fn fields() -> Vec<&'static str> {
    columns::<CommonScores>().iter().copied().chain(further()).collect()
}

/// What a formula may have beside the scores.
fn further() -> impl Iterator<Item = &'static str> {
    Term::ALL.into_iter().map(Term::name).chain(["flags"])
}

/// Names of the values that these scores have.
#[must_use]
pub fn fields_of(scores: &[Scored]) -> Vec<&'static str> {
    let known = |name: &&str| scores.first().is_some_and(|scored| scored.further.contains_key(*name));
    columns::<CommonScores>().iter().copied().chain(further().filter(known)).collect()
}
