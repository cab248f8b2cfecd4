//! The projector as a part: keeps the live builds at the head.
//!
//! Any number may follow at once. One moves the builds; the others, who met it at the fence or saw the builds move,
//! stand by and watch. Who is killed or stopped leaves builds that fall behind and stand still, and the first who has
//! watched that for a while takes over. A stopped one that wakes up fails at the fence, and stands by in turn. A
//! database that went away is waited for.
//!
//! It works on a thread of its own, with a runtime and a connection of its own: a page that is folded for seconds keeps
//! nobody else waiting.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use replay::catch_up::{self, Patience, Tried};
use replay::log;
use replay::projector::{LiveStanding, Projector};
use replay::stand_by::stand_by;
use replay::stop::Stop;
use sqlx::{Connection as _, PgConnection};
use tokio::runtime::{self, Handle};
use tokio::sync::{oneshot, watch};

use super::listener::Hints;
use super::outage::{Pauses, is_passing};
use super::parts::Parts;
use crate::service::{Deps, Error, Result};

/// How long the page under way may take to be saved.
const SAVING: Duration = Duration::from_secs(10);

/// Projects until it is asked to stop, and saves the page under way first.
pub(super) async fn run(atlas: Arc<watch::Sender<Deps>>, parts: Parts, stop: Stop) -> Result<()> {
    let home = Handle::current();
    let (ends, ended) = oneshot::channel();
    let work = move || {
        let runtime = runtime::Builder::new_current_thread().enable_all().build().map_err(Error::unavailable);
        let follower = Follower { atlas, home, parts, stop, saving: AtomicBool::new(false) };
        let result = runtime.and_then(|runtime| runtime.block_on(follower.until_asked()));
        // Nobody listens where the supervisor itself was dropped.
        let _ = ends.send(result);
    };
    let thread = thread::Builder::new().name("projector".to_owned()).spawn(work).map_err(Error::unavailable)?;
    match ended.await {
        Ok(result) => result,
        // It ended without a word: a fault of ours, which goes on from here.
        Err(_) => match thread.join() {
            Err(panic) => std::panic::resume_unwind(panic),
            Ok(()) => Err(Error::unavailable("the projector ended without a word")),
        },
    }
}

/// What came of following to the head.
enum Page {
    /// The builds are there.
    Followed,
    /// Another projector was faster.
    Met,
    /// What was to be folded is passed over by now; the fold is ahead of its tables.
    Erased,
}

/// One that follows until it is asked to stop.
struct Follower {
    /// The atlas as it was last opened.
    atlas: Arc<watch::Sender<Deps>>,
    /// Where its pools live: they outlast this thread.
    home: Handle,
    parts: Parts,
    stop: Stop,
    /// Whether a page is under way, which is to be saved first.
    saving: AtomicBool,
}

impl Follower {
    fn deps(&self) -> Deps {
        self.atlas.borrow().clone()
    }

    async fn until_asked(&self) -> Result<()> {
        let mut following = pin!(self.forever());
        tokio::select! {
            biased;
            () = self.stop.asked() => {
                if self.saving.load(Ordering::Relaxed) {
                    let _ = tokio::time::timeout(SAVING, &mut following).await;
                }
                Ok(())
            }
            ended = &mut following => ended,
        }
    }

    /// Follows through every loss of the database, until it is asked to stop.
    async fn forever(&self) -> Result<()> {
        let mut conn = self.deps().projecting().await;
        loop {
            let followed = match conn {
                Ok(mut conn) => match self.follow(&mut conn).await {
                    Err(error) => {
                        // It may be half alive: the server ends what is under way when it sees the connection go.
                        let _ = conn.close_hard().await;
                        Err(error)
                    }
                    followed => followed,
                },
                Err(error) => Err(error),
            };
            let error = match followed {
                Err(error) if is_passing(&error) => error,
                failed => return failed,
            };
            tracing::warn!(%error, "lost the database; connecting again");
            conn = Ok(self.connect_again().await?);
            tracing::warn!("the database is back");
        }
    }

    /// Tries until the database is back.
    async fn connect_again(&self) -> Result<PgConnection> {
        let mut pauses = Pauses::default();
        loop {
            pauses.next().await;
            // The private server may have to be started again, so everything is opened anew.
            let deps = self.deps();
            let opened = self.home.spawn_blocking(move || deps.reopen()).await;
            let deps = opened.map_err(Error::unavailable)??;
            let asked = deps.clone();
            let reached = self.home.spawn(async move { asked.read_long().await.map(drop) }).await;
            let connected = match reached.map_err(Error::unavailable)? {
                Ok(()) => deps.projecting().await,
                Err(error) => Err(error),
            };
            match connected {
                Ok(conn) => {
                    self.atlas.send_replace(deps);
                    return Ok(conn);
                }
                Err(error) if is_passing(&error) => tracing::info!(%error, "not yet"),
                Err(error) => return Err(error),
            }
        }
    }

    /// Follows on one connection.
    async fn follow(&self, conn: &mut PgConnection) -> Result<()> {
        loop {
            match catch_up::try_open(conn, &self.stop, Patience::ENDLESS).await? {
                Tried::Moved(mut projector) => {
                    let mut hints = if self.parts.listener { Hints::listen(&self.deps()).await } else { Hints::none() };
                    self.lead(conn, &mut projector, &mut hints).await?;
                }
                Tried::Met => {}
                Tried::Stopped => return Ok(()),
            }
            if self.stop.is_asked() {
                return Ok(());
            }
            if !self.parts.stand_by {
                return Err(Error::conflict("another projector is at work, and this one is not to stand by"));
            }
            tracing::info!("another projector is at work; standing by");
            stand_by(conn).await?;
            tracing::info!("the builds stand still behind the log; taking over");
        }
    }

    /// Moves the builds until somebody else does.
    async fn lead(&self, conn: &mut PgConnection, projector: &mut Projector, hints: &mut Hints) -> Result<()> {
        let mut reopen = false;
        while !self.stop.is_asked() {
            if std::mem::take(&mut reopen) {
                match catch_up::try_open(conn, &self.stop, Patience::ENDLESS).await? {
                    Tried::Moved(opened) => *projector = *opened,
                    Tried::Met | Tried::Stopped => return Ok(()),
                }
            }
            let standing = projector.standing(conn).await?;
            let head = log::head(conn).await?.position;
            let behind = head > projector.position();
            if standing == LiveStanding::Moved {
                return Ok(());
            }
            reopen = standing == LiveStanding::Replaced || (behind && projector.is_stale(conn).await?);
            if reopen {
                continue;
            }
            if behind {
                match self.page(conn, projector, head).await? {
                    Page::Followed => {}
                    Page::Met => return Ok(()),
                    Page::Erased => {
                        reopen = true;
                        continue;
                    }
                }
            }
            hints.wait().await;
        }
        Ok(())
    }

    /// Follows to the head.
    async fn page(&self, conn: &mut PgConnection, projector: &mut Projector, head: u64) -> Result<Page> {
        self.saving.store(true, Ordering::Relaxed);
        let moved = projector.catch_up_until(conn, head, &self.stop, &mut |_| {}).await;
        self.saving.store(false, Ordering::Relaxed);
        match moved {
            Err(error) if error.is_fenced() => Ok(Page::Met),
            Err(error) if error.is_erased() => Ok(Page::Erased),
            moved => Ok(moved.map(|()| Page::Followed)?),
        }
    }
}
