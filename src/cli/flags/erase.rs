//! Flags of `erase`.

use clap::Subcommand;

/// What can be forgotten.
#[derive(Debug, Subcommand)]
pub(crate) enum Erase {
    /// Names and handles of a contributor; every score stays provable
    Contributor {
        /// The pseudonym: 64 hexadecimal digits
        pseudonym: String,
    },
    /// The payload of an event and its raw document; the leaf stays, scores that rest on it become unprovable
    Payload {
        /// Position of the event
        #[arg(value_parser = super::value::position)]
        position: u64,
        /// Why
        #[arg(long, value_parser = super::value::reason)]
        reason: String,
        /// Show what would go and which labels would become unprovable; nothing changes
        #[arg(long, conflicts_with = "yes")]
        dry_run: bool,
        /// Do not ask
        #[arg(long)]
        yes: bool,
        /// Who decides
        #[arg(long, value_parser = super::value::actor)]
        actor: Option<String>,
    },
}
