//! `replay`.

use crate::cli::failure::{REFUSED, Result};
use crate::cli::flags::AsOf;
use crate::cli::output::Output;
use crate::service::Deps;
use crate::service::ask::replay::{ReplayQuery, replay};

/// `replay`. Asked to verify, it answers for nothing less.
pub(crate) async fn run(deps: &Deps, at: AsOf, verify: bool, label: Option<String>) -> Result<(Output, u8)> {
    let replayed = replay(deps, &ReplayQuery { at: at.into(), verify, label }).await?;
    let code = if verify && replayed.verified != Some(true) { REFUSED } else { 0 };
    Ok((Output::of(&replayed)?, code))
}
