//! `project`, `status`, `migrate`: the live builds.

mod follow;

use serde_json::{Map, Value};
use sqlx::PgConnection;

use crate::cli::failure::{Failure, REFUSED, Result};
use crate::cli::flags::Common;
use crate::cli::interrupt::{Asked, Stopping};
use crate::cli::output::{Output, object};
use crate::cli::session::{self, Session};
use crate::service::ask::status;
use crate::service::run::project::project;
use crate::service::{Deps, Error};

/// `project`. Asked to stop, it keeps what is folded by then.
pub(crate) async fn run(common: &Common, follow: bool) -> Result<Output> {
    if follow {
        return follow::run(&Session::open(common)?).await;
    }
    let deps = session::deps(common)?;
    let common = common.clone();
    let stopping = Stopping::begin(move |asked| {
        session::say(&common, &format!("{}: saving what is folded; once more stops at once", asked.name()));
    })?;
    match project(&deps, &stopping.stop).await {
        Err(error @ Error::Interrupted(_)) => {
            let code = stopping.came().map_or(REFUSED, Asked::exit_code);
            Err(Failure { code, ..error.into() })
        }
        projected => Output::of(&projected?),
    }
}

/// Where the live builds stand.
async fn builds(conn: &mut PgConnection) -> Result<Map<String, Value>> {
    Ok(object(serde_json::to_value(status::standing(conn).await?).map_err(Failure::refused)?))
}

/// `status`.
pub(crate) async fn status(deps: &Deps) -> Result<Output> {
    Output::of(&status::status(deps).await?)
}

/// `migrate`.
#[cfg(feature = "ingest")]
pub(crate) async fn migrate(deps: &Deps, roles: bool) -> Result<Output> {
    Output::of(&crate::service::act::migrate::migrate(deps, roles).await?)
}
