//! Why a value is what it is, or what changed it: in sentences, of what a fold in memory decided.

use std::collections::BTreeMap;

use domain::digest::Digest;
use domain::recorded::Position;
pub use projections::why::{CountedPart, Gap, LeftOutPart, RestedOn};
use projections::why::{NothingToTell, ValueWhy, changed, values};
use projections::{Fold, store};
use replay::{as_of, snapshot};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use sqlx::PgConnection;

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

/// The answer of a fold, before names are put in.
struct ToldAt {
    position: Position,
    formula: String,
    values: Vec<ValueWhy>,
    lag: u64,
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
    let people = told.values.iter().filter(|why| why.metric == "pony_factor").flat_map(|why| &why.counts);
    let people: Vec<Vec<u8>> = people.filter_map(|part| Some(Digest::parse(&part.id)?.0.to_vec())).collect();
    let names = names(&mut conn, &people).await?;
    let answer = |why: ValueWhy| {
        let named = |part: CountedPart| {
            let name = Digest::parse(&part.id).and_then(|person| names.get(&person).cloned());
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
    Ok(told.values.into_iter().map(|why| answer(why.bounded())).collect())
}

async fn tell(deps: &Deps, conn: &mut PgConnection, asked: &WhyQuery) -> Result<ToldAt> {
    let Shown { position, formula, lag } = point::shown(conn, &asked.at).await?;
    let earlier = match &asked.from {
        None => None,
        Some(from) => {
            let from = PointQuery { as_of: Some(from.clone()), formula: None };
            let from = as_of::position(conn, from.point()?).await?;
            if from > position {
                let reason = format!("position {from} lies behind {position}, where the value is asked about");
                return Err(Error::invalid("from", reason));
            }
            Some((from, as_of::formula(conn, None, from).await?.formula))
        }
    };
    let after = formula.formula.clone();
    let mut progress = deps.begin("replaying", position);
    let first = earlier.as_ref().map_or(position, |(from, _)| *from);
    let mut fold = as_of::fold(conn, formula, first, None, &mut |_| progress.step()).await?;
    // Whoever was not there has no value before.
    let before = earlier.as_ref().map(|(from, formula)| (*from, said(&fold, formula, asked).unwrap_or_default()));
    as_of::advance(conn, &mut fold, position, &mut |_| progress.step()).await?;
    let mut told = said(&fold, &after, asked)?;
    if let Some((from, before)) = before {
        let of = |why: &ValueWhy| before.iter().find(|held| held.metric == why.metric);
        told = told.into_iter().map(|why| changed(of(&why), why, from, position)).collect();
        if earlier.is_some_and(|(_, formula)| formula.hash() != after.hash()) {
            let now = format!("The formula is {} by now, so other rules decide.", after.name);
            told.iter_mut().for_each(|why| why.sentences.insert(1, now.clone()));
        }
    }
    Ok(ToldAt { position, formula: after.name, values: told, lag })
}

/// What a fold says of what is asked, in the form in which the id is kept.
fn said(fold: &Fold, formula: &domain::formula::Formula, asked: &WhyQuery) -> Result<Vec<ValueWhy>> {
    let view = fold.world.view();
    let metric = asked.metric.as_deref();
    let mut forms = forms_of(&asked.id);
    // A package that is published from a repository goes by the repository's id.
    let publisher = |form: &String| view.graph.vertices.iter().find(|vertex| vertex.details.packages.contains(form));
    let publisher = forms.iter().find_map(publisher).map(|vertex| vertex.id.clone());
    forms.extend(publisher);
    let tried = forms.iter().map(|form| values(&fold.world, &view, formula, form, metric));
    let mut found = tried.filter(|told| *told != Err(NothingToTell::Vertex));
    match found.next() {
        Some(Ok(told)) => Ok(told),
        Some(Err(_)) => {
            let name = metric.unwrap_or_default();
            let all = values(&fold.world, &view, formula, &forms[0], None).unwrap_or_default();
            let names: Vec<&str> = all.iter().map(|why| why.metric.as_str()).collect();
            let reason = format!("no metric `{name}` under formula {}: {}", formula.name, names.join(", "));
            Err(Error::not_found("metric", name, reason))
        }
        None => {
            let ids = known::of(&view.graph);
            let complaint = format!("no project, repository or package has the id `{}`", asked.id);
            Err(known::nothing("vertex", &asked.id, &complaint, &ids))
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
