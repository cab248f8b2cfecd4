//! `scores`.

use crate::cli::failure::Result;
use crate::cli::output::Output;
use crate::service::Deps;
use crate::service::ask::scores::{ScoresQuery, fields_of, scores};

/// `scores`.
pub(crate) async fn run(deps: &Deps, asked: &ScoresQuery) -> Result<Output> {
    let found = scores(deps, asked).await?;
    Output::columned(fields_of(&found), &found)
}
