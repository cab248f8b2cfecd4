//! `publish`.

use crate::cli::failure::Result;
use crate::cli::output::Output;
use crate::service::Deps;
use crate::service::act::publish::publish;

/// `publish`.
pub(crate) async fn run(deps: &Deps, label: &str, actor: Option<&str>) -> Result<Output> {
    Output::of(&publish(deps, label, actor).await?)
}
