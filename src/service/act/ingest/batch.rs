//! Many documents, one a line, as fast as the log takes them; feeding the same lines again changes nothing.
//!
//! One thread reads and parses, a bounded number of lines ahead; what it hands over is appended page by page, the
//! documents of a page before its events, and where pages have nothing to do with each other beside the events of the
//! page before. A page is one transaction with its keys, so a run that is killed is resumed by feeding the whole input
//! again.

use std::time::Instant;

use domain::recorded::Position;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::kept::KeptPage;
use self::line::LineReader;
use self::page::{PageEvents, Pages};
use self::tally::Tally;
use super::intake::Intake;
use super::{Circumstances, Destination};
use crate::service::{Error, Result};

mod input;
mod kept;
mod line;
mod lines;
mod page;
mod tally;

pub use self::input::BatchInput;

/// What became of the lines of a batch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BatchIngested {
    /// `done` or `dry-run`.
    pub outcome: String,
    /// Events, and lines or records that give none.
    pub records: u64,
    /// Events that are new in the log.
    pub appended: u64,
    /// Events that the log held before.
    pub duplicates: u64,
    /// The first lines that are refused, and why.
    pub refused: Vec<RefusedLine>,
    /// How many are refused.
    pub refused_count: u64,
    /// The greatest position of an event.
    pub last_position: Option<Position>,
    /// How long it took.
    pub seconds: f64,
    /// Events a second.
    pub events_per_second: f64,
}

/// A line that is refused, or a record of its document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RefusedLine {
    /// Number of the line, from 1.
    pub row: u64,
    /// Why.
    pub reason: String,
}

/// Takes in what the lines bring. `strict`: one that is refused refuses them all; the input is read twice then.
///
/// # Errors
/// With `strict` when a line is refused, [`Error::Conflict`] where nothing but keys is in the way; when the input
/// breaks off, and when there is no way to the log.
pub async fn batch(
    to: &Destination,
    input: BatchInput,
    strict: bool,
    circumstances: &Circumstances,
) -> Result<BatchIngested> {
    let started = Instant::now();
    let mut input = if strict { input.readable_twice()? } else { input };
    let data_dir = to.data_dir()?;
    let reader = |input: &BatchInput| LineReader::new(input.folder(), circumstances, data_dir.clone());
    let intake = Intake::open(to, circumstances.actor.as_deref()).await?;
    if strict || intake.is_rehearsal() {
        let lines = reader(&input);
        let (tally, records) = check(to, &intake, Pages::read_ahead(input.open()?, lines)).await?;
        if strict {
            tally.refuse()?;
        }
        if intake.is_rehearsal() {
            return Ok(tally.answer(Some(records), started));
        }
    }
    let lines = reader(&input);
    let mut pages = Pages::read_ahead(input.open()?, lines);
    let mut tally = Tally::new(to);
    let mut progress = to.watch().begin("ingesting", None);
    let mut appending = Appending { intake: &intake, waiting: None };
    loop {
        // What is ready waits for no line that is still to come.
        let page = if appending.waiting.is_some() { pages.ready() } else { pages.next().await };
        if page.is_none() && appending.waiting.is_none() {
            break;
        }
        let page = page.map(|page| tally.receive(page));
        appending
            .advance(page, &mut tally)
            .await
            .map_err(|error| error.of(format!("{} events were appended; feed the input again", tally.appended)))?;
        progress.reach(tally.appended + tally.duplicates);
        if strict && let Some(first) = tally.first_refused() {
            // The whole input was fine a moment ago: somebody else has written since.
            let reason = format!("refused by the log: {first}; {} events were appended", tally.appended);
            return Err(Error::conflict(reason));
        }
    }
    pages.end().await?;
    drop(progress);
    Ok(tally.answer(None, started))
}

/// Pages on their way into the log: one may wait for its append, its documents kept.
struct Appending<'a> {
    intake: &'a Intake,
    waiting: Option<KeptPage>,
}

impl Appending<'_> {
    /// Appends the page that waits, and makes the next one ready: beside it if that rests on nothing it tells, else
    /// after it.
    async fn advance(&mut self, next: Option<PageEvents>, tally: &mut Tally<'_>) -> Result<()> {
        match (self.waiting.take(), next) {
            (Some(waiting), Some(page)) if waiting.tells_nothing_to(&page) => {
                let (fates, kept) = tokio::join!(waiting.append(self.intake), kept(self.intake, page, tally));
                tally.count_all(fates?);
                self.waiting = Some(kept?);
            }
            (waiting, next) => {
                if let Some(waiting) = waiting {
                    tally.count_all(waiting.append(self.intake).await?);
                }
                if let Some(page) = next {
                    self.waiting = Some(kept(self.intake, page, tally).await?);
                }
            }
        }
        Ok(())
    }
}

/// Makes a page ready, once what is odd about its events is said.
async fn kept(intake: &Intake, page: PageEvents, tally: &mut Tally<'_>) -> Result<KeptPage> {
    if let Some(event) = tally.first_git_log(&page.appends) {
        tally.warn(intake.other_key(event).await?.as_slice());
    }
    for ((line, _), odd) in page.places.iter().zip(intake.odd_projects(&page.appends).await?) {
        tally.warn_of_line(*line, odd);
    }
    KeptPage::of(intake, page).await
}

/// Reads the whole input and appends nothing: what the log would refuse is refused, as far as that can be told with
/// what is given of it. Answers also how many records the input holds.
async fn check<'a>(to: &'a Destination, intake: &Intake, mut pages: Pages) -> Result<(Tally<'a>, u64)> {
    let (mut tally, mut good) = (Tally::new(to), 0);
    let mut rehearsal = intake.rehearsal()?;
    while let Some(page) = pages.next().await {
        let page = tally.receive(page);
        for (foreseen, place) in intake.rehearse(&mut rehearsal, page.appends).await?.into_iter().zip(page.places) {
            match foreseen {
                Err(refusal) => tally.refuse_event(place, &refusal),
                Ok(_) => good += 1,
            }
        }
    }
    pages.end().await?;
    let records = good + tally.refused_count();
    Ok((tally, records))
}
