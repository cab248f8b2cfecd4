//! `ingest`: documents of every kind, by the one way that the service has.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::cli::failure::{REFUSED, Result};
use crate::cli::flags::{Common, Ingest, IngestOptions, SubjectOptions};
use crate::cli::interrupt::{stopped, until_signal};
use crate::cli::output::{Output, OutputFormat};
use crate::cli::session;
use crate::service::act::ingest::batch::{BatchInput, batch};
use crate::service::act::ingest::git_log::{self, AskedHistory};
use crate::service::act::ingest::registry::{self, AskedPackages};
use crate::service::act::ingest::{
    Circumstances, Destination, DocumentSubject, SourceKind, Submission, document, grants, repo, sbom, survey,
};

/// `ingest`.
pub(crate) async fn run(common: &Common, what: Ingest) -> Result<(Output, u8)> {
    let done = |output: Output| (output, 0);
    match what {
        Ingest::Sbom { file, package, subject, options } => {
            let about = DocumentSubject { packages: package, ..subject.into() };
            documents(common, &sbom::KIND, about, &[file], false, &options).await.map(done)
        }
        Ingest::Survey { file, strict, options } => {
            documents(common, &survey::KIND, DocumentSubject::default(), &[file], strict, &options).await.map(done)
        }
        Ingest::Repo { file, subject, options } => {
            documents(common, &repo::KIND, subject.into(), &[file], false, &options).await.map(done)
        }
        Ingest::Grants { files, strict, options } => {
            documents(common, &grants::KIND, DocumentSubject::default(), &files, strict, &options).await.map(done)
        }
        Ingest::GitLog { source, since_months, branch, subject, options } => {
            let asked = AskedHistory { source, since_months, branch, about: subject.into() };
            history(common, asked, &options).await.map(done)
        }
        Ingest::Batch { file, strict, options } => lines(common, &file, strict, &options).await.map(done),
        Ingest::Registry { purls, hops, interval_ms, options } => {
            let asked = AskedPackages { purls, hops, interval: Duration::from_millis(interval_ms) };
            packages(common, &asked, &options).await
        }
    }
}

impl From<SubjectOptions> for DocumentSubject {
    fn from(SubjectOptions { repo, project }: SubjectOptions) -> Self {
        Self { repo: Some(repo), project, purl: None, packages: Vec::new() }
    }
}

fn circumstances(options: &IngestOptions) -> Result<Circumstances> {
    let IngestOptions { observed_at, actor, idempotency_key, .. } = options;
    Ok(Circumstances::new(observed_at.as_deref(), actor.as_deref(), idempotency_key.as_deref())?)
}

/// Where documents go.
pub(super) fn destination(common: &Common, dry_run: bool) -> Destination {
    let (settings, watch) = (session::settings(common), session::watch(common));
    if dry_run { Destination::Rehearsal(settings, watch) } else { Destination::Unopened(settings, watch) }
}

/// Reads the flags before the documents: a mistake there needs no file, and no standard input to wait for.
async fn documents(
    common: &Common,
    kind: &SourceKind,
    about: DocumentSubject,
    files: &[String],
    strict: bool,
    options: &IngestOptions,
) -> Result<Output> {
    let circumstances = circumstances(options)?;
    let submission = Submission::new(kind, &about)?;
    let documents = files.iter().map(|file| document(file)).collect::<std::result::Result<Vec<_>, _>>()?;
    Output::of(&submission.take(&destination(common, options.dry_run), documents, strict, &circumstances).await?)
}

/// `ingest git-log`: a signal ends git first. A dry run answers the export where lines are asked for.
async fn history(common: &Common, asked: AskedHistory, options: &IngestOptions) -> Result<Output> {
    let circumstances = circumstances(options)?;
    let (answer, signal) = if options.dry_run && common.format == Some(OutputFormat::Ndjson) {
        let (settings, watch) = (session::settings(common), session::watch(common));
        let (export, signal) =
            until_signal(async |stop| git_log::export(&settings, watch, asked, &circumstances, stop).await).await?;
        (export.map(|text| Ok(Output::Text(text))), signal)
    } else {
        let to = destination(common, options.dry_run);
        let (done, signal) =
            until_signal(async |stop| git_log::git_log(&to, asked, &circumstances, stop).await).await?;
        (done.map(|done| Output::of(&done)), signal)
    };
    answer.map_err(|error| stopped(error, signal))?
}

/// `ingest batch`.
async fn lines(common: &Common, file: &str, strict: bool, options: &IngestOptions) -> Result<Output> {
    let circumstances = circumstances(options)?;
    let input = if file == "-" {
        BatchInput::stream(io::stdin(), "standard input", Some(PathBuf::from(".")))
    } else {
        BatchInput::file(Path::new(file))?
    };
    Output::of(&batch(&destination(common, options.dry_run), input, strict, &circumstances).await?)
}

/// `ingest registry`. Interrupted, it answers for what it has appended, with exit code 1.
async fn packages(common: &Common, asked: &AskedPackages, options: &IngestOptions) -> Result<(Output, u8)> {
    let circumstances = circumstances(options)?;
    let to = destination(common, options.dry_run);
    let (done, _) = until_signal(async |stop| registry::crawl(&to, asked, &circumstances, stop).await).await?;
    let done = done?;
    Ok((Output::of(&done)?, if done.interrupted { REFUSED } else { 0 }))
}
