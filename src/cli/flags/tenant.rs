//! Flags of `tenant`.

use clap::Subcommand;
use domain::TenantName;

use super::value;

/// What can be done with tenants.
#[derive(Debug, Subcommand)]
pub(crate) enum TenantCommand {
    /// Make one, with an empty log; by the owner of the database
    Create {
        /// What it is called, for good: 1 to 63 of a-z, 0-9 and -, the first of them not -
        #[arg(value_parser = value::tenant)]
        name: TenantName,
    },
    /// Those that this user may be, which for the owner of the database are all
    List,
}
