//! Which project a repository belongs to, strongest evidence first.

use std::collections::{BTreeMap, BTreeSet};

use domain::facts::curation::Correction;
use domain::grants::{GitUrl, classify_git_url, owner_of};
use domain::recorded::{Position, Rank};

use super::identity::Identity;
use super::resolve::Finding;
use super::state::GraphState;

/// Where a membership comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// The project; none when a curation says so.
    pub project: Option<String>,
    /// `curation`, `ingestion`, `grants-repository`, `curation-owner` or `grants-owner`.
    pub evidence: &'static str,
    /// The event that says it.
    pub position: Position,
}

/// What grants records say about repositories and owners.
#[derive(Debug, Default)]
pub struct GrantLinks {
    /// Repository (as written) to the projects that name it.
    pub repositories: BTreeMap<String, BTreeMap<String, Rank>>,
    /// Host and owner to the projects that name it.
    pub owners: BTreeMap<(String, String), BTreeMap<String, Rank>>,
}

impl GrantLinks {
    /// Reads every newest grants record.
    #[must_use]
    pub fn of(state: &GraphState) -> Self {
        let mut links = Self::default();
        for (project, facts) in &state.projects {
            if let Some(record) = &facts.record {
                links.add(project, record.rank, &record.value.git_urls);
            }
        }
        for application in state.applications.values() {
            links.add(&application.value.project_id, application.rank, &application.value.git_urls);
        }
        links
    }

    fn add(&mut self, project: &str, rank: Rank, urls: &[String]) {
        for url in urls {
            let projects = match classify_git_url(url) {
                GitUrl::Repo { id } => self.repositories.entry(id).or_default(),
                GitUrl::Owner { host, owner } => self.owners.entry((host, owner)).or_default(),
                GitUrl::Other => continue,
            };
            let newest = projects.entry(project.to_owned()).or_insert(rank);
            *newest = rank.max(*newest);
        }
    }
}

/// Membership of every Repo, by resolved id.
pub fn memberships(
    state: &GraphState,
    identity: &Identity,
    links: &GrantLinks,
    repos: &BTreeSet<String>,
    findings: &mut Vec<Finding>,
) -> BTreeMap<String, Membership> {
    let mut curated: BTreeMap<&str, (Rank, &Option<String>)> = BTreeMap::new();
    for curation in state.curations.values() {
        if let Correction::Membership { repo, project } = &curation.value.correction {
            let said = (curation.rank, project);
            let slot = curated.entry(identity.resolve(repo)).or_insert(said);
            *slot = said.max(*slot);
        }
    }
    let mut flagged: BTreeMap<&str, (Rank, &String)> = BTreeMap::new();
    for (subject, facts) in &state.repos {
        if let Some(flag) = &facts.flagged {
            let said = (flag.rank, &flag.value);
            let slot = flagged.entry(identity.resolve(subject)).or_insert(said);
            *slot = said.max(*slot);
        }
    }
    let mut named: BTreeMap<&str, BTreeMap<&str, Rank>> = BTreeMap::new();
    for (repository, projects) in &links.repositories {
        let slot = named.entry(identity.resolve(repository)).or_default();
        for (project, rank) in projects {
            let newest = slot.entry(project).or_insert(*rank);
            *newest = (*rank).max(*newest);
        }
    }
    let owners = Owners::of(state, links);
    let mut members = BTreeMap::new();
    for repo in repos {
        let member = if let Some((rank, project)) = curated.get(repo.as_str()) {
            Some(Membership { project: (*project).clone(), evidence: "curation", position: rank.position })
        } else if let Some((rank, project)) = flagged.get(repo.as_str()) {
            Some(Membership { project: Some((*project).clone()), evidence: "ingestion", position: rank.position })
        } else if let Some(projects) = named.get(repo.as_str()) {
            let only = sole(projects.iter().map(|(project, rank)| (*project, *rank)));
            if only.is_none() {
                let list = projects.keys().copied().collect::<Vec<_>>().join(", ");
                findings.push(Finding::new("membership", repo, format!("named by the grants records of {list}")));
            }
            only.map(|(project, rank)| Membership {
                project: Some(project.to_owned()),
                evidence: "grants-repository",
                position: rank.position,
            })
        } else {
            owner_of(repo).and_then(|owner| owners.membership(owner))
        };
        if let Some(member) = member {
            members.insert(repo.clone(), member);
        }
    }
    owners.open_questions(findings);
    members
}

/// What is known of the owners of repositories.
struct Owners<'a> {
    curated: BTreeMap<(&'a str, &'a str), (Rank, &'a Option<String>)>,
    links: &'a GrantLinks,
}

impl<'a> Owners<'a> {
    fn of(state: &'a GraphState, links: &'a GrantLinks) -> Self {
        let mut curated = BTreeMap::new();
        for curation in state.curations.values() {
            if let Correction::Owner { host, owner, project } = &curation.value.correction {
                curated.insert((host.as_str(), owner.as_str()), (curation.rank, project));
            }
        }
        Self { curated, links }
    }

    /// Where a repository of this owner belongs that nothing else claims.
    fn membership(&self, (host, owner): (&str, &str)) -> Option<Membership> {
        if let Some((rank, project)) = self.curated.get(&(host, owner)) {
            let project = (*project).clone();
            return Some(Membership { project, evidence: "curation-owner", position: rank.position });
        }
        let projects = self.links.owners.get(&(host.to_owned(), owner.to_owned()))?;
        let (project, rank) = sole(projects.iter().map(|(project, rank)| (project.as_str(), *rank)))?;
        Some(Membership { project: Some(project.to_owned()), evidence: "grants-owner", position: rank.position })
    }

    /// Owners that several projects name are an open question even before a repository of theirs is known.
    fn open_questions(&self, findings: &mut Vec<Finding>) {
        for ((host, owner), projects) in &self.links.owners {
            if projects.len() > 1 && !self.curated.contains_key(&(host.as_str(), owner.as_str())) {
                let list = projects.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
                let subject = format!("pkg:{host}/{owner}");
                findings.push(Finding::new("owner", &subject, format!("named by the grants records of {list}")));
            }
        }
    }
}

fn sole<'a>(mut projects: impl Iterator<Item = (&'a str, Rank)>) -> Option<(&'a str, Rank)> {
    let first = projects.next()?;
    projects.next().is_none().then_some(first)
}
