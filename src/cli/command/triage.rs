//! `triage list` and `conflicts`.

use crate::cli::failure::Result;
use crate::cli::output::Output;
use crate::service::Deps;
use crate::service::ask::triage;

/// `triage list`.
pub(crate) async fn list(deps: &Deps) -> Result<Output> {
    Output::rows(&triage::questions(deps).await?)
}

/// `conflicts`.
pub(crate) async fn conflicts(deps: &Deps) -> Result<Output> {
    Output::rows(&triage::conflicts(deps).await?)
}
