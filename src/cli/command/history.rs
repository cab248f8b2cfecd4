//! `history`.

use crate::cli::failure::Result;
use crate::cli::output::Output;
use crate::service::Deps;
use crate::service::answer::columns;
use crate::service::ask::history::{ShownSpan, history};

/// What people see: days rather than positions.
const SHOWN: &[&str] = &["metric", "value", "from", "to", "published", "unprovable"];

/// `history`. The level is told to programs alone: people know it from the id.
pub(crate) async fn run(deps: &Deps, id: &str, metric: Option<&str>) -> Result<Output> {
    let columns = columns::<ShownSpan>().iter().copied().filter(|name| *name != "level");
    Ok(Output::columned(columns.collect(), &history(deps, id, metric).await?)?.shown(SHOWN.to_vec()))
}
