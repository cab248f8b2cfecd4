//! What is said of projects: who they are, by which name, what curations replace.
//!
//! A project is made anew where something was told of it, and stands as it was otherwise.

use std::collections::BTreeMap;

use domain::checked::normalised_name;
use domain::facts::curation::ProjectField;
use domain::recorded::Rank;

use super::curations::CuratedRow;
use super::input::Vertices;
use super::membership::{CURATION, Membership};
use super::model::{Finding, Graph, Project};
use super::names::Name;
use super::rows::StateView;
use super::state::SurveyAnswer;
use super::survey;

/// What a project is unless something says otherwise.
const FUNDED: &str = "scf_project";
/// What a project with a published package is.
const PUBLIC_GOOD: &str = "pg_root";

/// The data of projects that curations replace.
type CorrectedFields<'a> = BTreeMap<(Name, ProjectField), &'a str>;

/// Which projects are there, kept from one look to the next beside the graph that has them.
#[derive(Clone, Debug, Default)]
pub(super) struct ProjectRows {
    /// Their numbers, in the order of ids.
    pub(super) there: Vec<Name>,
    /// By number its place among them, or [`u32::MAX`].
    places: Vec<u32>,
    /// By number the name that it goes by, normalised.
    called: Vec<String>,
    /// By number that name's, where answers or curations tell of it.
    names: Vec<Option<Name>>,
    /// How many names answers and curations had told of then.
    told_names: usize,
}

impl ProjectRows {
    /// Brings the projects up to date, all but their answers, and whether a package is published from them. Something
    /// was told of those `touched`.
    pub(super) fn follow(
        &mut self,
        known: StateView<'_>,
        members: &[Option<Membership>],
        touched: &[Name],
        projects: &mut Vec<Project>,
        findings: &mut Vec<Finding>,
    ) {
        let corrected = known.curations().data();
        let there = there(known, members, &corrected);
        let count = known.projects.len();
        self.called.resize(count, String::new());
        self.names.resize(count, None);
        let mut stale = vec![false; count];
        touched.iter().for_each(|project| stale[*project as usize] = true);
        let now: Vec<Name> = known.projects.sorted().iter().copied().filter(|id| there[*id as usize]).collect();
        if now != self.there {
            let mut held: Vec<Option<Project>> = (0..count).map(|_| None).collect();
            for (id, project) in self.there.iter().zip(projects.drain(..)) {
                held[*id as usize] = Some(project);
            }
            for id in &now {
                let project = held[*id as usize].take();
                projects.push(project.unwrap_or_else(|| {
                    stale[*id as usize] = false;
                    self.make(known, *id, &corrected)
                }));
            }
            self.places = vec![u32::MAX; count];
            (0..).zip(&now).for_each(|(place, id)| self.places[*id as usize] = place);
            self.there = now;
        }
        for (n, project) in projects.iter_mut().enumerate() {
            let id = self.there[n];
            if stale[id as usize] {
                *project = Project { answer: project.answer.take(), ..self.make(known, id, &corrected) };
            }
            project.kind = match corrected.get(&(id, ProjectField::Type)) {
                Some(&PUBLIC_GOOD) => PUBLIC_GOOD,
                _ => FUNDED,
            };
            let is_named = || corrected.contains_key(&(id, ProjectField::Name));
            if !project.recorded && !project.applied && !known.answers().is_answered(id) && !is_named() {
                let reason = "no grants record and no survey row describes it".to_owned();
                findings.push(Finding::new("project", &project.id, reason));
            }
        }
    }

    /// Makes a project anew, and notes how it is called.
    fn make(&mut self, known: StateView<'_>, id: Name, corrected: &CorrectedFields<'_>) -> Project {
        let project = made(known, id, corrected);
        let called = normalised_name(&project.name);
        self.names[id as usize] = known.answered_names.find(&called);
        self.called[id as usize] = called;
        project
    }

    /// The place of a project, where it is there.
    pub(super) fn place(&self, project: Name) -> Option<u32> {
        self.places.get(project as usize).copied().filter(|place| *place != u32::MAX)
    }

    /// Gives every project its newest answer.
    pub(super) fn bind_answers(&mut self, known: StateView<'_>, projects: &mut [Project], findings: &mut Vec<Finding>) {
        if self.told_names != known.answered_names.len() {
            self.told_names = known.answered_names.len();
            for id in &self.there {
                self.names[*id as usize] = known.answered_names.find(&self.called[*id as usize]);
            }
        }
        let called: Vec<(Name, Option<Name>)> = self.there.iter().map(|id| (*id, self.names[*id as usize])).collect();
        let bound = survey::bind(known, &called, findings);
        for (id, project) in self.there.iter().zip(projects) {
            let answer = bound[*id as usize];
            if project.answer.as_ref().map(SurveyAnswer::order) != answer.map(SurveyAnswer::order) {
                project.answer = answer.cloned();
            }
        }
    }

    /// A project with a published package is a root of the ecosystem, unless a curation gives it another type.
    pub(super) fn mark_public_goods(&self, known: StateView<'_>, vertices: &Vertices<'_>, graph: &mut Graph) {
        let mut typed = vec![false; graph.projects.len()];
        for (_, row) in known.curations().iter() {
            if let CuratedRow::Project { project, field: ProjectField::Type, value: Some(_) } = row
                && let Some(place) = self.place(*project)
            {
                typed[place as usize] = true;
            }
        }
        for (_, repo) in vertices.identity.publications() {
            let project = graph.vertices.get(vertices.of(repo) as usize).and_then(|vertex| vertex.project);
            if let Some(project) = project.filter(|project| !typed[*project as usize]) {
                graph.projects[project as usize].kind = PUBLIC_GOOD;
            }
        }
    }
}

/// By number the projects that are there: named by the newest fact of some source, or by a curation that may create
/// one. What an owner's curation says of a project that nobody else names makes none.
fn there(known: StateView<'_>, members: &[Option<Membership>], corrected: &CorrectedFields<'_>) -> Vec<bool> {
    let mut there = vec![false; known.projects.len()];
    let mut mark = |project: Name| there[project as usize] = true;
    let funded = known.fundings().iter().filter(|(_, funding)| funding.applied || funding.record.is_some());
    funded.for_each(|(project, _)| mark(project));
    known.answers().projects().for_each(&mut mark);
    known.repos().flat_map(|repo| &repo.flags).for_each(|(_, project)| mark(*project));
    let curated = members.iter().flatten().filter(|member| member.evidence == CURATION);
    curated.filter_map(|member| member.project).for_each(&mut mark);
    corrected.keys().for_each(|(project, _)| mark(*project));
    for (_, row) in known.curations().iter() {
        if let CuratedRow::SurveyName { project, .. } = row {
            mark(*project);
        }
    }
    there
}

/// The name that a project's applications and survey rows give it: the newer of both.
pub(super) fn given_name(known: StateView<'_>, project: Name) -> Option<(Rank, &str)> {
    let of_grants = known.fundings().get(project).and_then(|funding| funding.name.as_ref());
    let of_grants = of_grants.map(|(rank, name)| (*rank, name.as_str()));
    of_grants.max(known.answers().name(project))
}

/// A project as what is said of it makes it.
fn made(known: StateView<'_>, id: Name, corrected: &CorrectedFields<'_>) -> Project {
    let funding = known.fundings().get(id);
    let record = funding.and_then(|funding| funding.record.as_ref());
    let corrected = |field| corrected.get(&(id, field)).map(|value| (*value).to_owned());
    let name = corrected(ProjectField::Name).or_else(|| record?.name.clone());
    let given = || given_name(known, id).map_or(known.projects.text(id), |said| said.1).to_owned();
    Project {
        id: known.projects.shared(id),
        name: name.unwrap_or_else(given),
        kind: FUNDED,
        category: corrected(ProjectField::Category).or_else(|| record?.category.clone()),
        git_url: record.and_then(|record| record.git_url.clone()),
        website: corrected(ProjectField::Website).or_else(|| record?.website.clone()),
        answer: None,
        integration_status: record.and_then(|record| record.integration_status.clone()),
        recorded: record.is_some(),
        applied: funding.is_some_and(|funding| funding.applied),
        complete: funding.is_some_and(|funding| funding.complete),
        first_seen: funding.and_then(|funding| funding.first_seen),
    }
}
