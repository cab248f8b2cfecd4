//! What grants say, by project: of its newest record and its applications the little that resolving asks for.
//!
//! Over the years a project has many applications, and an event touches one of them. So what they say together is kept
//! by project, and made anew only where one of its own was touched.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use domain::facts::grant::{ApplicationRecord, ProjectRecord};
use domain::grants::{self, GitUrl, classify_git_url};
use domain::recorded::Rank;
use domain::time::Timestamp;

use super::names::{InternedIds, InternedTexts, Name};
use super::news::News;
use super::row_map::to_read;
use super::state::GraphState;
use crate::changes::Changes;

/// What grants say of a project.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Funding {
    /// The repositories that its newest record and its applications name, as written, each with the newest who does.
    pub(super) repositories: BTreeMap<Name, Rank>,
    /// The same of owners.
    pub(super) owners: BTreeMap<Name, Rank>,
    /// The name in the newest of its applications that have one. What is called the project's name may be the title of
    /// the submission; the funder's name is not.
    pub(super) name: Option<(Rank, String)>,
    /// What its newest record says.
    pub(super) record: Option<Description>,
    /// Least `observed_at` of the facts that name it.
    pub(super) first_seen: Option<Timestamp>,
    /// Whether an application names it.
    pub(super) applied: bool,
    /// Whether its grants are known to be complete. Its latest application decides (greatest round, then greatest id);
    /// where that states no completion, paid against awarded of the project record does.
    pub(super) complete: bool,
}

/// What a grants record says of a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Description {
    pub(super) name: Option<String>,
    pub(super) category: Option<String>,
    pub(super) website: Option<String>,
    /// The first of its URLs.
    pub(super) git_url: Option<String>,
    pub(super) integration_status: Option<String>,
}

impl Description {
    fn of(record: &ProjectRecord) -> Self {
        Self {
            name: record.name.clone(),
            category: record.category.clone(),
            website: record.website.clone(),
            git_url: record.git_urls.first().cloned(),
            integration_status: record.integration_status.clone(),
        }
    }
}

/// What grants say of every project.
#[derive(Clone, Debug, Default)]
pub(super) struct Fundings {
    /// By number.
    by_project: Vec<Option<Funding>>,
    /// The keys of a project's applications.
    applications: HashMap<Name, BTreeSet<Arc<str>>>,
    /// The project that an application is for.
    applied_for: HashMap<Arc<str>, Name>,
}

impl Fundings {
    /// Every project of which grants say anything, by number.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Name, &Funding)> {
        (0..).zip(&self.by_project).filter_map(|(project, funding)| Some((project, funding.as_ref()?)))
    }

    /// What grants say of a project.
    pub(super) fn get(&self, project: Name) -> Option<&Funding> {
        self.by_project.get(project as usize)?.as_ref()
    }

    /// Reads what was touched since the last look, or all.
    pub(super) fn learn(
        &mut self,
        state: &GraphState,
        touched: Option<&Changes>,
        (names, ids): (&mut InternedIds, &mut InternedTexts),
        news: &mut News,
    ) {
        let mut projects: BTreeSet<Name> =
            to_read(&state.projects, "project", touched).map(|(id, _)| ids.number(id)).collect();
        for (key, application) in to_read(&state.applications, "application", touched) {
            self.told(key, ids.number(&application.value.project_id), &mut projects);
        }
        self.by_project.resize(ids.len(), None);
        for project in projects {
            let funding = self.funding(project, ids.text(project), state, names);
            let held = &self.by_project[project as usize];
            news.projects |= held.as_ref().is_none_or(|held| !held.says_the_same(&funding));
            news.identity |= !held.iter().flat_map(Funding::named).eq(funding.named());
            if held.as_ref() != Some(&funding) {
                news.funded_again = true;
                news.touched.push(project);
                self.by_project[project as usize] = Some(funding);
            }
        }
    }

    /// Notes whom an application is for, and who is touched by that.
    fn told(&mut self, key: &str, project: Name, touched: &mut BTreeSet<Name>) {
        let key: Arc<str> = key.into();
        let before = self.applied_for.insert(Arc::clone(&key), project);
        if let Some(before) = before.filter(|before| *before != project) {
            if let Some(held) = self.applications.get_mut(&before) {
                held.remove(&key);
            }
            touched.insert(before);
        }
        self.applications.entry(project).or_default().insert(key);
        touched.insert(project);
    }

    fn funding(&self, project: Name, id: &str, state: &GraphState, names: &mut InternedIds) -> Funding {
        let facts = state.projects.get(id);
        let record = facts.and_then(|facts| facts.record.as_ref());
        let keys = self.applications.get(&project).into_iter().flatten();
        let applications: Vec<(Rank, &ApplicationRecord)> = keys
            .filter_map(|key| state.applications.get(&**key))
            .map(|application| (application.rank, &application.value))
            .collect();
        let mut funding = Funding { applied: !applications.is_empty(), ..Funding::default() };
        let said = applications.iter().map(|(rank, application)| (*rank, &application.git_urls));
        for (rank, urls) in record.map(|record| (record.rank, &record.value.git_urls)).into_iter().chain(said) {
            urls.iter().for_each(|url| funding.names(url, rank, names));
        }
        let named = applications.iter().filter_map(|(rank, application)| {
            Some((*rank, application.project.as_ref().or(application.project_name.as_ref())?))
        });
        funding.name = named.max().map(|(rank, name)| (rank, name.clone()));
        let latest = grants::latest(applications.iter().map(|(_, application)| *application));
        let percent = latest.and_then(|application| application.completion_percent.as_ref());
        let record = record.map(|record| &record.value);
        funding.record = record.map(Description::of);
        funding.first_seen = facts.and_then(|facts| facts.first_seen);
        funding.complete = grants::completion(
            percent,
            record.and_then(|record| record.paid_usd.as_ref()),
            record.and_then(|record| record.awarded_usd.as_ref()),
        );
        funding
    }
}

impl Funding {
    /// The repositories that are named.
    pub(super) fn named(&self) -> impl Iterator<Item = Name> {
        self.repositories.keys().copied()
    }

    /// Whether another says of the project what this one says. When a name was given counts only where survey rows may
    /// give another; when a repository or an owner was named tells nothing but where it is written.
    fn says_the_same(&self, other: &Self) -> bool {
        fn name(funding: &Funding) -> Option<(Option<Rank>, &str)> {
            let (rank, name) = funding.name.as_ref()?;
            let is_recorded = funding.record.as_ref().is_some_and(|record| record.name.is_some());
            Some(((!is_recorded).then_some(*rank), name))
        }
        name(self) == name(other)
            && (&self.record, self.first_seen, self.applied, self.complete)
                == (&other.record, other.first_seen, other.applied, other.complete)
            && self.named().eq(other.named())
            && self.owners.keys().eq(other.owners.keys())
    }

    /// Takes in a URL that a record or an application names.
    fn names(&mut self, url: &str, rank: Rank, names: &mut InternedIds) {
        let (said, name) = match classify_git_url(url) {
            GitUrl::Repo { id } => (&mut self.repositories, names.number(&id)),
            GitUrl::Owner { host, owner } => (&mut self.owners, names.owner_number(&host, &owner)),
            GitUrl::Other => return,
        };
        let newest = said.entry(name).or_insert(rank);
        *newest = rank.max(*newest);
    }
}
