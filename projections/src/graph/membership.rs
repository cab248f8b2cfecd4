//! Which project a repository belongs to, strongest evidence first.

use std::collections::BTreeMap;

use domain::recorded::{Position, Rank};

use super::curations::CuratedRow;
use super::identity::Identity;
use super::model::Finding;
use super::names::Name;
use super::rows::StateView;

/// Evidence of a membership that a maintainer gave the repository itself.
pub(super) const CURATION: &str = "curation";

/// Where a membership comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Membership {
    /// Number of the project; none when a curation says so.
    pub(super) project: Option<Name>,
    /// [`CURATION`], `ingestion`, `grants-repository`, `curation-owner` or `grants-owner`.
    pub(super) evidence: &'static str,
    /// The event that says it.
    pub(super) position: Position,
}

/// What is said of a repository: its project, or none.
type SaidOf = (Name, (Rank, Option<Name>));

/// What the newest says of each, in the order of numbers.
fn newest(said: impl Iterator<Item = SaidOf>) -> Vec<SaidOf> {
    let mut said: Vec<SaidOf> = said.collect();
    said.sort_unstable();
    said.dedup_by(|later, kept| {
        let same = later.0 == kept.0;
        if same {
            *kept = *later;
        }
        same
    });
    said
}

/// A walk along lists in the order of numbers: the entries of each number that is asked for, which only grows.
fn entries_of<'a, T>(rest: &mut &'a [(Name, T)], name: Name) -> &'a [(Name, T)] {
    let passed = rest.iter().take_while(|entry| entry.0 < name).count();
    let (own, others) = rest[passed..].split_at(rest[passed..].iter().take_while(|entry| entry.0 == name).count());
    *rest = others;
    own
}

/// A project whose records name something, with the newest that does.
type NamedBy = (Name, Rank);

/// What grants records say about repositories and owners, each with the projects that name it, in the order of ids.
struct GrantLinks {
    /// By repository as meant.
    repositories: Vec<(Name, NamedBy)>,
    owners: Vec<(Name, NamedBy)>,
}

impl GrantLinks {
    /// Reads what grants say of every project.
    fn of(known: StateView<'_>, identity: &Identity) -> Self {
        let (mut repositories, mut owners) = (Vec::new(), Vec::new());
        for (project, funding) in known.fundings().iter() {
            let named = funding.repositories.iter();
            repositories.extend(named.map(|(repo, rank)| (identity.resolve(*repo), (project, *rank))));
            owners.extend(funding.owners.iter().map(|(owner, rank)| (*owner, (project, *rank))));
        }
        for named in [&mut repositories, &mut owners] {
            let order = known.projects.order();
            named.sort_unstable_by_key(|(what, (project, rank))| (*what, order[*project as usize], *rank));
            named.dedup_by(|later, kept| {
                let same = (later.0, later.1.0) == (kept.0, kept.1.0);
                if same {
                    *kept = *later;
                }
                same
            });
        }
        Self { repositories, owners }
    }
}

/// Membership of every Repo, by number.
pub(super) fn memberships(
    known: StateView<'_>,
    identity: &Identity,
    repos: &[bool],
    findings: &mut Vec<Finding>,
) -> Vec<Option<Membership>> {
    let names = known.names;
    let curated = known.curations().iter().filter_map(|(rank, row)| match row {
        CuratedRow::Membership { repo, project } => Some((identity.resolve(*repo), (rank, *project))),
        _ => None,
    });
    let curated = newest(curated);
    let flagged = known.repos().flat_map(|repo| {
        let repository = identity.resolve(repo.name);
        repo.flags.iter().map(move |(rank, project)| (repository, (*rank, Some(*project))))
    });
    let flagged = newest(flagged);
    let links = GrantLinks::of(known, identity);
    let by_owner = of_owners(known, &links, findings);
    let (mut curated, mut flagged, mut named) = (&curated[..], &flagged[..], &links.repositories[..]);
    let mut members = vec![None; names.len()];
    for (repo, slot) in (0..).zip(&mut members).filter(|(repo, _)| repos[*repo as usize]) {
        let said = |(_, (rank, project)): &SaidOf, evidence| {
            Some(Membership { project: *project, evidence, position: rank.position })
        };
        let named = entries_of(&mut named, repo);
        *slot = match (entries_of(&mut curated, repo), entries_of(&mut flagged, repo), named) {
            ([by_hand], ..) => said(by_hand, CURATION),
            (_, [flag], _) => said(flag, "ingestion"),
            (_, _, [(_, (project, rank))]) => said(&(repo, (*rank, Some(*project))), "grants-repository"),
            (_, _, [_, ..]) => {
                let reason = format!("named by the grants records of {}", list(known, named));
                findings.push(Finding::new("membership", names.text(repo), reason));
                None
            }
            _ => names.owner(repo).and_then(|owner| by_owner[owner as usize]),
        };
    }
    members
}

/// By owner where a repository of theirs belongs that nothing else claims.
fn of_owners(known: StateView<'_>, links: &GrantLinks, findings: &mut Vec<Finding>) -> Vec<Option<Membership>> {
    let mut curated: BTreeMap<Name, (Rank, Option<Name>)> = BTreeMap::new();
    for (rank, row) in known.curations().iter() {
        if let CuratedRow::Owner { owner, project } = row {
            // An earlier program told owners apart by case.
            let said = (rank, *project);
            curated.entry(*owner).and_modify(|held| *held = said.max(*held)).or_insert(said);
        }
    }
    let mut members = vec![None; known.names.owner_count()];
    for projects in links.owners.chunk_by(|a, b| a.0 == b.0) {
        let (owner, (project, rank)) = projects[0];
        if projects.len() == 1 {
            let (project, position) = (Some(project), rank.position);
            members[owner as usize] = Some(Membership { project, evidence: "grants-owner", position });
        } else if !curated.contains_key(&owner) {
            // An open question even before a repository of theirs is known.
            let (host, owner) = known.names.owner_text(owner);
            let reason = format!("named by the grants records of {}", list(known, projects));
            findings.push(Finding::new("owner", &format!("pkg:{host}/{owner}"), reason));
        }
    }
    for (owner, (rank, project)) in curated {
        let position = rank.position;
        members[owner as usize] = Some(Membership { project, evidence: "curation-owner", position });
    }
    members
}

fn list(known: StateView<'_>, projects: &[(Name, NamedBy)]) -> String {
    projects.iter().map(|(_, (project, _))| known.projects.text(*project)).collect::<Vec<_>>().join(", ")
}
