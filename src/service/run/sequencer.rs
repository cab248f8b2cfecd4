//! The sequencer as a part: gives positions to what killed clients left behind.

use replay::stop::Stop;
use tokio::sync::watch;

use super::outage::{Pauses, is_passing};
use crate::service::{Deps, Result};

/// Sequences until it is asked to stop, in the atlas as it was last opened.
pub(super) async fn run(mut atlas: watch::Receiver<Deps>, stop: Stop) -> Result<()> {
    let mut pauses = Pauses::default();
    while !stop.is_asked() {
        let deps = atlas.borrow_and_update().clone();
        let log = tokio::select! {
            biased;
            () = stop.asked() => return Ok(()),
            log = deps.log() => log,
        };
        match log {
            Ok(log) => {
                pauses = Pauses::default();
                let replaced = async {
                    // Where nobody can open another, this one stays.
                    if atlas.changed().await.is_err() {
                        std::future::pending::<()>().await;
                    }
                };
                let ended = async {
                    tokio::select! {
                        () = stop.asked() => {}
                        () = replaced => {}
                    }
                };
                log.run_sequencer(ended).await;
            }
            Err(error) if is_passing(&error) => {
                tracing::info!(%error, "no sequencer yet");
                tokio::select! {
                    () = stop.asked() => {}
                    () = pauses.next() => {}
                }
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
