//! `curate` and `triage resolve`.

use domain::checked::StatedReason;

use crate::cli::failure::Result;
use crate::cli::flags::{self, Curate, WhoAndWhy};
use crate::cli::output::Output;
use crate::service::act::curate::{By, Corrected, Given, Resolution, curate};
use crate::service::{Deps, Error};

/// Columns of a correction.
const COLUMNS: &[&str] = &["id", "kind", "reason", "outcome", "position", "event"];

/// `curate`.
pub(crate) async fn run(deps: &Deps, command: Curate) -> Result<Output> {
    let (given, by) = match command {
        Curate::Membership { repo, decision, by } => (Given::Membership { repo, project: decision.project }, by),
        Curate::Owner { owner, decision, by } => (Given::Owner { owner, project: decision.project }, by),
        Curate::Publication { package, repo, none: _, by } => (Given::Publication { package, repo }, by),
        Curate::SurveyName { name, project, by } => (Given::SurveyName { name, project }, by),
        Curate::Project { project, field, value, clear: _, by } => {
            (Given::Project { project, field: field.into(), value }, by)
        }
    };
    row(&curate(deps, given, &who(by)?).await?)
}

/// `triage resolve`.
pub(crate) async fn resolve(deps: &Deps, id: &str, with: flags::ResolutionArgs, by: WhoAndWhy) -> Result<Output> {
    // `--none` is the absence of the others: the parser asks for exactly one of the four.
    let flags::ResolutionArgs { project, repo, value, none: _ } = with;
    let with = Resolution { project, repo, value };
    row(&crate::service::act::curate::resolve(deps, id, &with, &who(by)?).await?)
}

fn who(WhoAndWhy { actor, reason }: WhoAndWhy) -> Result<By> {
    Ok(By { author: actor, reason: StatedReason::new(&reason).map_err(Error::from)? })
}

fn row(corrected: &Corrected) -> Result<Output> {
    Output::columned(COLUMNS.to_vec(), std::slice::from_ref(corrected))
}
