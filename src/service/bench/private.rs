//! Where there is no server of one's own to measure on: a private one, in a folder that goes away.

use std::sync::Arc;

use crate::embedded;
use crate::service::watch::Watch;
use crate::service::{Deps, Error, Result, Settings};

/// How the temporary folder's name begins.
const PREFIX: &str = "pg-atlas-bench-";

/// Measures on the server that is named, else on a private one of a temporary folder: that of a data folder lets nobody
/// make a database.
///
/// # Errors
/// Those of the measurement; when there is no server and none can be started.
pub async fn on<T>(
    settings: &Settings,
    watch: Arc<dyn Watch>,
    measure: impl AsyncFnOnce(&Deps) -> Result<T>,
) -> Result<T> {
    if settings.database_url.is_some() {
        return measure(&Deps::open(settings, watch)?).await;
    }
    let folder = tempfile::Builder::new().prefix(PREFIX).tempdir().map_err(Error::unavailable)?;
    let of_its_own = Settings { data_dir: Some(folder.path().to_owned()), ..Settings::default() };
    let deps = Deps::open_to_measure(&of_its_own, watch)?;
    let measured = measure(&deps).await;
    deps.close().await;
    drop(deps);
    let ended = embedded::await_end(folder.path());
    let closed = folder.close();
    // What went wrong first is what there is to know.
    let measured = measured?;
    ended.map_err(Error::unavailable)?;
    closed.map_err(Error::unavailable)?;
    Ok(measured)
}
