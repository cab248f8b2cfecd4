//! Flags of `add`.

use clap::Args;

use super::value;

/// Which repository to add, and what is told of it.
#[derive(Args, Clone, Debug)]
pub(crate) struct Add {
    /// `https://github.com/OWNER/NAME`, `pkg:github/OWNER/NAME`, or the folder of a checkout, whose remote `origin`
    /// says which repository it is
    #[arg(value_name = "URL|DIR")]
    pub(crate) place: String,
    /// The repository, where the place does not say which, for example pkg:github/OWNER/NAME
    #[arg(long, value_name = "PURL")]
    pub(crate) repo: Option<String>,
    /// Its bill of materials, SPDX or CycloneDX; `-` for standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) sbom: Option<String>,
    /// The project that it belongs to, for example daoip-5:scf:project:NAME
    #[arg(long, value_name = "ID", value_parser = value::project)]
    pub(crate) project: Option<String>,
    /// What the project answers the survey: live, in-dev or discontinued
    #[arg(long, value_name = "STATUS", requires = "project")]
    pub(crate) status: Option<String>,
    /// How the project is called
    #[arg(long, value_name = "NAME", requires = "status")]
    pub(crate) project_name: Option<String>,
    /// When the facts were seen: 2026-01-31 or 2026-01-31T12:00:00Z; default now
    #[arg(long, value_name = "TIME")]
    pub(crate) observed_at: Option<String>,
    /// Read and report only; needs no database
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Who appends: a name or handle, no e-mail address
    #[arg(long, value_name = "NAME", value_parser = value::actor)]
    pub(crate) actor: Option<String>,
}
