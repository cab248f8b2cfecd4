//! Which project a repository belongs to, strongest evidence first.

use std::collections::BTreeMap;

use domain::facts::curation::Correction;
use domain::recorded::{Position, Rank};

use super::identity::Identity;
use super::model::Finding;
use super::names::{InternedIds, Name};
use super::rows::StateView;
use super::state::GraphState;

/// Evidence of a membership that a maintainer gave the repository itself.
pub(super) const CURATION: &str = "curation";

/// Where a membership comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Membership<'a> {
    /// The project; none when a curation says so.
    pub(super) project: Option<&'a str>,
    /// [`CURATION`], `ingestion`, `grants-repository`, `curation-owner` or `grants-owner`.
    pub(super) evidence: &'static str,
    /// The event that says it.
    pub(super) position: Position,
}

/// Projects that records name something of, each with its newest record.
type Projects<'a> = BTreeMap<&'a str, Rank>;

/// What grants records say about repositories and owners.
#[derive(Debug, Default)]
pub(super) struct GrantLinks<'a> {
    /// Repository (as written) to the projects that name it.
    pub(super) repositories: BTreeMap<Name, Projects<'a>>,
    /// Owner to the projects that name it.
    owners: BTreeMap<Name, Projects<'a>>,
}

impl<'a> GrantLinks<'a> {
    /// Reads every newest grants record.
    pub(super) fn of(known: StateView<'a>) -> Self {
        let mut links = Self::default();
        for (project, funding) in known.fundings().iter() {
            for (repo, rank) in &funding.repositories {
                name(links.repositories.entry(*repo).or_default(), project, *rank);
            }
            for (owner, rank) in &funding.owners {
                name(links.owners.entry(*owner).or_default(), project, *rank);
            }
        }
        links
    }
}

fn name<'a>(projects: &mut Projects<'a>, project: &'a str, rank: Rank) {
    let newest = projects.entry(project).or_insert(rank);
    *newest = rank.max(*newest);
}

/// Membership of every Repo, by number.
pub(super) fn memberships<'a>(
    known: StateView<'a>,
    identity: &Identity,
    links: &GrantLinks<'a>,
    repos: &[bool],
    findings: &mut Vec<Finding>,
) -> Vec<Option<Membership<'a>>> {
    let StateView { state, names, .. } = known;
    let mut curated: Vec<Option<(Rank, Option<&str>)>> = vec![None; names.len()];
    for curation in state.curations.values() {
        if let Correction::Membership { repo, project } = &curation.value.correction
            && let Some(repo) = names.find(repo)
        {
            newest(&mut curated, identity.resolve(repo), (curation.rank, project.as_deref()));
        }
    }
    let mut flagged: Vec<Option<(Rank, &str)>> = vec![None; names.len()];
    for repo in known.repos() {
        for (rank, project) in &repo.flags {
            newest(&mut flagged, identity.resolve(repo.name), (*rank, &**project));
        }
    }
    let mut named: BTreeMap<Name, Projects<'a>> = BTreeMap::new();
    for (repository, projects) in &links.repositories {
        let slot = named.entry(identity.resolve(*repository)).or_default();
        for (project, rank) in projects {
            name(slot, project, *rank);
        }
    }
    let owners = Owners::of(state, names, links);
    let mut members = vec![None; names.len()];
    for (repo, slot) in (0..).zip(&mut members).filter(|(repo, _)| repos[*repo as usize]) {
        *slot = if let Some((rank, project)) = curated[repo as usize] {
            Some(Membership { project, evidence: CURATION, position: rank.position })
        } else if let Some((rank, project)) = flagged[repo as usize] {
            Some(Membership { project: Some(project), evidence: "ingestion", position: rank.position })
        } else if let Some(projects) = named.get(&repo) {
            let only = sole(projects);
            if only.is_none() {
                let list = projects.keys().copied().collect::<Vec<_>>().join(", ");
                let reason = format!("named by the grants records of {list}");
                findings.push(Finding::new("membership", names.text(repo), reason));
            }
            only.map(|(project, rank)| Membership {
                project: Some(project),
                evidence: "grants-repository",
                position: rank.position,
            })
        } else {
            names.owner(repo).and_then(|owner| owners.membership(owner))
        };
    }
    owners.open_questions(names, findings);
    members
}

fn newest<T: Ord>(said: &mut [Option<T>], repo: Name, value: T) {
    let slot = &mut said[repo as usize];
    *slot = slot.take().max(Some(value));
}

/// What is known of the owners of repositories.
struct Owners<'a, 'b> {
    curated: BTreeMap<Name, (Rank, Option<&'a str>)>,
    links: &'b GrantLinks<'a>,
}

impl<'a, 'b> Owners<'a, 'b> {
    fn of(state: &'a GraphState, names: &InternedIds, links: &'b GrantLinks<'a>) -> Self {
        let mut curated = BTreeMap::new();
        for curation in state.curations.values() {
            if let Correction::Owner { host, owner, project } = &curation.value.correction
                && let Some(owner) = names.find_owner(host, owner)
            {
                let said = (curation.rank, project.as_deref());
                // An earlier program told owners apart by case.
                curated.entry(owner).and_modify(|held| *held = said.max(*held)).or_insert(said);
            }
        }
        Self { curated, links }
    }

    /// Where a repository of this owner belongs that nothing else claims.
    fn membership(&self, owner: Name) -> Option<Membership<'a>> {
        if let Some((rank, project)) = self.curated.get(&owner) {
            return Some(Membership { project: *project, evidence: "curation-owner", position: rank.position });
        }
        let (project, rank) = sole(self.links.owners.get(&owner)?)?;
        Some(Membership { project: Some(project), evidence: "grants-owner", position: rank.position })
    }

    /// Owners that several projects name are an open question even before a repository of theirs is known.
    fn open_questions(&self, names: &InternedIds, findings: &mut Vec<Finding>) {
        for (owner, projects) in &self.links.owners {
            if projects.len() > 1 && !self.curated.contains_key(owner) {
                let list = projects.keys().copied().collect::<Vec<_>>().join(", ");
                let (host, owner) = names.owner_text(*owner);
                let subject = format!("pkg:{host}/{owner}");
                findings.push(Finding::new("owner", &subject, format!("named by the grants records of {list}")));
            }
        }
    }
}

fn sole<'a>(projects: &Projects<'a>) -> Option<(&'a str, Rank)> {
    let mut projects = projects.iter();
    let (project, rank) = projects.next()?;
    projects.next().is_none().then_some((*project, *rank))
}
