//! Scores that are kept from look to look: rows are written over where their values moved, and whoever reads them again
//! visits those alone.

use std::sync::Arc;

use domain::formula::Formula;
use domain::status::ActivityStatus;
use domain::time::Day;

use super::adoption::Adoption;
use super::criticality::Criticality;
use super::pony::PonyFactors;
use super::status::StatusDecision;
use super::terms::Values;
use super::{Level, ScoreRow, Scores, flags, score};
use crate::graph::{Graph, Project};
use crate::table::by_id;
use crate::table::difference::side_by_side;

/// What was computed of a formula's terms: what rows say.
pub(super) struct ScoreParts<'a> {
    /// By project.
    pub(super) statuses: &'a [StatusDecision],
    /// The project of each vertex.
    pub(super) groups: &'a [Option<u32>],
    pub(super) criticality: &'a Criticality,
    pub(super) pony: &'a PonyFactors,
    pub(super) adoption: &'a Adoption,
    /// In the order of [`Scores::terms`].
    pub(super) further: &'a [Values],
}

/// Scores that follow the looks at one log under one formula. Looks are numbered from 1.
///
/// Of every row it is known at which look its values became what they are, so any number of readers can come at any
/// time: each remembers at which look it was here the last time.
#[derive(Clone, Debug, Default)]
pub struct KeptScores {
    scores: Scores,
    /// By row the look at which it moved last.
    moved: Vec<u64>,
    /// The vertices of the rows behind those of projects.
    vertices: Vec<u32>,
    /// The look at which rows came or went.
    placed: u64,
    look: u64,
}

/// The values that every formula has, and the composite.
#[derive(PartialEq, Eq)]
struct OwnValues {
    activity_status: Option<ActivityStatus>,
    criticality: Option<u64>,
    pony_factor: Option<u32>,
    adoption: Option<u32>,
    pg_score: Option<u64>,
}

impl KeptScores {
    /// The scores at the last look.
    #[must_use]
    pub fn scores(&self) -> &Scores {
        &self.scores
    }

    /// The scores at the last look, for good.
    #[must_use]
    pub fn into_scores(self) -> Scores {
        self.scores
    }

    /// The number of the last look.
    #[must_use]
    pub fn look(&self) -> u64 {
        self.look
    }

    /// Whether rows came or went since a look; `None` is before the first.
    #[must_use]
    pub fn is_placed_since(&self, look: Option<u64>) -> bool {
        look.is_none_or(|look| self.placed > look)
    }

    /// The places of the rows of which a value may have moved since a look, or which were not there; `None` is before
    /// the first.
    pub fn moved_since(&self, look: Option<u64>) -> impl Iterator<Item = usize> {
        let is_news = move |(_, moved): &(usize, &u64)| look.is_none_or(|look| **moved > look);
        self.moved.iter().enumerate().filter(is_news).map(|(place, _)| place)
    }

    /// Writes what this look gives. Where no vertex came, went or changed its kind, none is `placed`.
    pub(super) fn write(&mut self, graph: &Graph, placed: bool, parts: &ScoreParts<'_>, formula: &Formula, today: Day) {
        self.look += 1;
        let Scores { composite, terms, flagged, .. } = &mut self.scores;
        (*composite, *flagged) = (formula.score.is_some(), !formula.flags.is_empty());
        *terms = formula.further();
        if placed || !self.has_rows_of(&graph.projects) {
            self.place(graph);
        }
        self.write_projects(parts, formula);
        self.write_vertices(parts, graph.projects.len());
        let Self { scores: Scores { rows, terms, .. }, moved, look, .. } = self;
        let (mut rows, mut moved) = (&mut rows[..], &mut moved[..]);
        // Each level has percentiles of its own.
        while let Some(level) = rows.first().map(|row| row.level) {
            let end = rows.partition_point(|row| row.level == level);
            let (of_level, later) = rows.split_at_mut(end);
            let (moved_here, moved_later) = moved.split_at_mut(end);
            flags::raise(of_level, terms, &formula.flags, today, |n| moved_here[n] = *look);
            (rows, moved) = (later, moved_later);
        }
    }

    /// Whether there is a row of every project, in its place, and of no other.
    fn has_rows_of(&self, projects: &[Project]) -> bool {
        let rows = &self.scores.rows;
        rows.len() == projects.len() + self.vertices.len()
            && projects.iter().zip(rows).all(|(project, row)| by_id(&row.id, &project.id).is_eq())
    }

    /// Gives every project and vertex its row; those that had one keep it, with what it says.
    fn place(&mut self, graph: &Graph) {
        self.placed = self.look;
        let of = |repo: bool| (0..).zip(&graph.vertices).filter(move |(_, vertex)| vertex.repo == repo);
        self.vertices = of(true).chain(of(false)).map(|(n, _): (u32, _)| n).collect();
        let projects = graph.projects.iter().map(|project| (Level::Project, &project.id));
        let vertices = self.vertices.iter().map(|n| &graph.vertices[*n as usize]);
        let vertices = vertices.map(|vertex| (level_of(vertex.repo), &vertex.id));
        let held = std::mem::take(&mut self.scores.rows).into_iter().zip(std::mem::take(&mut self.moved));
        let (rows, moved) = (&mut self.scores.rows, &mut self.moved);
        rows.reserve(graph.projects.len() + graph.vertices.len());
        let order = |(row, _): &(ScoreRow, u64), (level, id): &(Level, &Arc<str>)| {
            row.level.cmp(level).then_with(|| by_id(&row.id, id))
        };
        side_by_side(held, projects.chain(vertices), order, |held, named| {
            let Some((level, id)) = named else { return };
            let new = || (ScoreRow { level, id: Arc::clone(id), ..ScoreRow::default() }, self.look);
            let (row, at) = held.unwrap_or_else(new);
            rows.push(row);
            moved.push(at);
        });
    }

    fn write_projects(&mut self, parts: &ScoreParts<'_>, formula: &Formula) {
        let ScoreParts { statuses, criticality, pony, adoption, further, .. } = parts;
        let composites = formula
            .score
            .as_ref()
            .map(|policy| score::composites(&criticality.projects, &pony.projects, &adoption.projects, policy));
        let rows = self.scores.rows.iter_mut().zip(&mut self.moved);
        for (n, ((row, moved), status)) in rows.zip(*statuses).enumerate() {
            let own = OwnValues {
                activity_status: Some(status.status),
                criticality: criticality.projects[n],
                pony_factor: pony.projects[n],
                adoption: adoption.projects[n],
                pg_score: composites.as_ref().and_then(|composites| composites[n]),
            };
            if own.write_over(row) | write_terms(row, further, |values| &values.projects, n) {
                *moved = self.look;
            }
        }
    }

    fn write_vertices(&mut self, parts: &ScoreParts<'_>, projects: usize) {
        let ScoreParts { statuses, groups, criticality, pony, adoption, further } = parts;
        let rows = self.scores.rows.iter_mut().zip(&mut self.moved).skip(projects);
        for ((row, moved), n) in rows.zip(&self.vertices) {
            let n = *n as usize;
            let own = OwnValues {
                activity_status: groups[n].map(|project| statuses[project as usize].status),
                criticality: Some(u64::from(criticality.vertices[n])),
                pony_factor: pony.vertices[n],
                adoption: adoption.vertices[n],
                pg_score: None,
            };
            if own.write_over(row) | write_terms(row, further, |values| &values.vertices, n) {
                *moved = self.look;
            }
        }
    }
}

fn level_of(repo: bool) -> Level {
    if repo { Level::Repo } else { Level::External }
}

impl OwnValues {
    /// Makes a row say this. Answers whether it said something else.
    fn write_over(self, row: &mut ScoreRow) -> bool {
        let ScoreRow { activity_status, criticality, pony_factor, adoption, pg_score, .. } = *row;
        if self == (Self { activity_status, criticality, pony_factor, adoption, pg_score }) {
            return false;
        }
        row.activity_status = self.activity_status;
        row.criticality = self.criticality;
        row.pony_factor = self.pony_factor;
        row.adoption = self.adoption;
        row.pg_score = self.pg_score;
        true
    }
}

/// Makes a row say its further terms. Answers whether it said something else.
fn write_terms<'a>(
    row: &mut ScoreRow,
    further: &'a [Values],
    of_level: impl Fn(&'a Values) -> &'a Vec<Option<super::value::TermValue>>,
    n: usize,
) -> bool {
    let terms = further.iter().map(|values| of_level(values)[n]);
    if row.terms.iter().copied().eq(terms.clone()) {
        return false;
    }
    row.terms.clear();
    row.terms.extend(terms);
    true
}
