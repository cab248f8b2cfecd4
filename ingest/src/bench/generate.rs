//! A log as a funding community would have after a year: bills of materials, git logs, host facts, registry answers,
//! survey rows, grants records and a few corrections, the same ones for the same seed.
//!
//! Few packages have most of the dependents; libraries depend on older ones, so cycles are rare; a third of a
//! document's packages come in by others; some repositories are renamed, and one event in a hundred is told late.

use std::time::{Duration, Instant};

use domain::Event;
use domain::digest::Digest;
use domain::facts::DocumentRef;
use domain::number::fit;
use domain::time::{Day, Timestamp};

use self::cast::Cast;
pub use self::random::Random;
use self::random::mix;
use self::repos::Repo;
use super::BenchError;
use super::load::context;
use crate::error::AppendError;
use crate::{Append, Log};

mod cast;
mod others;
mod random;
mod repos;

/// First day of the log.
const FIRST_DAY: &str = "2025-01-01";
/// Days the log covers.
const DAYS: u64 = 365;
/// Microseconds of a day.
const DAY_MICROS: u64 = 86_400_000_000;
/// Events appended at once.
const BATCH: usize = 10_000;
/// One event in so many is observed long before it arrives.
const LATE_ONCE_IN: u64 = 100;
/// How late, at most, in days.
const LATE_DAYS: u64 = 60;
/// One repository in so many draws is a popular one, out of turn.
const OUT_OF_TURN_ONCE_IN: u64 = 4;
/// Step of the walk over all subjects: a prime greater than any number of them.
const STEP: u64 = 4_294_967_311;

/// How large a log is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Repositories, at least one. Two packages to five of them are published on top.
    pub repos: u32,
    /// Edges from repositories to packages, about, once every repository has told of itself.
    pub edges: u32,
    /// Events, exactly.
    pub events: u64,
    /// Where the drawing begins.
    pub seed: u64,
}

impl Default for Size {
    fn default() -> Self {
        Self { repos: 10_000, edges: 100_000, events: 200_000, seed: 1 }
    }
}

/// When something is seen.
#[derive(Clone, Copy, Debug)]
struct Moment {
    observed_at: Timestamp,
    /// Days since the first of the log.
    day: u64,
    /// Number of the event, from 0.
    event: u64,
}

impl Moment {
    /// So many days earlier.
    fn earlier(self, days: u64) -> Timestamp {
        let back = fit::<i64>(days * DAY_MICROS, "microseconds");
        Timestamp::from_micros(self.observed_at.micros() - back).unwrap_or_default()
    }
}

/// The events of a log, in order.
#[derive(Debug)]
pub struct Generator {
    size: Size,
    cast: Cast,
    random: Random,
    start: Day,
    repos: Vec<Repo>,
    /// Sum of the weights by which the edges are shared out.
    weights: u128,
    /// Events so far of each kind, in the order of [`GeneratedKind`].
    told: [u64; 6],
    /// Registry answers by package, answers and records by project.
    counts: [Vec<u64>; 3],
    next: u64,
}

/// What an event tells of.
#[derive(Clone, Copy)]
enum GeneratedKind {
    Sbom,
    GitLog,
    Host,
    Registry,
    Survey,
    Grant,
}

/// Out of 100 events.
const SHARES: [(GeneratedKind, u64); 6] = [
    (GeneratedKind::Sbom, 24),
    (GeneratedKind::GitLog, 30),
    (GeneratedKind::Host, 26),
    (GeneratedKind::Registry, 15),
    (GeneratedKind::Survey, 2),
    (GeneratedKind::Grant, 3),
];

impl Generator {
    /// A log of this size.
    #[must_use]
    pub fn new(size: Size) -> Self {
        let cast = Cast::of(&size);
        let length = |number: u64| fit::<usize>(number, "size");
        Self {
            size,
            cast,
            random: Random::new(size.seed),
            start: Day::parse(FIRST_DAY).unwrap_or_default(),
            repos: vec![Repo::default(); length(cast.repos)],
            weights: (0..cast.repos).map(|repo| u128::from(weight(repo))).sum(),
            told: [0; 6],
            counts: [cast.packages, cast.projects, cast.projects].map(|number| vec![0; length(number)]),
            next: 0,
        }
    }

    fn moment(&mut self) -> Moment {
        let micros = u128::from(self.next) * u128::from(DAYS * DAY_MICROS) / u128::from(self.size.events.max(1));
        let mut micros = fit::<u64>(micros, "microseconds");
        if self.random.once_in(LATE_ONCE_IN) {
            micros = micros.saturating_sub(self.random.below(LATE_DAYS * DAY_MICROS));
        }
        let start = self.start.start().micros();
        let observed_at = Timestamp::from_micros(start + fit::<i64>(micros, "microseconds")).unwrap_or_default();
        Moment { observed_at, day: micros / DAY_MICROS, event: self.next }
    }

    /// The next subject out of `count`: all in turn, and now and then a popular one.
    fn subject(&mut self, kind: GeneratedKind, count: u64) -> u64 {
        let told = &mut self.told[kind as usize];
        *told += 1;
        let turn = u128::from(*told) * u128::from(STEP) % u128::from(count);
        let turn = fit::<u64>(turn, "turn");
        if self.random.once_in(OUT_OF_TURN_ONCE_IN) { self.random.skewed(count) } else { turn }
    }

    /// How many dependencies a repository has.
    fn wanted(&self, repo: u64) -> u64 {
        // Shares are rounded up and down by turns, so that their sum comes out.
        let share = u128::from(self.size.edges) * u128::from(weight(repo));
        let rest = u128::from(mix(repo ^ 0x5EED) % 1_000) * self.weights / 1_000;
        fit::<u64>((share + rest) / self.weights, "edges")
    }

    fn event(&mut self, at: Moment) -> Event {
        let mut drawn = self.random.below(100);
        let drawn = SHARES.iter().find(|(_, share)| {
            let found = drawn < *share;
            drawn = drawn.wrapping_sub(*share);
            found
        });
        let kind = drawn.map_or(GeneratedKind::Sbom, |(kind, _)| *kind);
        let cast = self.cast;
        match kind {
            GeneratedKind::Sbom | GeneratedKind::GitLog | GeneratedKind::Host => {
                let n = self.subject(kind, cast.repos);
                let wanted = self.wanted(n);
                let repo = &mut self.repos[fit::<usize>(n, "repository")];
                match kind {
                    GeneratedKind::Sbom => repo.sbom(n, wanted, &cast, at, &mut self.random),
                    GeneratedKind::GitLog => repo.git_log(n, &cast, at, &mut self.random),
                    _ => repo.host(n, &cast, at),
                }
            }
            GeneratedKind::Registry => {
                let package = self.subject(kind, cast.packages);
                others::registry(package, self.count(0, package), &cast, &self.repos, at)
            }
            GeneratedKind::Survey => {
                let project = self.subject(kind, cast.projects);
                match project % 8 {
                    // Some never answer; somebody corrects something instead.
                    7 => others::curation(self.random.below(cast.repos), at.event, &cast),
                    _ => others::survey(project, self.count(1, project), &cast, at),
                }
            }
            GeneratedKind::Grant => {
                let project = self.subject(kind, cast.projects);
                others::grant(project, self.count(2, project), &cast, at)
            }
        }
    }

    /// How often something was told before, counting this time.
    fn count(&mut self, what: usize, subject: u64) -> u64 {
        let slot = usize::try_from(subject).ok().and_then(|place| self.counts[what].get_mut(place));
        slot.map_or(0, |count| {
            *count += 1;
            *count - 1
        })
    }
}

impl Iterator for Generator {
    type Item = Append;

    fn next(&mut self) -> Option<Append> {
        if self.next >= self.size.events {
            return None;
        }
        let at = self.moment();
        let event = self.event(at);
        self.next += 1;
        Some(Append { event, observed_at: Some(at.observed_at), key: None })
    }
}

/// Some repositories have many dependencies, most have few: three times the square of an even share, so 1 on average.
fn weight(repo: u64) -> u64 {
    let share = mix(repo ^ 0xED6E) % 1_000;
    share * share
}

/// A document that nobody kept.
fn document(at: Moment, format: &str, parser: &str) -> DocumentRef {
    DocumentRef {
        sha256: Digest::of(&at.event.to_be_bytes()),
        bytes: 20_000 + mix(at.event) % 50_000,
        format: format.to_owned(),
        format_version: None,
        parser: parser.to_owned(),
    }
}

/// What filling a log came to.
#[derive(Clone, Copy, Debug)]
pub struct Filled {
    /// Events appended.
    pub events: u64,
    /// How long it took.
    pub taken: Duration,
}

/// Appends a generated log to an empty one, through the batch path. `progress` sees the number of events so far.
///
/// # Errors
/// When the log holds events, or the database fails.
pub async fn fill(log: &Log, size: Size, mut progress: impl FnMut(u64)) -> Result<Filled, BenchError> {
    let next = log.drain().await.map_err(AppendError::Unplaced)?;
    if next != 1 {
        return Err(BenchError::NotEmpty { events: next - 1 });
    }
    let started = Instant::now();
    let mut generator = Generator::new(size);
    let mut events = 0;
    loop {
        let batch: Vec<Append> = generator.by_ref().take(BATCH).collect();
        if batch.is_empty() {
            return Ok(Filled { events, taken: started.elapsed() });
        }
        for outcome in log.append_batch(batch, &context()).await? {
            if outcome?.is_duplicate() {
                return Err(BenchError::Wrong("a generated event repeats another".to_owned()));
            }
            events += 1;
        }
        progress(events);
    }
}

#[cfg(test)]
mod tests;
