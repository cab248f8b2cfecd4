//! `triage list` and `conflicts`.

use crate::cli::failure::Result;
use crate::cli::output::Output;
use crate::service::Deps;
use crate::service::ask::triage;

/// What people see: the id says of which kind a question is.
const SHOWN: &[&str] = &["id", "reason"];

/// `triage list`.
pub(crate) async fn list(deps: &Deps) -> Result<Output> {
    Ok(Output::rows(&triage::questions(deps).await?)?.shown(SHOWN.to_vec()))
}

/// `conflicts`.
pub(crate) async fn conflicts(deps: &Deps) -> Result<Output> {
    Ok(Output::rows(&triage::conflicts(deps).await?)?.shown(SHOWN.to_vec()))
}
