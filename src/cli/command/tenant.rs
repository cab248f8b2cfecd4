//! `tenant`.

use crate::cli::failure::Result;
use crate::cli::flags::TenantCommand;
use crate::cli::output::Output;
use crate::service::Deps;
use crate::service::act::tenant::create;
use crate::service::ask::tenants::tenants;

/// `tenant`.
pub(crate) async fn run(deps: &Deps, command: TenantCommand) -> Result<Output> {
    match command {
        TenantCommand::Create { name } => Output::of(&create(deps, &name).await?),
        TenantCommand::List => Output::rows(&tenants(deps).await?),
    }
}
