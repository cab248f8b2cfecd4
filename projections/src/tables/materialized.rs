//! What the derived tables hold, kept from one page to the next: a page costs what it changes, not what there is.

use std::borrow::Cow;
use std::collections::BTreeMap;

use domain::digest::Digest;
use domain::facts::gitlog::UnsignedDay;
use domain::formula::Formula;
use domain::time::Timestamp;

use super::content::{Content, told};
use crate::fold::View;
use crate::graph::Graph;
use crate::metrics::Scores;
use crate::people::state::{AuthorFacts, DayRow};
use crate::people::table_rows::{RepoCommits, moved};
use crate::table::{TableDiff, TableRows};

/// A content of its own. By default that of empty tables.
#[derive(Clone, Debug, Default)]
pub struct Materialized {
    graph: Graph,
    scores: Scores,
    latest: Vec<Option<Timestamp>>,
    repos: BTreeMap<String, OwnedCommits>,
    derived: Vec<TableRows>,
}

/// What is told of a repository.
#[derive(Clone, Debug)]
struct OwnedCommits {
    days: Vec<DayRow>,
    unsigned: Vec<UnsignedDay>,
    authors: BTreeMap<Digest, AuthorFacts>,
}

impl OwnedCommits {
    fn told<'a>(&'a self, id: &'a str) -> RepoCommits<'a> {
        RepoCommits { id, days: &self.days, unsigned: &self.unsigned, authors: &self.authors }
    }
}

impl Materialized {
    /// Advances to what a view gives under a formula. Answers by how much the tables differ from what they were.
    pub fn advance_to(&mut self, view: View<'_>, formula: &Formula) -> Vec<TableDiff> {
        let Self { graph, scores, latest, repos, derived } = self;
        let before: Vec<RepoCommits<'_>> = repos.iter().map(|(id, held)| held.told(id)).collect();
        let (old, new) = moved(&before, &told(&view));
        let after = view.scores(formula);
        let content = Content::of(&view, &after);
        let held = {
            let (latest, derived) = (Cow::Borrowed(&latest[..]), Cow::Borrowed(&derived[..]));
            Content { graph, scores, latest, repos: before, derived }
        };
        let differences = content.differences(&held, &old, &new);
        let (after_latest, after_derived) = (content.latest.into_owned(), content.derived.into_owned());
        let gone: Vec<String> = old.iter().map(|repo| repo.id.to_owned()).collect();
        for id in gone {
            repos.remove(&id);
        }
        for RepoCommits { id, days, unsigned, authors } in new {
            let (days, unsigned) = (days.to_vec(), unsigned.to_vec());
            repos.insert(id.to_owned(), OwnedCommits { days, unsigned, authors: authors.clone() });
        }
        (*graph, *scores, *latest, *derived) = (view.graph, after, after_latest, after_derived);
        differences
    }
}
