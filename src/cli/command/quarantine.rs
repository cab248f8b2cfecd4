//! `quarantine`.

use domain::checked::StatedReason;

use crate::cli::failure::Result;
use crate::cli::output::Output;
use crate::service::act::quarantine::quarantine;
use crate::service::{Deps, Error};

/// `quarantine`. The answer's `position` and `event` are those of the new event, `quarantined` is the position it is
/// about.
pub(crate) async fn run(deps: &Deps, position: u64, why: &str, lift: bool, actor: Option<&str>) -> Result<Output> {
    Output::of(&quarantine(deps, position, &StatedReason::new(why).map_err(Error::from)?, lift, actor).await?)
}
