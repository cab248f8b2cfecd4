//! Whose commits count, and who is one person, under a formula.

use std::collections::{BTreeMap, BTreeSet};

use domain::digest::Digest;
use domain::formula::{Counted, PeoplePolicy};
use domain::time::Day;

use crate::people::RepoContributions;
use crate::people::state::DayRow;

/// Commits that count, by person, in order.
pub type Commits = Vec<(Digest, u64)>;

/// Each person once, with all that is theirs, in order.
#[must_use]
pub fn summed(mut commits: Commits) -> Commits {
    commits.sort_unstable();
    commits.dedup_by(|next, held| {
        let same = next.0 == held.0;
        held.1 += if same { next.1 } else { 0 };
        same
    });
    commits
}

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
        self.bots == Counted::Count || self.counts_as(author, repo.is_bot(author))
    }

    /// The same, where it is known whether the repository calls it a bot.
    fn counts_as(&self, author: &Digest, is_bot: bool) -> bool {
        self.bots == Counted::Count || self.never_bots.contains(author) || !(is_bot || self.also_bots.contains(author))
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

    /// Commits that count, by person, on the days `from..=to`.
    #[must_use]
    pub fn commits(&self, repo: &RepoContributions<'_>, from: Day, to: Day) -> Commits {
        let sums = repo.sums(from, to, |row| self.own(row));
        let own = sums.filter(|(author, facts, _)| self.counts_as(author, facts.bot));
        summed(own.map(|(author, _, sum)| (self.person(*author), sum)).collect())
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
