//! `project`, `migrate`: the live builds.

use anyhow::anyhow;

use crate::cli::failure::{Failure, REFUSED, Result};
use crate::cli::flags::Common;
use crate::cli::interrupt::{StopSignal, Stopping};
use crate::cli::output::Output;
use crate::cli::session;
use crate::service::Error;
use crate::service::run::parts::Parts;
use crate::service::run::project::project;
use crate::service::run::supervisor::{self, Begun};

/// `project`. Asked to stop, it keeps what is folded by then.
pub(crate) async fn run(common: &Common, follow: bool) -> Result<Output> {
    if follow {
        return self::follow(common).await;
    }
    let deps = session::deps(common)?;
    let common = common.clone();
    let stopping = Stopping::begin(move |asked| {
        session::say(&common, &format!("{}: saving what is folded; once more stops at once", asked.name()));
    })?;
    match project(&deps, &stopping.stop).await {
        Err(error @ Error::Interrupted(_)) => {
            let code = stopping.came().map_or(REFUSED, StopSignal::exit_code);
            Err(Failure { code, error: anyhow!("{error}; `pg-atlas project` goes on from there") })
        }
        projected => Output::of(&projected?),
    }
}

/// `project --follow`: until SIGINT or SIGTERM, which are a good end.
async fn follow(common: &Common) -> Result<Output> {
    let deps = session::deps(common)?;
    let stopping = Stopping::begin(|_| {})?;
    let announce = |begun: &Begun| {
        let Begun { position, head, projections, formula } = begun;
        let names = projections.join(", ");
        let line = "following the log from position";
        session::say(
            common,
            &format!("{line} {position} (it ends at {head}): {names} under formula {formula}; SIGINT stops"),
        );
    };
    let told = supervisor::run(&deps, Parts { signer: false, ..Parts::ALL }, &stopping.stop, announce).await?;
    let signal = stopping.came().map_or("a signal", StopSignal::name);
    let position = told.as_ref().and_then(|told| told.projections.first()).map(|build| build.position);
    let place = position.map(|position| format!(" at position {position}")).unwrap_or_default();
    session::say(common, &format!("{signal}: stopped following{place}"));
    told.map_or(Ok(Output::None), |told| Output::of(&told))
}

/// `migrate`.
#[cfg(feature = "ingest")]
pub(crate) async fn migrate(deps: &crate::service::Deps, roles: bool) -> Result<Output> {
    Output::of(&crate::service::act::migrate::migrate(deps, roles).await?)
}
