//! A history of a repository: a checkout, a clone URL, a bundle, read by git, or a pseudonymised export.

use std::ffi::OsStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use domain::Timestamp;
use ingest::key_file::KeyDraft;
use ingest::source::Reading;
use ingest::source::gitlog::{self, DEFAULT_TIMEOUT, GitSource, Options, Parsed};
use ingest::{Append, pseudonym_key};

use super::intake::Intake;
use super::one::{OneIngested, one};
use super::{Circumstances, Destination, DocumentSubject, PSEUDONYMS, existing_key, now};
use crate::service::act::new_key;
use crate::service::run::Stop;
use crate::service::watch::Watch;
use crate::service::{Error, Result, Settings, environment};

/// Which history.
#[derive(Clone, Debug)]
pub struct AskedHistory {
    /// A path, a clone URL, a bundle or an export.
    pub source: String,
    /// Cover so many months back from the observation; `None`: all.
    pub since_months: Option<u32>,
    /// The branch to read; `None`: the default one.
    pub branch: Option<String>,
    /// The repository that it is of.
    pub about: DocumentSubject,
}

/// A history that was read.
pub(in crate::service::act) struct ReadHistory {
    pub(in crate::service::act) parsed: Parsed,
    /// When it was seen.
    pub(in crate::service::act) observed_at: Timestamp,
    /// The key behind the pseudonyms, where it was made for them.
    pub(in crate::service::act) new_key: Option<KeyDraft>,
}

/// Reads a history and takes it in. Asked to stop while git reads, it appends nothing.
///
/// # Errors
/// When it cannot be read; [`Error::Interrupted`] when it was stopped; when there is no way to the log.
pub async fn git_log(
    to: &Destination,
    asked: AskedHistory,
    circumstances: &Circumstances,
    stop: &Stop,
) -> Result<OneIngested> {
    let ReadHistory { parsed, observed_at, new_key } = read(to, asked, circumstances, stop).await?;
    // When it was seen decides what it covers: it is no other time in the log.
    let circumstances = Circumstances { observed_at: Some(observed_at), ..circumstances.clone() };
    one(to, Reading::from(parsed), &circumstances, new_key).await
}

/// Reads a history and answers its pseudonymised export, which can be taken in elsewhere; needs no database.
///
/// # Errors
/// As [`git_log`], of what can be refused without a log.
pub async fn export(
    settings: &Settings,
    watch: Arc<dyn Watch>,
    asked: AskedHistory,
    circumstances: &Circumstances,
    stop: &Stop,
) -> Result<String> {
    let to = Destination::Rehearsal(settings.clone(), watch);
    let ReadHistory { parsed, observed_at, new_key } = read(&to, asked, circumstances, stop).await?;
    to.warn_all(&parsed.warnings);
    let intake = Intake::open(&to, circumstances.actor.as_deref()).await?;
    let key = circumstances.key.clone();
    intake.one(Append { event: parsed.facts.into(), observed_at: Some(observed_at), key }, None).await?;
    let text = String::from_utf8(parsed.export).map_err(Error::refused)?;
    // What is answered is to be taken in some day, under this very key.
    new_key.map_or(Ok(()), |new_key| new_key::keep(to.watch(), new_key, PSEUDONYMS))?;
    Ok(text)
}

/// Reads a history; nothing else happens.
pub(in crate::service::act) async fn read(
    to: &Destination,
    asked: AskedHistory,
    circumstances: &Circumstances,
    stop: &Stop,
) -> Result<ReadHistory> {
    let (subject, mut warnings) = asked.about.repository()?;
    let observed_at = circumstances.observed_at.map_or_else(now, Ok)?;
    let source = GitSource::from_argument(OsStr::new(&asked.source)).map_err(Error::refused)?;
    let folder = to.data_dir()?;
    let (key, new_key) = match source {
        // Its pseudonyms are made already.
        GitSource::Export(_) => (existing_key(&folder)?, None),
        _ => {
            let environment = environment::variable(pseudonym_key::ENV_NAME)?;
            let (key, new) = pseudonym_key::load(environment.as_deref(), &folder).map_err(Error::unavailable)?;
            (Some(key), new)
        }
    };
    let (since_months, branch) = (asked.since_months, asked.branch);
    let interrupted = Arc::new(AtomicBool::new(false));
    let interrupt = Arc::clone(&interrupted);
    let timeout = DEFAULT_TIMEOUT;
    let options = Options { observed_at, since_months, branch, key, timeout, scratch: None, interrupted };
    // Reading blocks on a child process; the runtime has other threads.
    let mut reading = tokio::task::spawn_blocking(move || gitlog::read(&source, subject, &options));
    let read = tokio::select! {
        read = &mut reading => read,
        () = stop.asked() => {
            // Git and its scratch folder go before we do.
            interrupt.store(true, Ordering::Relaxed);
            let _ = reading.await;
            return Err(Error::Interrupted("interrupted; nothing was appended".into()));
        }
    };
    let mut parsed = read.map_err(Error::refused)?.map_err(Error::refused)?;
    warnings.append(&mut parsed.warnings);
    parsed.warnings = warnings;
    Ok(ReadHistory { parsed, observed_at, new_key })
}
