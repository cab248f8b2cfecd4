//! Scores of a snapshot: listed, and one of them with its place among all.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use domain::recorded::Position;
use domain::status::ActivityStatus;
use domain::time::Timestamp;
use projections::metrics::Level;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::filter::ScoresFilter;
use super::page::{PageQuery, RowsPage};
use super::resident::{EdgeClaim, Resident};
use super::scores::{Scored, Sort};
use super::{forms_of, known};
use crate::service::Result;

/// Values that have a place among all of their level.
const RANKED: [&str; 4] = ["criticality_score", "pony_factor", "adoption_score", "pg_score"];

/// By level and by [`RANKED`] all known values, in order, sorted when somebody asks for a place among them.
#[derive(Default)]
struct RankedValues([[OnceLock<Vec<f64>>; RANKED.len()]; 3]);

/// Which scores.
#[derive(Clone, Debug)]
pub struct RankedQuery {
    /// Kind of vertex.
    pub level: Level,
    /// Only these.
    pub filter: ScoresFilter,
    /// A part of the id or the name, whatever its case.
    pub text: Option<String>,
    /// A flag that is raised.
    pub flag: Option<String>,
    /// A type of purl.
    pub ecosystem: Option<String>,
    /// In which order.
    pub sort: Sort,
    /// Which page.
    pub page: PageQuery,
}

/// Answers a page of scores.
///
/// # Errors
/// [`crate::service::Error::NotFound`] for a project that there is not; [`crate::service::Error::Invalid`] for packages
/// of a project or a status, and for a page that none has named.
pub fn listed(atlas: &Resident, asked: &RankedQuery) -> Result<RowsPage<Scored>> {
    asked.filter.fits(asked.level, None)?;
    asked.filter.of_graph(atlas.graph())?;
    let (scored, order) = (atlas.scored(asked.level), atlas.sorted(asked.level, asked.sort));
    let text = asked.text.as_ref().map(|text| text.to_lowercase());
    let ecosystem = asked.ecosystem.as_ref().map(|kind| format!("pkg:{kind}/"));
    let wanted = |row: &Scored| {
        let score = &row.score;
        asked.filter.wants(asked.level, &score.id, score.project_id.as_ref(), score.activity_status.as_deref())
            && text
                .as_ref()
                .is_none_or(|text| [&score.id, &score.name].iter().any(|of| of.to_lowercase().contains(text)))
            && ecosystem.as_ref().is_none_or(|kind| score.id.starts_with(kind))
            && asked.flag.as_ref().is_none_or(|flag| has_flag(row, flag))
    };
    let row = |number: &u32| &scored[*number as usize];
    let cut = |rows: &[u32]| asked.page.cut(rows, |number| asked.sort.place(row(number)), |number| row(number).clone());
    let is_open = asked.filter.is_open() && text.is_none() && ecosystem.is_none() && asked.flag.is_none();
    if is_open {
        return cut(&order);
    }
    cut(&order.iter().copied().filter(|number| wanted(row(number))).collect::<Vec<_>>())
}

fn has_flag(row: &Scored, flag: &str) -> bool {
    row.further.get("flags").and_then(Value::as_array).is_some_and(|flags| flags.iter().any(|one| one == flag))
}

/// The scores of one vertex, each with its place.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct RankedScore {
    /// `project`, `repo` or `external`.
    pub level: &'static str,
    /// Its scores.
    #[serde(flatten)]
    pub scored: Scored,
    /// By value its place among all of the level of which it is known; what is unknown has none.
    pub ranks: BTreeMap<&'static str, PlaceAmong>,
    /// What they rest on.
    pub rests_on: RestsOn,
}

/// A place among others.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct PlaceAmong {
    /// 1 for the greatest; equals share the best.
    pub rank: usize,
    /// How many have a value.
    pub of: usize,
    /// The share that lies strictly below, in percent.
    pub percentile: f64,
}

impl PlaceAmong {
    /// Of one of these, which are in order.
    fn of(own: f64, sorted: &[f64]) -> Self {
        let below = sorted.partition_point(|other| *other < own);
        let above = sorted.len() - sorted.partition_point(|other| *other <= own);
        Self { rank: above + 1, of: sorted.len(), percentile: 100.0 * below as f64 / sorted.len() as f64 }
    }
}

/// What the scores of a vertex rest on, counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RestsOn {
    /// The repositories: those of a project, or itself.
    pub repos: usize,
    /// Dependents that name it themselves.
    pub direct_dependents: usize,
    /// What it names itself.
    pub direct_dependencies: usize,
    /// Its contributors, bots left out.
    pub contributors: usize,
    /// Their commits that are no merges.
    pub commits: u64,
    /// Time of the latest one.
    pub latest_commit: Option<Timestamp>,
    /// The sum of what hosts and registries count of it, where they do.
    pub stars: Option<u64>,
    /// Likewise.
    pub forks: Option<u64>,
    /// In 30 days.
    pub downloads: Option<u64>,
    /// The position that all this is of.
    pub position: Position,
}

/// Finds a project, repository or package by id, and says where it stands.
///
/// # Errors
/// [`crate::service::Error::NotFound`], with the ids that are near.
pub fn one(atlas: &Resident, id: &str) -> Result<RankedScore> {
    let forms = forms_of(id);
    let levels = [Level::Project, Level::Repo, Level::External];
    let found = forms.iter().flat_map(|form| levels.map(|level| (level, form)));
    let found = found.filter_map(|(level, form)| {
        let all = atlas.scored(level);
        let at = all.binary_search_by(|row| row.score.id.as_str().cmp(form)).ok()?;
        Some((level, &all[at]))
    });
    let published = || {
        let entry = forms.iter().find_map(|form| atlas.package(form))?;
        let id = &atlas.graph().vertices[entry.vertex as usize].id;
        let all = atlas.scored(Level::Repo);
        let at = all.binary_search_by(|row| row.score.id.as_str().cmp(id)).ok()?;
        Some((Level::Repo, &all[at]))
    };
    let Some((level, scored)) = found.into_iter().next().or_else(published) else {
        let complaint = format!("no project, repository or package has the id `{id}`");
        return Err(known::nothing("vertex", id, &complaint, &known::of(atlas.graph())));
    };
    let values = atlas.made.get(RankedValues::default);
    let ranks = RANKED.into_iter().zip(&values.0[level as usize]);
    let ranks = ranks.filter_map(|(field, values)| {
        let own = scored.number(field)?;
        let sorted = values.get_or_init(|| {
            let mut all: Vec<f64> = atlas.scored(level).iter().filter_map(|row| row.number(field)).collect();
            all.sort_unstable_by(f64::total_cmp);
            all
        });
        Some((field, PlaceAmong::of(own, sorted)))
    });
    Ok(RankedScore {
        level: level.name(),
        ranks: ranks.collect(),
        rests_on: rests_on(atlas, level, &scored.score.id),
        scored: scored.clone(),
    })
}

fn rests_on(atlas: &Resident, level: Level, id: &str) -> RestsOn {
    let own: Vec<u32> = match level {
        Level::Project => atlas.project(id).map_or_else(Vec::new, |project| atlas.members(project).to_vec()),
        _ => atlas.graph().vertex(id).into_iter().collect(),
    };
    let people = atlas.people().of_repos(&own);
    let vertices = || own.iter().map(|vertex| &atlas.graph().vertices[*vertex as usize]);
    // Of a project, what several of its repositories name, or what names several, counts once.
    let each =
        |ends: &mut dyn Iterator<Item = (u32, &EdgeClaim)>| ends.map(|(end, _)| end).collect::<BTreeSet<_>>().len();
    let sum = |values: &mut dyn Iterator<Item = u64>| values.reduce(u64::saturating_add);
    RestsOn {
        repos: if level == Level::External { 0 } else { own.len() },
        direct_dependents: each(&mut own.iter().flat_map(|vertex| atlas.dependents(*vertex))),
        direct_dependencies: each(&mut own.iter().flat_map(|vertex| atlas.dependencies(*vertex))),
        contributors: people.len(),
        commits: people.iter().map(|held| held.total.commits).sum(),
        latest_commit: own.iter().filter_map(|vertex| atlas.latest_commit(*vertex)).max(),
        stars: sum(&mut vertices().filter_map(|vertex| vertex.stars)),
        forks: sum(&mut vertices().filter_map(|vertex| vertex.forks)),
        downloads: sum(&mut vertices().filter_map(|vertex| vertex.downloads)),
        position: atlas.position,
    }
}

/// The statuses that these words name.
///
/// # Errors
/// [`crate::service::Error::Invalid`] for one that there is not.
pub fn statuses<'a>(words: impl Iterator<Item = &'a str>) -> Result<Vec<ActivityStatus>> {
    let known = || ActivityStatus::ALL.map(ActivityStatus::name).join(", ");
    let read = |word: &str| {
        let reason = || format!("`{word}`: a status is one of {}", known());
        ActivityStatus::from_name(word).ok_or_else(|| crate::service::Error::invalid("status", reason()))
    };
    words.map(read).collect()
}
