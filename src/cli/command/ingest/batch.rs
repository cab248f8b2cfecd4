//! `ingest batch`: many documents, one a line, as fast as the log takes them; feeding a file again changes nothing.
//!
//! One thread reads and parses, a bounded number of lines ahead; what it hands over is appended batch by batch, the
//! documents of a batch before its events. A batch is one transaction with its keys, so a run that is killed is resumed
//! by feeding the whole file again.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek as _};
use std::path::PathBuf;
use std::time::Instant;

use ::ingest::append::ForeseenAppend;
use ::ingest::artifact::Store;
use ::ingest::{Append, AppendContext, Log, Refusal, input};
use anyhow::anyhow;
use bytes::Bytes;
use domain::Event;
use domain::digest::Digest;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use self::line::{Item, Reader};
use self::lines::Lines;
use super::{foresee, gitlog, keep, observed_at, open_unless_dry, warn};
use crate::cli::failure::{CONFLICT, Failure, REFUSED, Result};
use crate::cli::flags::{Common, IngestOptions};
use crate::cli::output::{Output, object};
use crate::cli::session;

mod line;
mod lines;

/// Lines, or events, after which a batch is appended.
const BATCH_ITEMS: usize = 2_000;
/// Bytes of lines and documents after which a batch is appended: 16 MiB.
const BATCH_BYTES: usize = 16 * 1024 * 1024;
/// Batches that are parsed ahead of the one being appended.
const BATCHES_AHEAD: usize = 1;
/// Most refused lines that the answer lists; the rest is counted.
const MAX_REFUSED_LISTED: usize = 10_000;

/// Lines that are appended together.
#[derive(Default)]
struct Batch {
    items: Vec<Item>,
    events: usize,
    bytes: usize,
}

impl Batch {
    fn push(&mut self, item: Item) {
        self.events += item.appends.len();
        self.bytes += item.bytes;
        self.items.push(item);
    }

    fn is_full(&self) -> bool {
        self.items.len() >= BATCH_ITEMS || self.events >= BATCH_ITEMS || self.bytes >= BATCH_BYTES
    }
}

/// What became of the lines so far.
#[derive(Default)]
struct Tally {
    appended: u64,
    duplicates: u64,
    refused: Vec<Value>,
    refused_count: u64,
    /// The first of them, as a sentence.
    first_refused: Option<String>,
    /// How many of them are refused for a key that was used for something else.
    conflicts: u64,
    last: Option<u64>,
    /// Whether a git log has come, and with it the question under which key the others were made.
    git_logs: bool,
}

/// `ingest batch`.
pub(crate) async fn run(common: &Common, file: &str, strict: bool, options: &IngestOptions) -> Result<Output> {
    let started = Instant::now();
    let source = Source::of(file, strict)?;
    let reader = || -> Result<Reader> {
        Ok(Reader::new(file, observed_at(options)?, options.idempotency_key.clone(), session::data_dir(common)?))
    };
    let Some(session) = open_unless_dry(common, options)? else {
        let (tally, records) = check(common, &source, reader()?, None, options).await?;
        refuse_strict(strict, &tally)?;
        return Ok(answer(&tally, Some(records), started));
    };
    let log = session.log().await?;
    if strict {
        let (tally, _) = check(common, &source, reader()?, Some(&log), options).await?;
        refuse_strict(strict, &tally)?;
    }
    let to = Destination { log, store: session.store()?, context: session.context(options.actor.as_deref()) };
    let (mut batches, reading) = read_ahead(source.open()?, reader()?);
    let mut tally = Tally::default();
    let mut progress = session::counter(common, "ingesting");
    while let Some(batch) = batches.recv().await {
        append(common, &to, batch, &mut tally).await.map_err(|failure| Failure {
            error: failure.error.context(format!("{} events were appended; feed the input again", tally.appended)),
            ..failure
        })?;
        progress.at(tally.appended + tally.duplicates);
        if strict && let Some(first) = &tally.first_refused {
            // The whole input was fine a moment ago: somebody else has written since.
            let reason = anyhow!("refused by the log: {first}; {} events were appended", tally.appended);
            return Err(Failure { code: CONFLICT, error: reason });
        }
    }
    reading.await.map_err(Failure::refused)?.map_err(Failure::environment)?;
    drop(progress);
    Ok(answer(&tally, None, started))
}

/// Where events go, and their documents before them.
struct Destination {
    log: Log,
    store: Store,
    context: AppendContext,
}

/// Reads, parses and batches on a thread of its own.
fn read_ahead(
    source: Box<dyn Read + Send>,
    mut reader: Reader,
) -> (mpsc::Receiver<Batch>, tokio::task::JoinHandle<io::Result<()>>) {
    let (sender, receiver) = mpsc::channel(BATCHES_AHEAD);
    let reading = tokio::task::spawn_blocking(move || {
        let mut lines = Lines::of(source);
        let mut batch = Batch::default();
        while let Some(line) = lines.next()? {
            batch.push(reader.read(&line));
            if batch.is_full() && sender.blocking_send(std::mem::take(&mut batch)).is_err() {
                return Ok(());
            }
        }
        if !batch.items.is_empty() {
            // Nobody listens any more: the other side has its reasons and says them.
            let _ = sender.blocking_send(batch);
        }
        Ok(())
    });
    (receiver, reading)
}

/// Appends the events of a batch and counts what became of each.
async fn append(common: &Common, to: &Destination, batch: Batch, tally: &mut Tally) -> Result<()> {
    let mut appends = Vec::with_capacity(batch.events);
    let mut places = Vec::with_capacity(batch.events);
    let mut people = Vec::new();
    let mut documents: Vec<Bytes> = Vec::new();
    for item in batch.items {
        warn(common, &item.warnings);
        for (row, reason) in item.refused {
            tally.refuse(common, row, &reason);
        }
        documents.extend(item.documents);
        let line = item.line;
        places.extend(item.places.into_iter().map(|place| (line, place)));
        appends.extend(item.appends);
        people.extend(item.people);
    }
    let git_log = appends.iter().find(|append| matches!(append.event, Event::GitLogObserved(_)));
    if let Some(append) = git_log.filter(|_| !tally.git_logs) {
        tally.git_logs = true;
        warn(common, gitlog::other_key(to.log.pool(), &append.event).await?.as_slice());
    }
    // One batch after the other: what is foreseen of one rests on all before it.
    let foreseen = to.log.foresee(appends).await?;
    keep::documents(&to.store, &foreseen, documents).await?;
    let outcomes = to.log.append_foreseen(foreseen, &to.context).await?;
    for (outcome, (line, place)) in outcomes.into_iter().zip(places) {
        match outcome {
            Ok(outcome) => {
                *(if outcome.is_duplicate() { &mut tally.duplicates } else { &mut tally.appended }) += 1;
                tally.last = tally.last.max(Some(outcome.place().position));
            }
            Err(refusal) => tally.refuse_event(common, line, place, &refusal),
        }
    }
    gitlog::remember(to.log.pool(), &people).await
}

/// Reads the whole input and appends nothing: what the log would refuse is refused, as far as that can be told with
/// what is given of it. Answers also how many records the input holds.
async fn check(
    common: &Common,
    source: &Source,
    reader: Reader,
    log: Option<&Log>,
    options: &IngestOptions,
) -> Result<(Tally, u64)> {
    let (mut batches, reading) = read_ahead(source.open()?, reader);
    let (mut tally, mut good) = (Tally::default(), 0);
    let mut keys = BTreeMap::new();
    while let Some(batch) = batches.recv().await {
        let (mut appends, mut places) = (Vec::with_capacity(batch.events), Vec::with_capacity(batch.events));
        for item in batch.items {
            warn(common, &item.warnings);
            for (row, reason) in item.refused {
                tally.refuse(common, row, &reason);
            }
            let line = item.line;
            places.extend(item.places.into_iter().map(|place| (line, place)));
            appends.extend(item.appends);
        }
        for (refusal, (line, place)) in refusals(log, options, appends, &mut keys).await?.into_iter().zip(places) {
            match refusal {
                Some(refusal) => tally.refuse_event(common, line, place, &refusal),
                None => good += 1,
            }
        }
    }
    reading.await.map_err(Failure::refused)?.map_err(Failure::environment)?;
    let records = good + tally.refused_count;
    Ok((tally, records))
}

/// Why events would be refused. `keys` holds what the keys of the input stand for so far.
async fn refusals(
    log: Option<&Log>,
    options: &IngestOptions,
    appends: Vec<Append>,
    keys: &mut BTreeMap<Digest, Digest>,
) -> Result<Vec<Option<Refusal>>> {
    let mut taken = |foreseen: &ForeseenAppend| {
        let (key, stands_for) = foreseen.key()?;
        let first = keys.entry(Digest::of(key.as_bytes())).or_insert(stands_for);
        (*first != stands_for).then(|| Refusal::KeyReused(key.to_owned()))
    };
    let foreseen = foresee(log, options, appends).await?;
    Ok(foreseen.into_iter().map(|item| item.map_or_else(Some, |foreseen| taken(&foreseen))).collect())
}

impl Tally {
    fn refuse(&mut self, common: &Common, line: u64, reason: &str) {
        warn(common, &[format!("line {line} refused: {reason}")]);
        self.first_refused.get_or_insert_with(|| format!("line {line}: {reason}"));
        self.refused_count += 1;
        if self.refused.len() < MAX_REFUSED_LISTED {
            self.refused.push(json!({"row": line, "reason": reason}));
        }
    }

    /// Refuses an event of a line, which has a place there if the line's document holds several.
    fn refuse_event(&mut self, common: &Common, line: u64, place: Option<String>, refusal: &Refusal) {
        self.conflicts += u64::from(refusal.is_conflict());
        self.refuse(common, line, &place.map_or_else(|| refusal.to_string(), |place| format!("{place}: {refusal}")));
    }
}

/// A conflict where nothing but keys is in the way.
fn refuse_strict(strict: bool, tally: &Tally) -> Result<()> {
    match &tally.first_refused {
        Some(first) if strict => {
            let reason = anyhow!("{} refused, the first is {first}; nothing is appended", tally.refused_count);
            let code = if tally.conflicts == tally.refused_count { CONFLICT } else { REFUSED };
            Err(Failure { code, error: reason })
        }
        _ => Ok(()),
    }
}

fn answer(tally: &Tally, dry: Option<u64>, started: Instant) -> Output {
    let seconds = started.elapsed().as_secs_f64();
    let events = tally.appended + tally.duplicates;
    let rate = if seconds > 0.0 { (events as f64 / seconds).round() } else { 0.0 };
    Output::Object(object(json!({
        "outcome": if dry.is_some() { "dry-run" } else { "done" },
        "records": dry.unwrap_or(events + tally.refused_count),
        "appended": tally.appended,
        "duplicates": tally.duplicates,
        "refused": tally.refused,
        "refused_count": tally.refused_count,
        "last_position": tally.last,
        "seconds": seconds,
        "events_per_second": rate,
    })))
}

/// Where the lines come from, once or twice.
enum Source {
    /// A file, or standard input where it is read once.
    Path(PathBuf),
    /// A copy of what can be read only once.
    Copy(File),
}

impl Source {
    fn of(file: &str, twice: bool) -> Result<Self> {
        let path = PathBuf::from(file);
        let again = file != "-" && path.metadata().is_ok_and(|metadata| metadata.is_file());
        if !twice || again {
            return Ok(Self::Path(path));
        }
        let mut source = input::open(&path).map_err(Failure::refused)?;
        let mut copy = tempfile::tempfile().map_err(Failure::environment)?;
        io::copy(&mut source, &mut copy).map_err(Failure::environment)?;
        Ok(Self::Copy(copy))
    }

    fn open(&self) -> Result<Box<dyn Read + Send>> {
        match self {
            Self::Path(path) => input::open(path).map_err(Failure::refused),
            Self::Copy(file) => {
                let mut file = file.try_clone().map_err(Failure::environment)?;
                file.rewind().map_err(Failure::environment)?;
                Ok(Box::new(file))
            }
        }
    }
}
