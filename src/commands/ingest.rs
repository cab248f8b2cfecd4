//! `ingest`: documents become facts, facts become events.

use std::path::Path;
use std::time::Duration;

use ::ingest::append::Foreseen;
use ::ingest::error::Refusal;
use ::ingest::key_file::Draft;
use ::ingest::source::gitlog::Person;
use ::ingest::{Append, Outcome, input};
use anyhow::anyhow;
use domain::facts::Subject;
use domain::purl::Purl;
use domain::{Event, Timestamp};
use serde_json::{Map, Value, json};

use crate::cli::{Common, Ingest, IngestOptions, SubjectOptions};
use crate::failure::{Failure, Result};
use crate::new_key;
use crate::output::{Output, object};
use crate::session::{self, Session};

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
            let subject = checked(&options, &subject)?;
            let read = sbom::read(&document(&file)?, subject)?;
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
            let subject = checked(&options, &subject)?;
            let read = repo::read(&document(&file)?, subject)?;
            append_single(common, read, &options).await
        }
        Ingest::GitLog { source, since_months, subject, options } => {
            gitlog::run(common, &source, since_months, subject_of(&subject)?, &options).await
        }
    };
    output.map(|output| (output, 0))
}

/// Reads a document, within limits.
pub(crate) fn document(path: &str) -> Result<Vec<u8>> {
    input::read(Path::new(path)).map_err(Failure::refused)
}

/// The repository that `--repo` names.
pub(crate) fn subject_of(options: &SubjectOptions) -> Result<Subject> {
    let purl = Purl::parse_repository(&options.repo).map_err(Failure::environment)?;
    if let Some(project) = &options.project {
        domain::StreamId::new(domain::StreamKind::Project, project)
            .map_err(|error| Failure::environment(anyhow!("--project: {error}")))?;
    }
    Ok(Subject { id: purl.id, spelled: purl.spelled, project: options.project.clone() })
}

/// Reads the flags before the document: a mistake there needs no file, and no standard input to wait for.
fn checked(options: &IngestOptions, subject: &SubjectOptions) -> Result<Subject> {
    observed_at(options)?;
    subject_of(subject)
}

/// Reads `--observed-at`.
pub(crate) fn observed_at(options: &IngestOptions) -> Result<Option<Timestamp>> {
    let parse = |text: &String| Timestamp::parse_time_or_date(text);
    let parsed = options.observed_at.as_ref().map(parse).transpose();
    parsed.map_err(|error| Failure::environment(anyhow!("--observed-at: {error}")))
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
    new_key: Option<Draft>,
) -> Result<Output> {
    let observed_at = observed_at(options)?;
    warn(common, &read.warnings);
    let mut answer = read.answer;
    answer.entry("format_version").or_insert(Value::Null);
    let Some(session) = open_unless_dry(common, options)? else {
        // What would be refused is refused here too.
        domain::codec::encode(&read.event).map_err(Failure::refused)?;
        let stream = read.event.stream().map_err(Failure::refused)?;
        answer.extend(object(json!({
            "event": null, "outcome": "dry-run", "position": null, "stream": stream, "sequence": null,
            "warnings": read.warnings,
        })));
        return Ok(Output::Object(answer));
    };
    let log = session.log().await?;
    let mut warnings = read.warnings;
    if let Some(other) = gitlog::other_key(log.pool(), &read.event).await? {
        warn(common, std::slice::from_ref(&other));
        warnings.push(other);
    }
    let append = Append { event: read.event, observed_at, key: options.idempotency_key.clone() };
    let context = session.context(options.actor.as_deref());
    let outcome = keep::one(&log, &session.store()?, append, read.document, &context).await;
    if let Some(new_key) = new_key.filter(|_| new_key::is_used(&outcome)) {
        new_key::keep(common, new_key, gitlog::PSEUDONYMS)?;
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
    let outcome = if let Some(session) = open_unless_dry(common, options)? {
        let log = session.log().await?;
        let key = |n: usize| options.idempotency_key.as_ref().map(|key| row_key(key, n));
        let each = read.events.into_iter().enumerate();
        let appends = each.map(|(n, event)| Append { event, observed_at, key: key(n) }).collect();
        let foreseen = log.foresee(appends).await?;
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

/// A session, unless nothing is to be written.
fn open_unless_dry(common: &Common, options: &IngestOptions) -> Result<Option<Session>> {
    (!options.dry_run).then(|| Session::open(common)).transpose()
}

/// The key of a record: one key stands for the whole call, the first record has it as it is and the others add their
/// number, so that a file meets what was told under its key before, whether that was one record or many.
pub(crate) fn row_key(key: &str, n: usize) -> String {
    if n == 0 { key.to_owned() } else { format!("{key}#{n}") }
}

/// Refuses the call as a whole where it is the call that is wrong: one key, and one time, stand for all records.
fn whole(foreseen: &[std::result::Result<Foreseen, Refusal>], key: Option<&str>) -> Result<()> {
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
pub(crate) fn place(outcome: &Outcome) -> Map<String, Value> {
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
