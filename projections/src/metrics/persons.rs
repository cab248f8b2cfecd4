//! People by number, and what is theirs.

use std::collections::HashMap;

use domain::digest::Digest;
use domain::number::fit;

/// Commits that count, by the number of the person, ascending; nobody has none.
pub type Commits = Vec<(u32, u64)>;

/// Everybody who ever was in a window. A person keeps the number.
#[derive(Clone, Debug, Default)]
pub(super) struct KnownPersons {
    numbers: HashMap<Digest, u32>,
    /// By number.
    pseudonyms: Vec<Digest>,
}

impl KnownPersons {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.pseudonyms.len()
    }

    /// The number of a person, who is known from here on.
    pub(super) fn number(&mut self, pseudonym: Digest) -> u32 {
        *self.numbers.entry(pseudonym).or_insert_with(|| {
            self.pseudonyms.push(pseudonym);
            fit(self.pseudonyms.len() - 1, "persons")
        })
    }

    pub(super) fn pseudonym(&self, number: u32) -> Digest {
        self.pseudonyms[number as usize]
    }
}

/// Makes of commits in any order those of each person once, ascending.
pub(super) fn sum_up(commits: &mut Commits) {
    commits.sort_unstable();
    commits.dedup_by(|next, held| {
        let same = next.0 == held.0;
        held.1 += if same { next.1 } else { 0 };
        same
    });
}

/// So many changes go each to its place; more are sorted and merged at once.
const FEW: usize = 64;

/// Adds commits of persons, and takes away others that were added before.
pub(super) fn change(commits: &mut Commits, joined: Commits, mut left: Commits) {
    if joined.len() + left.len() <= FEW {
        joined.into_iter().for_each(|(person, count)| add(commits, person, count));
        left.into_iter().for_each(|(person, count)| take_away(commits, person, count));
        return;
    }
    commits.extend(joined);
    sum_up(commits);
    left.sort_unstable_by_key(|(person, _)| *person);
    let mut left = left.into_iter().peekable();
    commits.retain_mut(|(person, count)| {
        while let Some((_, less)) = left.next_if(|(other, _)| other == person) {
            *count -= less;
        }
        *count > 0
    });
}

/// Adds commits of a person.
fn add(commits: &mut Commits, person: u32, count: u64) {
    match commits.binary_search_by_key(&person, |held| held.0) {
        Ok(place) => commits[place].1 += count,
        Err(place) => commits.insert(place, (person, count)),
    }
}

/// Takes away commits of a person that were added before.
fn take_away(commits: &mut Commits, person: u32, count: u64) {
    let place = commits.binary_search_by_key(&person, |held| held.0).expect("they were added before");
    commits[place].1 -= count;
    if commits[place].1 == 0 {
        commits.remove(place);
    }
}

/// Sums up what is several repositories', each person once.
#[derive(Debug, Default)]
pub(super) struct PersonSums {
    /// By number; 0 but for those in `met`.
    sums: Vec<u64>,
    met: Vec<u32>,
}

impl PersonSums {
    pub(super) fn of(persons: &KnownPersons) -> Self {
        Self { sums: vec![0; persons.len()], met: Vec::new() }
    }

    pub(super) fn add(&mut self, commits: &Commits) {
        for (person, count) in commits {
            let sum = &mut self.sums[*person as usize];
            if *sum == 0 {
                self.met.push(*person);
            }
            *sum += count;
        }
    }

    /// What was added since the last time, in no order.
    pub(super) fn take(&mut self) -> impl Iterator<Item = (u32, u64)> {
        self.met.drain(..).map(|person| (person, std::mem::take(&mut self.sums[person as usize])))
    }
}
