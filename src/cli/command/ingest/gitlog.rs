//! `ingest git-log`.

use std::ffi::OsStr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use ::ingest::source::gitlog::{self, DEFAULT_TIMEOUT, GitLogError, GitSource, Options, Parsed, Person};
use ::ingest::{Append, pseudonym_key};
use anyhow::anyhow;
use domain::facts::Subject;
use domain::identity::PseudonymKey;
use domain::{Event, Timestamp};
use serde_json::json;
use sqlx::PgPool;

use super::{Single, append_under, observed_at, rehearse, subject_of};
use crate::cli::failure::{Failure, Result};
use crate::cli::flags::{Common, IngestOptions, SubjectOptions};
use crate::cli::interrupt::Interrupt;
use crate::cli::output::{Format, Output, object};
use crate::cli::session;
use crate::cli::terminal::Terminal;
use crate::service::act::new_key;

/// What the key of the pseudonyms is for.
pub(crate) const PSEUDONYMS: &str =
    "it turns addresses into pseudonyms; back it up: under another key every contributor counts as somebody else";

/// `ingest git-log`.
pub(crate) async fn run(
    common: &Common,
    source: &str,
    since_months: Option<u32>,
    subject: &SubjectOptions,
    options: &IngestOptions,
) -> Result<Output> {
    let (subject, dropped) = subject_of(subject)?;
    let seen = observed_at(options)?.or_else(|| Timestamp::from_datetime(chrono::Utc::now()));
    let observed_at = seen.ok_or_else(|| Failure::environment(anyhow!("the clock of this machine is out of range")))?;
    let source = GitSource::from_argument(OsStr::new(source)).map_err(failure)?;
    let (environment, folder) = (std::env::var(pseudonym_key::ENV_NAME).ok(), session::data_dir(common)?);
    let (key, new_key) = match source {
        // Its pseudonyms are made already.
        GitSource::Export(_) => pseudonym_key::existing(environment.as_deref(), &folder).map(|key| (key, None)),
        _ => pseudonym_key::load(environment.as_deref(), &folder).map(|(key, new)| (Some(key), new)),
    }
    .map_err(Failure::environment)?;
    let asked = Options { since_months, ..asked(observed_at, key) };
    let stop = Arc::clone(&asked.interrupted);
    // Reading blocks on a child process; the runtime has other threads.
    let mut read = tokio::task::spawn_blocking(move || gitlog::read(&source, subject, &asked));
    let mut interrupt = Interrupt::catch()?;
    let read = tokio::select! {
        read = &mut read => read,
        asked = interrupt.wait() => {
            // Git and its scratch folder go before we do.
            stop.store(true, Ordering::Relaxed);
            let _ = read.await;
            return Err(Failure { code: asked.exit_code(), error: anyhow!("interrupted; nothing was appended") });
        }
    };
    drop(interrupt);
    let parsed = read.map_err(Failure::refused)?.map_err(failure)?;
    if options.dry_run && common.format == Some(Format::Ndjson) {
        super::warn(common, &dropped);
        super::warn(common, &parsed.warnings);
        let key = options.idempotency_key.clone();
        rehearse(options, Append { event: parsed.facts.into(), observed_at: Some(observed_at), key }).await?;
        let text = String::from_utf8(parsed.export).map_err(Failure::refused)?;
        // What was printed is to be ingested some day, under this very key.
        new_key.map_or(Ok(()), |new_key| new_key::keep(&Terminal { quiet: common.quiet }, new_key, PSEUDONYMS))?;
        return Ok(Output::Text(text));
    }
    let options = IngestOptions { observed_at: Some(observed_at.to_string()), ..options.clone() };
    append_under(common, single(parsed).also_odd(dropped), &options, new_key).await
}

/// Reads one of our own exports that is in memory.
pub(crate) fn read_export(
    bytes: &[u8],
    subject: Subject,
    observed_at: Timestamp,
    key: Option<PseudonymKey>,
) -> Result<Single> {
    gitlog::read_export(bytes, subject, &asked(observed_at, key)).map(single).map_err(failure)
}

/// All history, in the usual time.
fn asked(observed_at: Timestamp, key: Option<PseudonymKey>) -> Options {
    let (timeout, interrupted) = (DEFAULT_TIMEOUT, Arc::default());
    Options { observed_at, since_months: None, key, timeout, scratch: None, interrupted }
}

fn single(parsed: Parsed) -> Single {
    let latest = parsed.latest_commit_date();
    Single {
        answer: object(json!({
            "format": parsed.facts.document.format,
            "format_version": parsed.facts.document.format_version,
            "commits": parsed.totals.commits,
            "contributors": parsed.totals.contributors,
            "bots_excluded": parsed.totals.bots_excluded,
            "latest_commit_date": latest,
            "branch": parsed.branch,
        })),
        event: parsed.facts.into(),
        document: parsed.export,
        people: parsed.people,
        warnings: parsed.warnings,
    }
}

fn failure(error: GitLogError) -> Failure {
    Failure::refused(error)
}

/// A warning where the log holds git logs that were made under another key than this one: a key was lost, and every
/// contributor of before counts as somebody else.
pub(crate) async fn other_key(pool: &PgPool, event: &Event) -> Result<Option<String>> {
    let Event::GitLogObserved(facts) = event else { return Ok(None) };
    let own = &facts.pseudonym_key;
    let other = pseudonym_key::used(pool).await?.into_iter().find(|key| key != own);
    Ok(other.map(|other| {
        format!("the pseudonym key is {own}, but the log holds git logs {}", pseudonym_key::made_under(&other))
    }))
}

/// Keeps names and logins beside the log: erasable, used by no score.
pub(crate) async fn remember(pool: &PgPool, people: &[Person]) -> Result<()> {
    if people.is_empty() {
        return Ok(());
    }
    let pseudonyms: Vec<Vec<u8>> = people.iter().map(|person| person.pseudonym.0.to_vec()).collect();
    let names: Vec<&str> = people.iter().map(|person| person.name.as_str()).collect();
    let logins: Vec<Option<&str>> = people.iter().map(|person| person.login.as_deref()).collect();
    sqlx::query_file!("sql/remember_people.sql", &pseudonyms, &names as &[&str], &logins as &[Option<&str>])
        .execute(pool)
        .await?;
    Ok(())
}
