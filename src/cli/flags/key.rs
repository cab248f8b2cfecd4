//! Flags of `key`.

use clap::Subcommand;

/// What can be done with keys of clients.
#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Make one, and show it this once
    Create {
        /// What may be handed in with it: kinds of `ingest`, and `audit`; default: whatever can be handed in
        #[arg(long, value_delimiter = ',', value_name = "KINDS")]
        kinds: Vec<String>,
        /// About which: a repository or package, or the beginning of such and `*`; default: any
        #[arg(long, value_delimiter = ',', value_name = "PATTERNS")]
        repos: Vec<String>,
        /// In whose name: the actor of what is handed in
        #[arg(long)]
        name: Option<String>,
        /// Until when it is valid; default: for ever
        #[arg(long, value_name = "TIME")]
        expires_at: Option<String>,
    },
    /// Those that there are, without their secrets
    List,
    /// Make one invalid, at once
    Revoke {
        /// The key, as `key list` prints it
        id: String,
    },
}
