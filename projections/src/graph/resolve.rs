//! From what the sources say to what it means: a pure function of the state, evaluated whole.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::facts::curation::{Correction, ProjectField};

use super::edges::Claims;
use super::identity::Identity;
use super::input::{ResolveInput, Vertices};
use super::membership::{GrantLinks, Membership, memberships};
use super::model::{Depth, Finding, Graph, Link, Project};
use super::names::Name;
use super::repo_of::RepoOf;
use super::resolve_cache::ResolveCache;
use super::rows::StateView;
use super::state::GraphState;
use super::{applications, survey, vertex};
use crate::changes::Changes;

impl Graph {
    /// Resolves a state.
    #[must_use]
    pub fn of(state: &GraphState) -> Self {
        Self::resolve(state, &mut ResolveCache::default(), Depth::Shown)
    }

    /// Resolves a state of a log, `cache` being of its earlier states and having heard of all that was touched since.
    pub(crate) fn resolve(state: &GraphState, cache: &mut ResolveCache, depth: Depth) -> Self {
        let mut findings = Vec::new();
        let ResolveCache { rows, touched, link_index, former } = cache;
        rows.learn(state, touched.as_ref());
        *touched = Some(Changes::default());
        let known = StateView::of(state, rows);
        let names = known.names;
        let links = GrantLinks::of(known);
        let repositories = known_repositories(known, &links);
        let identity = Identity::weigh(known, &repositories, &mut findings);
        let mut repos = vec![false; names.len()];
        for (id, _) in (0..).zip(&repositories).filter(|(_, known)| **known) {
            repos[identity.resolve(id) as usize] = true;
        }
        let members = memberships(known, &identity, &links, &repos, &mut findings);
        let projects = projects(state, &members, &mut findings);

        let live = known.live(|id| identity.resolve(id));
        let mut present = repos.clone();
        let mut mention = |id: Name| present[identity.resolve(id) as usize] = true;
        live.iter().flat_map(|live| &live.said.ids).for_each(|id| mention(*id));
        for package in known.packages() {
            mention(package.name);
            package.ids.iter().for_each(|id| mention(*id));
        }
        let ids: Vec<Name> = names.sorted().iter().copied().filter(|id| present[*id as usize]).collect();
        let mut vertices = former.vertices(&ids, names);
        let places = Vertices::of_ids(ids, &identity, names);
        vertex::write(known, &places, &live, depth, &mut vertices);
        let project_index: HashMap<&str, u32> = projects.iter().map(|project| project.id.as_str()).zip(0..).collect();
        for (vertex, id) in vertices.iter_mut().zip(&places.ids) {
            let member = members[*id as usize].as_ref();
            vertex.repo = repos[*id as usize];
            vertex.project = member.and_then(|m| project_index.get(m.project?).copied());
            vertex.evidence = member.map(|m| (m.evidence, m.position));
        }
        let ground = ResolveInput { known, live: &live, vertices: &places, repos: &repos };
        let (edges, links) = match depth {
            Depth::Scored => (Vec::new(), link_index.links(ground)),
            Depth::Shown => {
                let edges = Claims::of(ground).edges();
                let links = edges.iter().map(Link::of).collect();
                (edges, links)
            }
        };
        let given = names.sorted().iter().filter(|id| repositories[**id as usize]);
        let mut graph = Self {
            repo_of: RepoOf::sorted(given.map(|id| (names.shared(*id), places.of(*id)))),
            edges,
            links,
            findings,
            projects,
            vertices,
            world_time: state.world_time(),
            newest_answer: survey::newest(state).map(|answer| answer.answered_at),
        };
        graph.mark_public_goods(state, &places);
        graph.findings.sort_unstable();
        graph.findings.dedup();
        graph
    }

    /// A project with a published package is a root of the ecosystem, unless a curation gives it another type.
    fn mark_public_goods(&mut self, state: &GraphState, places: &Vertices<'_>) {
        let typed: BTreeSet<&str> =
            corrections(state).into_keys().filter(|key| key.1 == ProjectField::Type).map(|key| key.0).collect();
        for (_, repo) in places.identity.publications() {
            let project = self.vertices.get(places.of(repo) as usize).and_then(|vertex| vertex.project);
            let project = project.map(|n| &mut self.projects[n as usize]);
            if let Some(project) = project.filter(|project| !typed.contains(project.id.as_str())) {
                project.kind = "pg_root";
            }
        }
    }
}

/// By number: whether an ingestion is about it, a project claims it or a curation names it, as given.
pub(super) fn known_repositories(known: StateView<'_>, links: &GrantLinks<'_>) -> Vec<bool> {
    let StateView { state, names, .. } = known;
    let mut known_as = vec![false; names.len()];
    let mut mark = |id: Name| known_as[id as usize] = true;
    for repo in known.repos() {
        mark(repo.name);
        repo.host.and_then(|host| host.renamed).map(&mut mark);
    }
    links.repositories.keys().for_each(|id| mark(*id));
    for curation in state.curations.values() {
        let repo = match &curation.value.correction {
            Correction::Membership { repo, .. } | Correction::Publication { repo: Some(repo), .. } => repo,
            _ => continue,
        };
        names.find(repo).map(&mut mark);
    }
    known_as
}

/// The data of projects that curations replace.
fn corrections(state: &GraphState) -> BTreeMap<(&str, ProjectField), &str> {
    let each = state.curations.values().filter_map(|curation| match &curation.value.correction {
        Correction::Project { project, field, value: Some(value) } => {
            Some(((project.as_str(), *field), value.as_str()))
        }
        _ => None,
    });
    each.collect()
}

fn projects(state: &GraphState, members: &[Option<Membership<'_>>], findings: &mut Vec<Finding>) -> Vec<Project> {
    let corrected = corrections(state);
    let mut ids: BTreeSet<&str> = state.projects.keys().map(String::as_str).collect();
    ids.extend(members.iter().flatten().filter_map(|member| member.project));
    ids.extend(corrected.keys().map(|(project, _)| *project));
    ids.extend(state.curations.values().filter_map(|curation| match &curation.value.correction {
        Correction::SurveyName { project, .. } => Some(project.as_str()),
        _ => None,
    }));
    let name_of = |id: &str| {
        let facts = state.projects.get(id);
        let recorded = facts.and_then(|facts| facts.record.as_ref()?.value.name.as_deref());
        let named = facts.and_then(|facts| facts.named.as_ref()).map(|named| named.value.as_str());
        let corrected = corrected.get(&(id, ProjectField::Name)).copied();
        corrected.or(recorded).or(named).unwrap_or(id).to_owned()
    };
    let names: BTreeMap<String, String> = ids.iter().map(|id| ((*id).to_owned(), name_of(id))).collect();
    let answers = survey::bind(state, &names, findings);
    let latest = applications::latest(state);
    let completion = applications::completed(state, &latest);
    ids.iter()
        .map(|id| {
            let facts = state.projects.get(*id);
            let record = facts.and_then(|facts| facts.record.as_ref()).map(|newest| &newest.value);
            let described = facts.is_some_and(|facts| facts.record.is_some() || facts.named.is_some());
            let described = described || latest.contains_key(*id) || state.answers.contains_key(&format!("id/{id}"));
            if !described && !corrected.contains_key(&(*id, ProjectField::Name)) {
                let reason = "no grants record and no survey row describes it".to_owned();
                findings.push(Finding::new("project", id, reason));
            }
            let corrected = |field| corrected.get(&(*id, field)).map(|value| (*value).to_owned());
            Project {
                id: (*id).to_owned(),
                name: names[*id].clone(),
                kind: match corrected(ProjectField::Type).as_deref() {
                    Some("pg_root") => "pg_root",
                    _ => "scf_project",
                },
                category: corrected(ProjectField::Category).or_else(|| record.and_then(|r| r.category.clone())),
                git_url: record.and_then(|record| record.git_urls.first().cloned()),
                website: corrected(ProjectField::Website).or_else(|| record.and_then(|r| r.website.clone())),
                answer: answers.get(*id).map(|answer| (*answer).clone()),
                integration_status: record.and_then(|record| record.integration_status.clone()),
                recorded: record.is_some(),
                applied: latest.contains_key(*id),
                complete: completion.contains(id),
                first_seen: facts.and_then(|facts| facts.first_seen),
            }
        })
        .collect()
}
