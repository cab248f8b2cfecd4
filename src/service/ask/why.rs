//! Why a value is what it is, or what changed it: in sentences, of what a fold in memory decided.

use std::collections::BTreeMap;

use domain::digest::Digest;
use domain::formula::Formula;
use domain::recorded::Position;
use projections::why::{Before, NothingToTell, ValueWhy, changed, values};
pub use projections::why::{CountedPart, Gap, LeftOutPart, RestedOn};
use projections::{World, store};
use replay::{as_of, snapshot};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use sqlx::PgConnection;

#[cfg(feature = "serve")]
use super::held::DeepResident;
use super::point::{self, PointQuery, Shown};
use super::scores::as_number;
use super::{forms_of, known, lag};
use crate::service::{Deps, Error, Result};

/// Which value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WhyQuery {
    /// The project, repository or package.
    pub id: String,
    /// The metric; all that the formula has where none is named.
    pub metric: Option<String>,
    /// The earlier point, where the question is what changed since.
    pub from: Option<String>,
    /// When.
    pub at: PointQuery,
}

/// Why a value is what it is.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct WhyAnswer {
    /// The project, repository or package.
    pub id: String,
    /// `project`, `repo` or `external`.
    pub level: &'static str,
    /// Which value.
    pub metric: String,
    /// The value; null is unknown.
    pub value: Value,
    /// Position evaluated at.
    pub position: Position,
    /// Name of the formula.
    pub formula: String,
    /// In words, the value itself first.
    pub sentences: Vec<String>,
    /// What the value is made of.
    pub counts: Vec<NamedPart>,
    /// What might be expected to count, and does not.
    pub does_not_count: Vec<LeftOutPart>,
    /// The events it rests on; where a change is asked about those that it rests on now alone, or did.
    pub events: Vec<RestedOn>,
    /// What nobody has said yet: a front says how it is given.
    #[serde(skip)]
    pub missing: Vec<Gap>,
}

/// A part of a value, with the name of the person where it is one whose name is known here.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct NamedPart {
    /// The part.
    #[serde(flatten)]
    pub part: CountedPart,
    /// Name of a contributor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// The answer of a fold.
struct ToldAt {
    position: Position,
    formula: String,
    values: Vec<ValueWhy>,
    lag: u64,
    /// Names of the people in it, as far as they are known here.
    names: BTreeMap<Digest, String>,
}

/// Why the values of a vertex are what they are: where they stand in the live tables, or at the point that is asked
/// for.
///
/// # Errors
/// [`Error::NotFound`] for an id or metric that is not there, with the ids that are near; when a point does not exist,
/// or the log cannot be folded.
pub async fn why(deps: &Deps, asked: &WhyQuery) -> Result<Vec<WhyAnswer>> {
    let mut conn = deps.read_long().await?;
    let told = snapshot::read(&mut conn, async |conn| tell(deps, conn, asked).await).await?;
    lag::note(deps, told.lag);
    Ok(answers(told))
}

fn answers(told: ToldAt) -> Vec<WhyAnswer> {
    let answer = |why: ValueWhy| {
        let named = |part: CountedPart| {
            let name = Digest::parse(&part.id).and_then(|person| told.names.get(&person).cloned());
            NamedPart { part, name }
        };
        WhyAnswer {
            id: why.id,
            level: why.level.name(),
            metric: why.metric,
            value: as_number(why.value),
            position: told.position,
            formula: told.formula.clone(),
            sentences: why.sentences,
            counts: why.counts.into_iter().map(named).collect(),
            does_not_count: why.does_not_count,
            events: why.events,
            missing: why.missing,
        }
    };
    told.values.into_iter().map(answer).collect()
}

/// A state, and the formula that its values are of.
#[cfg(feature = "serve")]
#[derive(Clone, Copy, Debug)]
pub struct ToldState<'a> {
    /// The state.
    pub world: &'a World,
    /// The formula.
    pub formula: &'a Formula,
}

#[cfg(feature = "serve")]
impl<'a> ToldState<'a> {
    /// That of a snapshot.
    #[must_use]
    pub fn of(moment: &'a DeepResident) -> Self {
        Self { world: &moment.world, formula: &moment.resident.formula }
    }
}

/// Why values are what they are in a state, or what changed them since an earlier one; people by the names that are
/// known.
///
/// # Errors
/// [`Error::NotFound`] for an id or metric that is not there; [`Error::Invalid`] where the earlier state is the later.
#[cfg(feature = "serve")]
pub fn why_in(
    now: ToldState<'_>,
    earlier: Option<ToldState<'_>>,
    asked: &WhyQuery,
    names: &BTreeMap<Digest, String>,
) -> Result<Vec<WhyAnswer>> {
    let position = now.world.position;
    if let Some(from) = earlier.map(|earlier| earlier.world.position).filter(|from| *from > position) {
        return Err(too_late(from, position));
    }
    let before = earlier.map(|earlier| (earlier, said(earlier.world, earlier.formula, asked)));
    let values = said(now.world, now.formula, asked);
    let values = values.map_err(|nothing| unsaid(now.world, now.formula, asked, nothing))?;
    let values = match &before {
        Some((earlier, told)) => since(values, told, earlier.world.position, earlier.formula, now.formula, position),
        None => values,
    };
    let values = values.into_iter().map(ValueWhy::bounded).collect();
    let formula = now.formula.name.clone();
    Ok(answers(ToldAt { position, formula, values, lag: 0, names: names.clone() }))
}

/// What changed since an earlier position, of which `before` tells.
fn since(
    values: Vec<ValueWhy>,
    before: &std::result::Result<Vec<ValueWhy>, NothingToTell>,
    from: Position,
    earlier: &Formula,
    after: &Formula,
    to: Position,
) -> Vec<ValueWhy> {
    let of = |why: &ValueWhy| match before {
        Err(NothingToTell::Vertex) => Before::Absent,
        Err(NothingToTell::Metric(_)) => Before::NoSuchMetric,
        Ok(told) => told.iter().find(|held| held.metric == why.metric).map_or(Before::NoSuchMetric, Before::Told),
    };
    let mut values: Vec<ValueWhy> = values.into_iter().map(|why| changed(of(&why), why, from, to)).collect();
    if earlier.hash() != after.hash() {
        let now = format!("The formula is {} by now, so other rules decide.", after.name);
        values.iter_mut().for_each(|why| why.sentences.insert(1, now.clone()));
    }
    values
}

async fn tell(deps: &Deps, conn: &mut PgConnection, asked: &WhyQuery) -> Result<ToldAt> {
    let Shown { position, formula, lag } = point::shown(deps, conn, &asked.at).await?;
    let earlier = match &asked.from {
        None => None,
        Some(from) => Some(earlier(conn, from, asked.at.formula.as_deref(), position).await?),
    };
    let after = formula.formula.clone();
    let mut progress = deps.begin("replaying", position);
    let first = earlier.as_ref().map_or(position, |(from, _)| *from);
    let mut fold = as_of::fold(conn, formula, first, &mut |_| progress.step()).await?;
    let before = earlier.as_ref().map(|(_, formula)| said(&fold.world, formula, asked));
    as_of::advance(conn, &mut fold, position, &mut |_| progress.step()).await?;
    let mut values = said(&fold.world, &after, asked);
    if let (Some((from, formula)), Some(before)) = (&earlier, &before) {
        values = values.map(|values| since(values, before, *from, formula, &after, position));
    }
    let values = values.map_err(|nothing| unsaid(&fold.world, &after, asked, nothing))?;
    let values: Vec<ValueWhy> = values.into_iter().map(ValueWhy::bounded).collect();
    let people = values.iter().filter(|why| why.metric == "pony_factor").flat_map(|why| &why.counts);
    let people: Vec<Vec<u8>> = people.filter_map(|part| Some(Digest::parse(&part.id)?.0.to_vec())).collect();
    Ok(ToldAt { position, formula: after.name, values, lag, names: names(conn, &people).await? })
}

/// The earlier point, and the formula that its values are of: the one that is asked for, else the one of then.
async fn earlier(
    conn: &mut PgConnection,
    from: &str,
    formula: Option<&str>,
    to: Position,
) -> Result<(Position, Formula)> {
    let from = as_of::position(conn, Some(point::parsed("from", from)?)).await?;
    if from > to {
        return Err(too_late(from, to));
    }
    Ok((from, as_of::formula(conn, formula, from).await?.formula))
}

fn too_late(from: Position, to: Position) -> Error {
    Error::invalid("from", format!("position {from} lies behind {to}, where the value is asked about"))
}

/// What a state says of what is asked, in the form in which the id is kept. A package that is published from a
/// repository goes by the repository's id.
fn said(world: &World, formula: &Formula, asked: &WhyQuery) -> std::result::Result<Vec<ValueWhy>, NothingToTell> {
    let view = world.view();
    let forms = forms_of(&asked.id);
    let is_project = |form: &str| view.graph.projects.binary_search_by(|project| project.id.as_ref().cmp(form)).is_ok();
    let kept = forms.iter().map(String::as_str).find(|form| view.graph.vertex(form).is_some() || is_project(form));
    let publisher = |form: &String| view.graph.vertices.iter().find(|vertex| vertex.details.packages.contains(form));
    let id = kept.or_else(|| forms.iter().find_map(publisher).map(|vertex| &*vertex.id));
    values(world, &view, formula, id.ok_or(NothingToTell::Vertex)?, asked.metric.as_deref())
}

/// The complaint that there is nothing to tell.
fn unsaid(world: &World, formula: &Formula, asked: &WhyQuery, nothing: NothingToTell) -> Error {
    match nothing {
        NothingToTell::Metric(names) => {
            let name = asked.metric.as_deref().unwrap_or_default();
            let reason = format!("no metric `{name}` under formula {}: {}", formula.name, names.join(", "));
            Error::not_found("metric", name, reason)
        }
        NothingToTell::Vertex => {
            let ids = known::of(&world.view().graph);
            let complaint = format!("no project, repository or package has the id `{}`", asked.id);
            known::nothing("vertex", &asked.id, &complaint, &ids)
        }
    }
}

/// Names of people, as far as they are known and this login may read them.
async fn names(conn: &mut PgConnection, people: &[Vec<u8>]) -> Result<BTreeMap<Digest, String>> {
    if people.is_empty() || !sqlx::query_file_scalar!("sql/may_read_people.sql").fetch_one(&mut *conn).await? {
        return Ok(BTreeMap::new());
    }
    Ok(store::load::names_of(conn, people).await?)
}
