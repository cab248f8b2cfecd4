//! `ingest`: documents become facts, facts become events.

use std::path::Path;
use std::time::Duration;

use ::ingest::append::{ForeseenAppend, Rehearsal, part_key};
use ::ingest::error::Refusal;
use ::ingest::key_file::KeyDraft;
use ::ingest::source::gitlog::Person;
use ::ingest::{Append, AppendError, AppendOutcome, Log, input};
use anyhow::anyhow;
use domain::facts::Subject;
use domain::{Event, Timestamp};
use serde_json::{Map, Value, json};

use crate::cli::failure::{Failure, Result};
use crate::cli::flags::{Common, Ingest, IngestOptions, SubjectOptions};
use crate::cli::output::{Output, object};
use crate::cli::session::{self, Session};
use crate::cli::terminal::Terminal;
use crate::service::act::new_key;

mod batch;
pub(crate) mod gitlog;
pub(crate) mod grants;
pub(crate) mod keep;
mod registry;
pub(crate) mod repo;
pub(crate) mod sbom;
pub(crate) mod survey;

/// One document about one repository, read: ready to be appended.
pub(crate) struct Single {
    /// The fact.
    pub(crate) event: Event,
    /// The raw document, as it is kept.
    pub(crate) document: Vec<u8>,
    /// Names for the side table; never in the log.
    pub(crate) people: Vec<Person>,
    /// What the answer says besides its place.
    pub(crate) answer: Map<String, Value>,
    /// What was odd.
    pub(crate) warnings: Vec<String>,
}

impl Single {
    /// Says first what was odd before the document was read.
    pub(crate) fn also_odd(mut self, warnings: Vec<String>) -> Self {
        self.warnings.splice(0..0, warnings);
        self
    }
}

/// A file of many records, read: ready to be appended.
pub(crate) struct Many {
    /// The facts.
    pub(crate) events: Vec<Event>,
    /// The place of each in its file.
    pub(crate) places: Vec<String>,
    /// The raw documents, as they are kept.
    pub(crate) documents: Vec<Vec<u8>>,
    /// Records that are malformed: place and reason.
    pub(crate) refused: Vec<(Value, String)>,
    /// What was odd.
    pub(crate) warnings: Vec<String>,
}

/// `ingest`.
pub(crate) async fn run(common: &Common, what: Ingest) -> Result<(Output, u8)> {
    let output = match what {
        Ingest::Batch { file, strict, options } => batch::run(common, &file, strict, &options).await,
        Ingest::Registry { purls, hops, interval_ms, options } => {
            return registry::run(common, &purls, hops, Duration::from_millis(interval_ms), &options).await;
        }
        Ingest::Sbom { file, subject, options } => {
            let (subject, dropped) = checked(&options, &subject)?;
            let read = sbom::read(&document(&file)?, subject)?.also_odd(dropped);
            append_single(common, read, &options).await
        }
        Ingest::Survey { file, strict, options } => {
            observed_at(&options)?;
            let read = survey::read(&document(&file)?)?;
            append_many(common, read, strict, &options).await
        }
        Ingest::Grants { files, strict, options } => {
            observed_at(&options)?;
            let files = files.into_iter().map(|name| document(&name).map(|bytes| (name, bytes)));
            let read = grants::read(&files.collect::<Result<Vec<_>>>()?)?;
            append_many(common, read, strict, &options).await
        }
        Ingest::Repo { file, subject, options } => {
            let (subject, dropped) = checked(&options, &subject)?;
            let read = repo::read(&document(&file)?, subject)?.also_odd(dropped);
            append_single(common, read, &options).await
        }
        Ingest::GitLog { source, since_months, subject, options } => {
            gitlog::run(common, &source, since_months, &subject, &options).await
        }
    };
    output.map(|output| (output, 0))
}

/// Reads a document, within limits.
pub(crate) fn document(path: &str) -> Result<Vec<u8>> {
    input::read(Path::new(path)).map_err(Failure::refused)
}

/// The repository that `--repo` names, and what was odd about its project.
pub(crate) fn subject_of(options: &SubjectOptions) -> Result<(Subject, Vec<String>)> {
    let mut dropped = Vec::new();
    let subject = Subject::new(&options.repo, options.project.as_deref(), &mut dropped)?;
    Ok((subject, dropped))
}

/// Reads the flags before the document: a mistake there needs no file, and no standard input to wait for.
fn checked(options: &IngestOptions, subject: &SubjectOptions) -> Result<(Subject, Vec<String>)> {
    observed_at(options)?;
    subject_of(subject)
}

/// Reads `--observed-at`.
pub(crate) fn observed_at(options: &IngestOptions) -> Result<Option<Timestamp>> {
    let parse = |text: &String| {
        let expected = "expected a time (2026-01-31T12:00:00Z) or a date (2026-01-31) from 1970 to 9999";
        Timestamp::parse_time_or_date(text).map_err(|_| anyhow!("--observed-at: `{text}`: {expected}"))
    };
    options.observed_at.as_ref().map(parse).transpose().map_err(Failure::environment)
}

/// Appends one document and answers its place.
pub(crate) async fn append_single(common: &Common, read: Single, options: &IngestOptions) -> Result<Output> {
    append_under(common, read, options, None).await
}

/// As [`append_single`], of facts that were made under a key which is new: it is kept with the event, or not at all.
async fn append_under(
    common: &Common,
    read: Single,
    options: &IngestOptions,
    new_key: Option<KeyDraft>,
) -> Result<Output> {
    let observed_at = observed_at(options)?;
    warn(common, &read.warnings);
    let mut answer = read.answer;
    answer.entry("format_version").or_insert(Value::Null);
    let append = Append { event: read.event, observed_at, key: options.idempotency_key.clone() };
    let Some(session) = open_unless_dry(common, options)? else {
        let stream = append.event.stream().ok();
        rehearse(options, append).await?;
        answer.extend(object(json!({
            "event": null, "outcome": "dry-run", "position": null, "stream": stream, "sequence": null,
            "warnings": read.warnings,
        })));
        return Ok(Output::Object(answer));
    };
    let log = session.log().await?;
    let mut warnings = read.warnings;
    if let Some(other) = gitlog::other_key(log.pool(), &append.event).await? {
        warn(common, std::slice::from_ref(&other));
        warnings.push(other);
    }
    let context = session.context(options.actor.as_deref());
    let outcome = keep::one(&log, &session.store()?, append, read.document, &context).await;
    if let Some(new_key) = new_key.filter(|_| new_key::is_used(&outcome)) {
        new_key::keep(&Terminal { quiet: common.quiet }, new_key, gitlog::PSEUDONYMS)?;
    }
    let outcome = outcome?;
    gitlog::remember(log.pool(), &read.people).await?;
    answer.insert("warnings".into(), json!(warnings));
    answer.extend(place(&outcome));
    Ok(Output::Object(answer))
}

/// Appends the records of a file and answers what became of each.
async fn append_many(common: &Common, read: Many, strict: bool, options: &IngestOptions) -> Result<Output> {
    let observed_at = observed_at(options)?;
    warn(common, &read.warnings);
    let records = read.events.len() + read.refused.len();
    let mut refused = Refused { common, strict, rows: Vec::new() };
    for (row, reason) in read.refused {
        refused.add(&row, &reason);
    }
    refused.check()?;
    let (mut appended, mut duplicates, mut last) = (0u64, 0u64, None);
    let session = open_unless_dry(common, options)?;
    let log = match &session {
        Some(session) => Some(session.log().await?),
        None => None,
    };
    let key = |n: usize| options.idempotency_key.as_ref().map(|key| row_key(key, n));
    let each = read.events.into_iter().enumerate();
    let appends = each.map(|(n, event)| Append { event, observed_at, key: key(n) }).collect();
    let foreseen = foresee(log.as_ref(), options, appends).await?;
    whole(&foreseen, options.idempotency_key.as_deref())?;
    let (mut taken, mut places) = (Vec::new(), Vec::new());
    for (item, place) in foreseen.into_iter().zip(read.places) {
        match item {
            Err(refusal) => refused.add(&json!(place), &refusal.to_string()),
            Ok(_) => {
                taken.push(item);
                places.push(place);
            }
        }
    }
    refused.check()?;
    let outcome = if let (Some(session), Some(log)) = (session, log) {
        keep::documents(&session.store()?, &taken, read.documents).await?;
        let outcomes = log.append_foreseen(taken, &session.context(options.actor.as_deref())).await?;
        for (outcome, place) in outcomes.into_iter().zip(places) {
            match outcome {
                Ok(outcome) => {
                    *(if outcome.is_duplicate() { &mut duplicates } else { &mut appended }) += 1;
                    last = last.max(Some(outcome.place().position));
                }
                Err(refusal) if refusal.is_conflict() => return Err(Failure::conflict(refusal)),
                Err(refusal) => refused.add(&json!(place), &refusal.to_string()),
            }
        }
        "done"
    } else {
        "dry-run"
    };
    Ok(Output::Object(object(json!({
        "outcome": outcome,
        "records": records,
        "appended": appended,
        "duplicates": duplicates,
        "refused": refused.rows,
        "last_position": last,
    }))))
}

/// Records of a file that are refused: said as they come, and answered.
struct Refused<'a> {
    common: &'a Common,
    strict: bool,
    rows: Vec<Value>,
}

impl Refused<'_> {
    fn add(&mut self, row: &Value, reason: &str) {
        warn(self.common, &[format!("{} refused: {reason}", text(row))]);
        self.rows.push(json!({"row": row, "reason": reason}));
    }

    /// With `--strict` one of them refuses the file.
    fn check(&self) -> Result<()> {
        let Some(first) = self.rows.first().filter(|_| self.strict) else { return Ok(()) };
        let (count, reason) = (self.rows.len(), first["reason"].as_str().unwrap_or_default());
        let reason = anyhow!("{count} refused, the first is {}: {reason}; nothing is appended", text(&first["row"]));
        Err(Failure::refused(reason))
    }
}

fn text(row: &Value) -> String {
    row.as_str().map_or_else(|| format!("row {row}"), str::to_owned)
}

/// What would become of events: by the log, or by what can be told without one.
async fn foresee(
    log: Option<&Log>,
    options: &IngestOptions,
    appends: Vec<Append>,
) -> Result<Vec<std::result::Result<ForeseenAppend, Refusal>>> {
    let Some(log) = log else {
        // The clock of this machine stands for the log's.
        let now = Timestamp::from_datetime(chrono::Utc::now());
        let now = now.ok_or_else(|| Failure::environment(anyhow!("the clock of this machine is out of range")))?;
        let context = session::context(options.actor.as_deref());
        return Ok(Rehearsal::new(&context, now).map_err(AppendError::from)?.foresee(appends));
    };
    Ok(log.foresee(appends).await?)
}

/// Refuses what the log would refuse, without a log.
pub(crate) async fn rehearse(options: &IngestOptions, append: Append) -> Result<()> {
    for foreseen in foresee(None, options, vec![append]).await? {
        foreseen.map_err(AppendError::from)?;
    }
    Ok(())
}

/// A session, unless nothing is to be written.
fn open_unless_dry(common: &Common, options: &IngestOptions) -> Result<Option<Session>> {
    (!options.dry_run).then(|| Session::open(common)).transpose()
}

/// The key of a record: one key stands for the whole call, the first record has it as it is and the others add their
/// number, so that a file meets what was told under its key before, whether that was one record or many.
pub(crate) fn row_key(key: &str, n: usize) -> String {
    if n == 0 { key.to_owned() } else { part_key(key, &n.to_string()) }
}

/// Refuses the call as a whole where it is the call that is wrong: one key, and one time, stand for all records.
fn whole(foreseen: &[std::result::Result<ForeseenAppend, Refusal>], key: Option<&str>) -> Result<()> {
    for refusal in foreseen.iter().filter_map(|item| item.as_ref().err()) {
        match (refusal, key) {
            (Refusal::KeyReused(_), Some(key)) => return Err(Failure::conflict(Refusal::KeyReused(key.to_owned()))),
            (Refusal::Future { observed_at, now }, _) => {
                return Err(Failure::refused(Refusal::Future { observed_at: *observed_at, now: *now }));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Where an event is, as an answer says it.
pub(crate) fn place(outcome: &AppendOutcome) -> Map<String, Value> {
    let place = outcome.place();
    object(json!({
        "event": place.event,
        "outcome": if outcome.is_duplicate() { "duplicate" } else { "appended" },
        "position": place.position,
        "stream": place.stream,
        "sequence": place.sequence,
    }))
}

/// Says what was odd, on stderr.
pub(crate) fn warn(common: &Common, warnings: &[String]) {
    for warning in warnings {
        session::say(common, &format!("warning: {warning}"));
    }
}
