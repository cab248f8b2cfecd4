//! Whose commits count, and who is one person, under a formula.

use std::collections::{BTreeMap, BTreeSet};

use domain::digest::Digest;
use domain::formula::{Counted, PeoplePolicy};
use domain::time::Day;

use crate::people::RepoContributions;
use crate::people::state::DayRow;

/// The rules about people, ready to be asked.
#[derive(Clone, Debug)]
pub struct Authors {
    bots: Counted,
    merges: Counted,
    also_bots: BTreeSet<Digest>,
    never_bots: BTreeSet<Digest>,
    persons: BTreeMap<Digest, Digest>,
}

impl Authors {
    /// The rules of a policy.
    #[must_use]
    pub fn of(policy: &PeoplePolicy) -> Self {
        Self {
            bots: policy.bots,
            merges: policy.merges,
            also_bots: policy.also_bots.iter().copied().collect(),
            never_bots: policy.never_bots.iter().copied().collect(),
            persons: policy.persons(),
        }
    }

    /// The pseudonym that stands for an author.
    #[must_use]
    pub fn person(&self, author: Digest) -> Digest {
        self.persons.get(&author).copied().unwrap_or(author)
    }

    /// Whether an author counts at all.
    #[must_use]
    pub fn counts(&self, repo: &RepoContributions<'_>, author: &Digest) -> bool {
        self.bots == Counted::Count
            || self.never_bots.contains(author)
            || !(self.also_bots.contains(author) || repo.is_bot(author))
    }

    /// How many commits of a row count, its author aside.
    #[must_use]
    pub fn own(&self, row: &DayRow) -> u64 {
        match self.merges {
            Counted::Count => u64::from(row.commits),
            Counted::Exclude => u64::from(row.without_merges()),
        }
    }

    /// The rows of the days `from..=to` with commits that count.
    pub fn rows<'a>(
        &'a self,
        repo: &'a RepoContributions<'_>,
        from: Day,
        to: Day,
    ) -> impl Iterator<Item = &'a DayRow> + 'a {
        let start = repo.days.partition_point(|row| row.day < from);
        let days = repo.days[start..].iter().take_while(move |row| row.day <= to);
        days.filter(move |row| self.own(row) > 0 && self.counts(repo, &row.author))
    }

    /// Whose commits a row tells of, and how many; `None` where none of them counts.
    pub(super) fn counted(&self, repo: &RepoContributions<'_>, row: &DayRow) -> Option<(Digest, u64)> {
        let own = self.own(row);
        (own > 0 && self.counts(repo, &row.author)).then(|| (self.person(row.author), own))
    }

    /// The last day up to `to` on which somebody who counts committed; merges too, and commits of nobody, who is no
    /// bot.
    #[must_use]
    pub fn last_commit(&self, repo: &RepoContributions<'_>, to: Day) -> Option<Day> {
        let rows = &repo.days[..repo.days.partition_point(|row| row.day <= to)];
        let last = rows.iter().rev().find(|row| row.commits > 0 && self.counts(repo, &row.author));
        let nobodys = repo.unsigned.iter().rev().find(|row| row.day <= to && row.commits > 0);
        last.map(|row| row.day).max(nobodys.map(|row| row.day))
    }
}
