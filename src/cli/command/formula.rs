//! `formula`: formulas as data.

pub(crate) mod diff;

use crate::cli::failure::Result;
use crate::cli::flags::{Common, FormulaCommand};
use crate::cli::output::Output;
use crate::cli::session::deps;
#[cfg(feature = "ingest")]
use crate::service::act;
use crate::service::ask::formula;

/// What people see of a formula in a list.
const LISTED: &[&str] = &["name", "adopted_at", "hash", "description"];

/// `formula`.
pub(crate) async fn run(common: &Common, command: FormulaCommand) -> Result<Output> {
    match command {
        FormulaCommand::List => Ok(Output::rows(&formula::list(&deps(common)?).await?)?.shown(LISTED.to_vec())),
        FormulaCommand::Diff { before, after, as_of } => {
            diff::output(&formula::difference(&deps(common)?, &before, &after, as_of).await?)
        }
        FormulaCommand::Show { name } => {
            let found = formula::show(&deps(common)?, &name).await?;
            Output::report(found.document.clone(), &found)
        }
        FormulaCommand::Check { file } => Output::of(&formula::check(&file)?),
        #[cfg(feature = "ingest")]
        FormulaCommand::Adopt { file, actor } => {
            Output::of(&act::formula::adopt(&deps(common)?, &file, actor.as_deref()).await?)
        }
    }
}
