//! Keeps a snapshot for answers at the head of the log: folds for itself, on a thread of its own, and writes nothing.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use domain::digest::Digest;
use projections::store::load;
use replay::onlooker::{Looked, Onlooker};
use sqlx::{Connection as _, PgConnection};
use tokio::runtime;
use tokio::sync::{oneshot, watch};

use super::Stop;
use super::outage::{Pauses, is_passing};
use crate::service::ask::resident::Resident;
use crate::service::{Deps, Error, Result};

/// How long until the log is looked at again.
const LOOK: Duration = Duration::from_millis(100);
/// How long until the names of people are read again, which the log does not tell: an erased one is gone after this.
const NAMES: Duration = Duration::from_secs(1);

/// The snapshot of the moment. Readers take the pointer and wait for nobody.
#[derive(Debug, Default)]
pub struct HeldSnapshot {
    pointer: ArcSwapOption<Resident>,
    made: watch::Sender<u64>,
}

impl HeldSnapshot {
    /// The snapshot of the moment; none before the first.
    #[must_use]
    pub fn now(&self) -> Option<Arc<Resident>> {
        self.pointer.load_full()
    }

    /// Waits until there is one.
    pub async fn first(&self) {
        // The sender lives as long as this does.
        let _ = self.made.subscribe().wait_for(|made| *made > 0).await;
    }

    fn hold(&self, resident: Resident) {
        self.pointer.store(Some(Arc::new(resident)));
        self.made.send_modify(|made| *made += 1);
    }
}

/// Keeps `held` at the head until it is asked to stop. A database that went away is waited for.
///
/// # Errors
/// When the log cannot be folded, or the database refuses for good.
pub async fn run(deps: Deps, held: Arc<HeldSnapshot>, stop: Stop) -> Result<()> {
    let (ends, ended) = oneshot::channel();
    let work = move || {
        let runtime = runtime::Builder::new_current_thread().enable_all().build().map_err(Error::unavailable);
        let result = runtime.and_then(|runtime| {
            runtime.block_on(async {
                tokio::select! {
                    biased;
                    () = stop.asked() => Ok(()),
                    ended = keep(&deps, &held) => ended,
                }
            })
        });
        // Nobody listens where the front was dropped.
        let _ = ends.send(result);
    };
    thread::Builder::new().name("keeper".to_owned()).spawn(work).map_err(Error::unavailable)?;
    ended.await.map_err(|_| Error::unavailable("the keeper of the snapshot ended without a word"))?
}

async fn keep(deps: &Deps, held: &HeldSnapshot) -> Result<()> {
    let mut pauses = Pauses::default();
    loop {
        let kept = match deps.projecting().await {
            Ok(mut conn) => {
                pauses = Pauses::default();
                let kept = follow(&mut conn, held).await;
                let _ = conn.close_hard().await;
                kept
            }
            Err(error) => Err(error),
        };
        match kept {
            Err(error) if is_passing(&error) => {
                tracing::warn!(%error, "the snapshot stays as it is until the database is back");
                pauses.next().await;
            }
            ended => return ended,
        }
    }
}

/// Follows on one connection, for ever.
async fn follow(conn: &mut PgConnection, held: &HeldSnapshot) -> Result<()> {
    let mut onlooker = Onlooker::open(conn).await?;
    let mut names = load::names(conn).await?;
    held.hold(Resident::of(&onlooker, &names));
    let mut read = Instant::now();
    let mut rest = LOOK;
    loop {
        tokio::time::sleep(rest).await;
        let began = Instant::now();
        let mut moved = onlooker.look(conn).await? == Looked::Moved;
        if moved || read.elapsed() > NAMES {
            let found: BTreeMap<Digest, String> = load::names(conn).await?;
            moved |= found != names;
            (names, read) = (found, Instant::now());
        }
        if moved {
            held.hold(Resident::of(&onlooker, &names));
        }
        // Under steady traffic it works at most half of the time.
        rest = LOOK.max(began.elapsed());
    }
}
