//! `erase`: what the law demands, after a question.

use std::fmt::Write as _;

use domain::checked::StatedReason;

use crate::cli::confirm;
use crate::cli::failure::Result;
use crate::cli::flags::Erase;
use crate::cli::output::Output;
use crate::service::act::erase::{ForeseenErasure, contributor, foresee, payload};
use crate::service::{Deps, Error};

/// `erase`.
pub(crate) async fn run(deps: &Deps, what: Erase) -> Result<Output> {
    match what {
        Erase::Contributor { pseudonym } => Output::of(&contributor(deps, &pseudonym).await?),
        Erase::Payload { position, reason, dry_run, yes, actor } => {
            let reason = StatedReason::new(&reason).map_err(Error::from)?;
            let foreseen = foresee(deps, position).await?;
            if dry_run {
                return Output::of(&foreseen.dry_run()?);
            }
            // What an interruption has left of it needs no further yes.
            if !yes && foreseen.done.is_none() {
                confirm::on_terminal(&shown(&foreseen), "Erase this payload for ever?")?;
            }
            Output::of(&payload(deps, foreseen, &reason, actor.as_deref()).await?)
        }
    }
}

/// What is asked about, for people.
fn shown(ForeseenErasure { target, unprovable, .. }: &ForeseenErasure) -> String {
    let mut text = format!("position {}: {} of {}\n", target.position, target.event_type, target.stream);
    // Writing to a String cannot fail.
    let _ = match unprovable.as_slice() {
        [] => writeln!(text, "no published label becomes unprovable"),
        labels => writeln!(text, "labels that become unprovable: {}", labels.join(", ")),
    };
    text
}
