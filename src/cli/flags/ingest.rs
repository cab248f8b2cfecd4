//! Flags of `ingest`.

use clap::{Args, Subcommand};

use crate::service::act::ingest::{gitlog, grants, repo, sbom, survey};

/// What every ingestion takes.
#[derive(Args, Clone, Debug)]
pub(crate) struct IngestOptions {
    /// When the facts were seen: 2026-01-31 or 2026-01-31T12:00:00Z; default now
    #[arg(long, value_name = "TIME")]
    pub(crate) observed_at: Option<String>,
    /// Parse and report only; needs no database
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Who appends: a name or handle, no e-mail address
    #[arg(long, value_name = "NAME", value_parser = super::value::actor)]
    pub(crate) actor: Option<String>,
    /// The same key with the same facts always answers the same position
    #[arg(long, value_name = "KEY", value_parser = super::value::key)]
    pub(crate) idempotency_key: Option<String>,
}

/// What an ingestion about one repository takes besides.
#[derive(Args, Clone, Debug)]
pub(crate) struct SubjectOptions {
    /// The repository, for example pkg:github/stellar/js-stellar-sdk
    #[arg(long, value_name = "PURL")]
    pub(crate) repo: String,
    /// The project it belongs to, for example daoip-5:scf:project:NAME
    #[arg(long, value_name = "ID", value_parser = super::value::project)]
    pub(crate) project: Option<String>,
}

/// Kinds of ingestion.
#[derive(Debug, Subcommand)]
pub(crate) enum Ingest {
    #[command(about = sbom::KIND.documents, long_about = format!("{}\n\n{}", sbom::KIND.documents, sbom::FORMATS))]
    Sbom {
        /// The document, plain, gz, zst, bz2 or xz; `-` for standard input
        file: String,
        /// A package that is published from the repository, for example pkg:npm/name; may be given several times
        #[arg(long, value_name = "PURL")]
        package: Vec<String>,
        #[command(flatten)]
        subject: SubjectOptions,
        #[command(flatten)]
        options: IngestOptions,
    },
    #[command(about = survey::KIND.documents)]
    Survey {
        /// The file; `-` for standard input
        file: String,
        /// Refuse the whole file when one row is refused
        #[arg(long)]
        strict: bool,
        #[command(flatten)]
        options: IngestOptions,
    },
    #[command(about = repo::KIND.documents)]
    Repo {
        /// The document; `-` for standard input
        file: String,
        #[command(flatten)]
        subject: SubjectOptions,
        #[command(flatten)]
        options: IngestOptions,
    },
    #[command(about = gitlog::KIND.documents)]
    GitLog {
        /// Path or URL
        source: String,
        /// Cover so many months back from the observation; default all history
        #[arg(long, value_name = "N")]
        since_months: Option<u32>,
        /// The branch to read; default the one that the repository or its remote calls so
        #[arg(long, value_name = "NAME")]
        branch: Option<String>,
        #[command(flatten)]
        subject: SubjectOptions,
        #[command(flatten)]
        options: IngestOptions,
    },
    #[command(about = grants::KIND.documents)]
    Grants {
        /// The files, plain, gz or zst
        #[arg(required = true)]
        files: Vec<String>,
        /// Refuse all files when one record is refused
        #[arg(long)]
        strict: bool,
        #[command(flatten)]
        options: IngestOptions,
    },
    /// Many documents, one a line: NDJSON with kind, repo, project, package or purl, observed_at, key, document, path,
    /// base64
    Batch {
        /// The file, plain, gz or zst; `-` for standard input
        file: String,
        /// Append nothing when one line is refused; reads the input twice
        #[arg(long)]
        strict: bool,
        #[command(flatten)]
        options: IngestOptions,
    },
    /// Packages from their registries, whose base addresses are in PG_ATLAS_..._URL variables; one event a package
    Registry {
        /// The packages, for example pkg:cargo/stellar-xdr
        #[arg(required = true)]
        purls: Vec<String>,
        /// Steps to follow along dependencies
        #[arg(long, value_name = "N", default_value_t = 0)]
        hops: u32,
        /// Least time between two requests to one host, in milliseconds
        #[arg(long, value_name = "MS", default_value_t = 1000)]
        interval_ms: u64,
        #[command(flatten)]
        options: IngestOptions,
    },
}
