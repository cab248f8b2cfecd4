//! What the derived tables hold, kept from one page to the next: a page costs what it changes, not what there is.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::panic::resume_unwind;
use std::thread;

use domain::digest::Digest;
use domain::facts::gitlog::UnsignedDay;
use domain::formula::Formula;
use domain::time::Timestamp;

use super::content::{Content, told};
use crate::fold::View;
use crate::graph::Graph;
use crate::metrics::Scores;
use crate::metrics::digest::{DayLines, scores_digest};
use crate::people::state::{AuthorFacts, DayRow};
use crate::people::table_rows::{RepoCommits, moved};
use crate::table::{TableDiff, TableRows};

/// A content of its own, and what makes the digest of the next one cheap. By default that of empty tables.
#[derive(Clone, Debug, Default)]
pub struct Materialized {
    graph: Graph,
    scores: Scores,
    latest: Vec<Option<Timestamp>>,
    repos: BTreeMap<String, OwnedCommits>,
    derived: Vec<TableRows>,
    lines: DayLines,
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

/// What came of an advance.
#[derive(Clone, Debug)]
pub struct Advanced {
    /// By how much the tables differ from what they were.
    pub differences: Vec<TableDiff>,
    /// Digest of the scores.
    pub output_digest: Digest,
    /// Digest of the state.
    pub state_digest: Digest,
}

impl Materialized {
    /// Advances to what a view gives under a formula.
    pub fn advance_to(&mut self, view: View<'_>, formula: &Formula) -> Advanced {
        let Self { graph, scores, latest, repos, derived, lines } = self;
        let before: Vec<RepoCommits<'_>> = repos.iter().map(|(id, held)| held.told(id)).collect();
        let (old, new) = moved(&before, &told(&view));
        old.iter().for_each(|repo| lines.forget(repo.id, repo.days));
        new.iter().for_each(|repo| lines.learn(repo.id, repo.days, repo.unsigned));
        let evaluate = || {
            let after = view.scores(formula);
            let content = Content::of(&view, &after);
            let (latest, derived) = (Cow::Borrowed(&latest[..]), Cow::Borrowed(&derived[..]));
            let before = Content { graph, scores, latest, repos: before, derived };
            let differences = content.differences(&before, &old, &new);
            let (latest, derived) = (content.latest.into_owned(), content.derived.into_owned());
            (scores_digest(&after), differences, latest, derived, after)
        };
        // The digest of the state is a hash of all of it, and waits for no score.
        let (state_digest, (output_digest, differences, after_latest, after_derived, after_scores)) =
            thread::scope(|scope| {
                let digest = scope.spawn(|| lines.state_digest(&view.graph, formula.graph.edges));
                let evaluated = evaluate();
                (digest.join().unwrap_or_else(|panic| resume_unwind(panic)), evaluated)
            });
        let gone: Vec<String> = old.iter().map(|repo| repo.id.to_owned()).collect();
        for id in gone {
            repos.remove(&id);
        }
        for RepoCommits { id, days, unsigned, authors } in new {
            let (days, unsigned) = (days.to_vec(), unsigned.to_vec());
            repos.insert(id.to_owned(), OwnedCommits { days, unsigned, authors: authors.clone() });
        }
        (*graph, *scores, *latest, *derived) = (view.graph, after_scores, after_latest, after_derived);
        Advanced { differences, output_digest, state_digest }
    }
}
