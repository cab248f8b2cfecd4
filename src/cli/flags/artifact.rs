//! Flags of `artifact`.

use clap::Subcommand;

/// What can be done with raw documents.
#[derive(Debug, Subcommand)]
pub(crate) enum ArtifactCommand {
    /// Write a document to standard output
    Get {
        /// Its SHA-256
        digest: String,
    },
    /// The documents of a repository, package, project or stream, by position
    History {
        /// A canonical id, or a stream such as `repo:pkg:github/o/r`
        id: String,
    },
    /// Check that every document that an event names is there and undamaged
    Audit,
    /// Copy every document to another place
    Migrate {
        /// A data folder, or s3://BUCKET[/PREFIX]
        to: String,
    },
}
