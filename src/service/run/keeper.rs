//! Keeps a snapshot for answers at the head of the log: folds for itself, on a thread of its own, and writes nothing.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use projections::store::load;
use replay::log;
use replay::onlooker::{Looked, Onlooker};
use sqlx::{Connection as _, PgConnection};
use tokio::runtime;
use tokio::sync::oneshot;

use super::Stop;
use super::outage::{Pauses, is_passing};
use crate::service::ask::held::HeldSnapshot;
use crate::service::ask::resident::{Former, KnownNames, Resident};
use crate::service::{Deps, Error, Result};

/// How long until the log is looked at again.
const LOOK: Duration = Duration::from_millis(100);
/// How long until the names of people are read again, which the log does not tell: an erased one is gone after this.
const NAMES: Duration = Duration::from_secs(1);

/// Keeps `held` at the head until it is asked to stop. A database that went away is waited for.
///
/// # Errors
/// When the log cannot be folded, or the database refuses for good.
pub async fn run(deps: Deps, held: Arc<HeldSnapshot>, stop: Stop) -> Result<()> {
    let (ends, ended) = oneshot::channel();
    let kept = Arc::clone(&held);
    let work = move || {
        let runtime = runtime::Builder::new_current_thread().enable_all().build().map_err(Error::unavailable);
        let result = runtime.and_then(|runtime| {
            runtime.block_on(async {
                tokio::select! {
                    biased;
                    () = stop.asked() => Ok(()),
                    ended = keep(&deps, &kept) => ended,
                }
            })
        });
        // Nobody listens where the front was dropped.
        let _ = ends.send(result);
    };
    thread::Builder::new().name("keeper".to_owned()).spawn(work).map_err(Error::unavailable)?;
    let ended = ended.await;
    held.leave();
    ended.map_err(|_| Error::unavailable("the keeper of the snapshot ended without a word"))?
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
    let mut names = Arc::new(KnownNames::of(load::names(conn).await?));
    // Before an outage others may have been known.
    held.know(&names);
    held.hold(seen(&mut onlooker, &names, held));
    let mut read = Instant::now();
    let mut rest = LOOK;
    loop {
        tokio::select! {
            biased;
            () = held.wanted() => {
                held.give(&onlooker);
                continue;
            }
            () = tokio::time::sleep(rest) => {}
        }
        let began = Instant::now();
        held.saw(log::head(&mut *conn).await?.position);
        let mut moved = onlooker.look(conn).await? == Looked::Moved;
        if moved || read.elapsed() > NAMES {
            let found = load::names(conn).await?;
            if found != names.by_pseudonym {
                (names, moved) = (Arc::new(KnownNames::of(found)), true);
                held.know(&names);
            }
            read = Instant::now();
        }
        if moved {
            held.hold(seen(&mut onlooker, &names, held));
        }
        held.give(&onlooker);
        // Under steady traffic it works at most half of the time.
        rest = LOOK.max(began.elapsed());
    }
}

/// What is seen now, beside what is held. A fold that is another since then tells of nothing touched, and shares
/// nothing.
fn seen(onlooker: &mut Onlooker, names: &KnownNames, held: &HeldSnapshot) -> Resident {
    let last = held.now();
    let (formula, passed_over) = (onlooker.formula().formula.clone(), onlooker.quarantine().digest());
    onlooker.read(|view, scores, touched| {
        let former = last.as_deref().zip(touched).map(|(resident, touched)| Former { resident, touched });
        Resident::of(view, scores.clone(), &formula, passed_over, names, former)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::Settings;
    use crate::service::watch::Unwatched;

    #[tokio::test]
    async fn who_waits_for_the_state_of_one_that_is_kept_no_longer_is_told() {
        let (held, stop, folder) = (Arc::<HeldSnapshot>::default(), Stop::default(), tempfile::tempdir().unwrap());
        let settings = Settings {
            database_url: Some("postgres://nobody@127.0.0.1:1/nothing".to_owned()),
            data_dir: Some(folder.path().to_owned()),
            ..Settings::default()
        };
        let deps = Deps::open(&settings, Arc::new(Unwatched)).unwrap();
        let ended = async {
            tokio::task::yield_now().await;
            stop.ask();
            run(deps, Arc::clone(&held), stop.clone()).await
        };
        let told = async { tokio::join!(held.deep(), ended) };
        let told = tokio::time::timeout(Duration::from_secs(60), told).await.expect("it waits for nobody");
        assert!(told.0.is_err() && told.1.is_ok(), "{told:?}");
        assert!(held.deep().await.is_err(), "nobody keeps it any more");
    }
}
