//! Which events stand behind what the graph says: of edges, of what ids mean, of membership, of a project's answers.

use std::collections::{BTreeMap, BTreeSet};

use domain::facts::curation::Correction;
use domain::formula::EdgePolicy;
use domain::recorded::Position;

use super::Graph;
use super::meaning::Meaning;
use super::projects::given_name;
use super::snapshot::{FLAT, NESTED, ROOT};
use super::state::GraphState;
use super::survey;

/// Positions with the reasons for which each counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rests(pub BTreeMap<Position, BTreeSet<&'static str>>);

impl Rests {
    /// Notes an event.
    pub fn on(&mut self, position: Position, reason: &'static str) {
        self.0.entry(position).or_default().insert(reason);
    }
}

/// Resolves ids as the graph did, to name the events behind it.
#[derive(Debug)]
pub struct EventTracer<'a> {
    state: &'a GraphState,
    graph: &'a Graph,
    meaning: Meaning<'a>,
}

impl<'a> EventTracer<'a> {
    /// The sources of a resolved state.
    #[must_use]
    pub fn of(state: &'a GraphState, graph: &'a Graph) -> Self {
        Self { state, graph, meaning: Meaning::of(state) }
    }

    /// Claims of edges between the marked vertices under a policy.
    pub fn edges(&self, marked: &[bool], policy: EdgePolicy, rests: &mut Rests) {
        let wanted = match policy {
            EdgePolicy::Flat => FLAT,
            EdgePolicy::Nested => ROOT | NESTED,
        };
        let is_marked = |id: &str| self.vertex(id).is_some_and(|n| marked[n]);
        for (_, snapshot) in self.meaning.live() {
            let ids: Vec<bool> = snapshot.ids.iter().map(|id| is_marked(id)).collect();
            let mut claims = snapshot.claims.iter();
            if claims.any(|(from, to, flags, _)| flags & wanted != 0 && ids[*from as usize] && ids[*to as usize]) {
                rests.on(snapshot.rank.position, "edge");
            }
        }
        for (package, crawl) in &self.state.packages {
            let from = self.vertex(package);
            // The flat policy knows no edge out of an ExternalRepo.
            let known = from.is_some_and(|n| policy == EdgePolicy::Nested || self.graph.vertices[n].repo);
            let mut dependencies = crawl.value.dependencies.iter();
            if known && is_marked(package) && dependencies.any(|dependency| is_marked(&dependency.purl)) {
                rests.on(crawl.rank.position, "edge");
            }
        }
    }

    /// What the marked vertices are: Repos, by which name, of which project, publishing what.
    pub fn identities(&self, marked: &[bool], rests: &mut Rests) {
        let is_marked = |id: &str| self.vertex(id).is_some_and(|n| marked[n]);
        for (subject, facts) in &self.state.repos {
            if !is_marked(subject) {
                continue;
            }
            if let Some(spelled) = &facts.spelled {
                rests.on(spelled.rank.position, "repository");
            }
            if let Some(host) = facts.host.as_ref().filter(|host| host.value.full_name.is_some()) {
                rests.on(host.rank.position, "name");
            }
        }
        for (_, snapshot) in self.meaning.live() {
            if snapshot.publication.as_deref().is_some_and(is_marked) {
                rests.on(snapshot.rank.position, "publication");
            }
        }
        for (package, crawl) in &self.state.packages {
            if crawl.value.repository.is_some() && is_marked(package) {
                rests.on(crawl.rank.position, "publication");
            }
        }
        for curation in self.state.curations.values() {
            let about = match &curation.value.correction {
                Correction::Membership { repo, .. } => Some(repo),
                Correction::Publication { package, .. } => Some(package),
                _ => None,
            };
            if about.is_some_and(|id| is_marked(id)) {
                rests.on(curation.rank.position, "curation");
            }
        }
        for vertex in self.graph.vertices.iter().zip(marked).filter(|(_, marked)| **marked).map(|(vertex, _)| vertex) {
            if let Some((_, position)) = vertex.evidence {
                rests.on(position, "membership");
            }
        }
    }

    /// What decides the statuses of these projects, their commits aside.
    pub fn projects(&self, projects: &[usize], rests: &mut Rests) {
        let mut ids = BTreeSet::new();
        let mut unanswered = false;
        let known = self.meaning.known();
        for project in projects.iter().map(|n| &self.graph.projects[*n]) {
            ids.insert(project.id.as_ref());
            match &project.answer {
                Some(answer) => rests.on(answer.rank.position, "survey answer"),
                None => unanswered = true,
            }
            if let Some(facts) = self.state.projects.get(&*project.id) {
                facts.record.iter().for_each(|record| rests.on(record.rank.position, "grants record"));
            }
            let given = known.projects.find(&project.id).and_then(|number| given_name(known, number));
            given.into_iter().for_each(|(rank, _)| rests.on(rank.position, "name"));
        }
        if unanswered {
            // Without an answer the newest of any project says since when commits count.
            let newest = survey::newest(self.state);
            newest.into_iter().for_each(|answer| rests.on(answer.rank.position, "newest survey answer"));
        }
        for application in self.state.applications.values() {
            if ids.contains(application.value.project_id.as_str()) {
                rests.on(application.rank.position, "grant application");
            }
        }
        for curation in self.state.curations.values() {
            let about = match &curation.value.correction {
                Correction::Project { project, .. } | Correction::SurveyName { project, .. } => Some(project),
                Correction::Owner { project, .. } => project.as_ref(),
                _ => None,
            };
            if about.is_some_and(|project| ids.contains(project.as_str())) {
                rests.on(curation.rank.position, "curation");
            }
        }
    }

    /// Every adoption signal: a percentile is a place among all of them.
    pub fn signals(&self, rests: &mut Rests) {
        for facts in self.state.repos.values() {
            facts.host.iter().for_each(|host| rests.on(host.rank.position, "adoption signal"));
        }
        for crawl in self.state.packages.values().filter(|crawl| crawl.value.downloads.is_some()) {
            rests.on(crawl.rank.position, "adoption signal");
        }
    }

    fn vertex(&self, id: &str) -> Option<usize> {
        self.graph.vertex(self.meaning.resolve(id)).map(|n| n as usize)
    }
}
