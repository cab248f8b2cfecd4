//! What the derived tables hold, kept from one page to the next.

use std::borrow::Cow;
use std::collections::BTreeMap;

use domain::digest::Digest;
use domain::formula::EdgePolicy;
use domain::time::Timestamp;

use super::content::{Content, Told};
use crate::fold::View;
use crate::graph::Graph;
use crate::metrics::Scores;
use crate::metrics::digest::DayLines;
use crate::people::state::{AuthorFacts, DayRow};

/// A content of its own, and what makes the digest of the next one cheap.
#[derive(Clone, Debug, Default)]
pub struct Kept {
    graph: Graph,
    scores: Scores,
    latest: Vec<Option<Timestamp>>,
    repos: BTreeMap<String, Commits>,
    lines: DayLines,
}

#[derive(Clone, Debug)]
struct Commits {
    days: Vec<DayRow>,
    authors: BTreeMap<Digest, AuthorFacts>,
}

impl Commits {
    fn told<'a>(&'a self, id: &'a str) -> Told<'a> {
        Told { id, days: &self.days, authors: &self.authors }
    }
}

impl Kept {
    /// Keeps what a view and its scores give, in place of what was kept.
    pub fn keep(&mut self, view: View<'_>, scores: Scores) {
        let Content { latest, repos, .. } = Content::of(&view, &scores);
        self.latest = latest.into_owned();
        let told: BTreeMap<&str, &Told<'_>> = repos.iter().map(|repo| (repo.id, repo)).collect();
        self.repos.retain(|id, held| {
            let held = held.told(id);
            let same = told.get(held.id) == Some(&&held);
            if !same {
                self.lines.forget(id, held.days);
            }
            same
        });
        for repo in &repos {
            if !self.repos.contains_key(repo.id) {
                self.lines.learn(repo.id, repo.days);
                let commits = Commits { days: repo.days.to_vec(), authors: repo.authors.clone() };
                self.repos.insert(repo.id.to_owned(), commits);
            }
        }
        self.graph = view.graph;
        self.scores = scores;
    }

    /// What is kept.
    #[must_use]
    pub fn content(&self) -> Content<'_> {
        Content {
            graph: &self.graph,
            scores: &self.scores,
            latest: Cow::Borrowed(&self.latest),
            repos: self.repos.iter().map(|(id, commits)| commits.told(id)).collect(),
        }
    }

    /// The scores.
    #[must_use]
    pub fn scores(&self) -> &Scores {
        &self.scores
    }

    /// The digest of the state.
    #[must_use]
    pub fn state_digest(&self, policy: EdgePolicy) -> Digest {
        self.lines.state_digest(&self.graph, policy)
    }
}
