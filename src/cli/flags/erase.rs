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
        position: u64,
        /// Why
        #[arg(long)]
        reason: String,
        /// Who decides
        #[arg(long, value_parser = super::value::name)]
        actor: Option<String>,
    },
}
