//! `scores`.

use crate::cli::failure::Result;
use crate::cli::flags::{AsOf, LevelArg};
use crate::cli::output::Output;
use crate::service::Deps;
use crate::service::ask::scores::{Asked, Sort, fields_of, scores};

/// `scores`.
pub(crate) async fn run(deps: &Deps, level: LevelArg, id: Option<String>, sort: &str, at: AsOf) -> Result<Output> {
    let asked = Asked { level: level.into(), id, sort: Sort::parse(sort)?, at: at.into() };
    let found = scores(deps, &asked).await?;
    Output::columned(fields_of(&found), &found)
}
