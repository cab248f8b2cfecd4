//! The signer as a part: signs the log while it grows, where the process holds a key. It makes none.

use std::time::Duration;

use replay::log;
use replay::stop::Stop;
use tokio::sync::watch;

use crate::service::{Deps, Error, Result, signing};

/// How often the log is looked at: at most so often there is a checkpoint more, and each is kept for good.
const LOOK: Duration = Duration::from_secs(60);

/// Signs until it is asked to stop, in the atlas as it was last opened. A login that may not is left alone.
pub(super) async fn run(atlas: watch::Receiver<Deps>, stop: Stop) -> Result<()> {
    let (mut size, mut said) = (0, String::new());
    while !stop.is_asked() {
        let deps = atlas.borrow().clone();
        match signed(&deps, size).await {
            Ok(reached) => {
                if reached > size {
                    tracing::info!(size = reached, "the log is signed");
                }
                (size, said) = (reached, String::new());
            }
            Err(error) => {
                let reason = error.to_string();
                if reason != said {
                    tracing::warn!(%error, "the log is not signed; trying again");
                }
                said = reason;
            }
        }
        tokio::select! {
            biased;
            () = stop.asked() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }
    Ok(())
}

/// Signs the log with the key that there is, where it has grown beyond `size`. Answers up to where it is signed then.
async fn signed(deps: &Deps, size: u64) -> Result<u64> {
    let source = signing::keys(deps)?;
    if !source.is_there() || log::head(&mut *deps.read().await?).await?.position <= size {
        return Ok(size);
    }
    let into = deps.log().await?;
    if !into.may_sequence().await.map_err(ingest::AppendError::from)? {
        return Ok(size);
    }
    let (keys, _) = source.load_for(&deps.settings().tenant, None).map_err(Error::unavailable)?;
    Ok(ingest::checkpoint::sign(&into, &keys).await?.0.size)
}
