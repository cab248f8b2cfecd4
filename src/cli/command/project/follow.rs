//! `project --follow`: keeps the live builds at the head until it is asked to stop.
//!
//! Any number may follow at once. One moves the builds; the others, who met it at the fence or saw the builds move,
//! stand by and watch. Who is killed or stopped leaves builds that fall behind and stand still, and the first who has
//! watched that for a while takes over. A stopped one that wakes up fails at the fence, and stands by in turn. A
//! database that went away is waited for.

mod hints;

use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use ::replay::catch_up::{self, Tried};
use ::replay::projector::{Projector, Standing};
use ::replay::stop::Stop;
use ::replay::{ReplayError, log};
use projections::store::{self, StoreError};
use projections::tables::Projection;
use sqlx::{Connection as _, PgConnection};
use tokio::task::JoinSet;

use self::hints::Hints;
use super::builds;
use crate::cli::failure::{Failure, Result};
use crate::cli::interrupt::Stopping;
use crate::cli::output::Output;
use crate::cli::session::{self, Session};

/// How long a follower waits before it looks at the log again, whatever it hears: polling is the truth.
const POLL: Duration = Duration::from_millis(50);
/// How long one that stands by waits before it looks at the builds again.
const WATCH: Duration = Duration::from_millis(250);
/// How long builds that are behind must stand still before one that stands by takes over.
const PATIENCE: Duration = Duration::from_secs(2);
/// Pause before the first try to reach a database that went away; it doubles with each further one.
const RECONNECT: Duration = Duration::from_millis(100);
/// Longest pause between two tries.
const RECONNECT_MAX: Duration = Duration::from_secs(5);
/// How long the page under way may take to be saved.
const SAVING: Duration = Duration::from_secs(10);
/// How long the last answer may take.
const FAREWELL: Duration = Duration::from_secs(2);

/// SQLSTATE classes of a database that cannot answer now and may later: connection lost, resources short, transaction
/// undone, operator at work, system trouble.
const PASSING_CLASSES: [&str; 5] = ["08", "53", "40", "57", "58"];
/// SQLSTATEs of the same kind outside those classes: a lock that did not come, a transaction that was silent too long.
const PASSING: [&str; 2] = ["55P03", "25P03"];

/// Follows until SIGINT or SIGTERM, which are a good end.
pub(super) async fn run(session: &Session) -> Result<Output> {
    let stopping = Stopping::begin(|_| {})?;
    let follower = Follower { stop: stopping.stop.clone(), saving: AtomicBool::new(false) };
    let mut following = pin!(follower.forever(session));
    tokio::select! {
        biased;
        () = stopping.stop.asked() => {
            if follower.saving.load(Ordering::Relaxed) {
                let _ = tokio::time::timeout(SAVING, &mut following).await;
            }
        }
        ended = &mut following => ended?,
    }
    // A database that is down keeps nobody waiting.
    let last_words = async { builds(&mut session.connect().await?).await };
    let told = tokio::time::timeout(FAREWELL, last_words).await.ok().and_then(std::result::Result::ok);
    let signal = stopping.came().map_or("a signal", crate::cli::interrupt::Asked::name);
    let position = told.as_ref().and_then(|told| told["projections"][0]["position"].as_u64());
    let place = position.map(|position| format!(" at position {position}")).unwrap_or_default();
    session::say(&session.common, &format!("{signal}: stopped following{place}"));
    Ok(told.map_or(Output::None, Output::Object))
}

/// One that follows until it is asked to stop.
struct Follower {
    stop: Stop,
    /// Whether a page is under way, which is to be saved first.
    saving: AtomicBool,
}

impl Follower {
    /// Follows through every loss of the database, until it is asked to stop.
    async fn forever(&self, session: &Session) -> Result<()> {
        let mut conn = first(session).await?;
        if let Err(failure) = announce(session, &mut conn).await {
            tracing::debug!(error = %failure, "nothing to announce");
        }
        let mut reopened: Option<Session> = None;
        loop {
            let failure = match self.follow(reopened.as_ref().unwrap_or(session), &mut conn).await {
                Err(failure) if is_passing(&failure) => failure,
                failed => return failed,
            };
            tracing::warn!(error = %failure, "lost the database; connecting again");
            // It may be half alive: the server ends what is under way when it sees the connection go.
            let _ = conn.close_hard().await;
            let mut pauses = Pauses::default();
            conn = loop {
                pauses.next().await;
                // The embedded server may have to be started again, so the whole session is opened anew.
                let common = session.common.clone();
                let opened = tokio::task::spawn_blocking(move || Session::open(&common)).await;
                let session = reopened.insert(opened.map_err(Failure::environment)??);
                match session.connect().await {
                    Ok(conn) => break conn,
                    Err(failure) if is_passing(&failure) => tracing::info!(error = %failure, "not yet"),
                    Err(failure) => return Err(failure),
                }
            };
            tracing::warn!("the database is back");
        }
    }

    /// Follows on one connection.
    async fn follow(&self, session: &Session, conn: &mut PgConnection) -> Result<()> {
        let _sequencer = sequence(session).await?;
        loop {
            match catch_up::try_open(conn, &self.stop).await? {
                Tried::Moved(mut projector) => {
                    self.lead(conn, &mut projector, &mut Hints::listen(session).await).await?;
                }
                Tried::Met => {}
                Tried::Stopped => return Ok(()),
            }
            if self.stop.is_asked() {
                return Ok(());
            }
            tracing::info!("another projector is at work; standing by");
            stand_by(conn).await?;
            tracing::info!("the builds stand still behind the log; taking over");
        }
    }

    /// Moves the builds until somebody else does.
    async fn lead(&self, conn: &mut PgConnection, projector: &mut Projector, hints: &mut Hints) -> Result<()> {
        while !self.stop.is_asked() {
            let standing = projector.standing(conn).await?;
            let head = log::head(conn).await?.position;
            let behind = head > projector.position();
            if standing == Standing::Moved {
                return Ok(());
            }
            if standing == Standing::Replaced || (behind && projector.is_stale(conn).await?) {
                match catch_up::try_open(conn, &self.stop).await? {
                    Tried::Moved(opened) => *projector = *opened,
                    Tried::Met | Tried::Stopped => return Ok(()),
                }
                continue;
            }
            if behind && !self.page(conn, projector, head).await? {
                return Ok(());
            }
            hints.wait().await;
        }
        Ok(())
    }

    /// Follows to the head. Answers false where another projector was faster.
    async fn page(&self, conn: &mut PgConnection, projector: &mut Projector, head: u64) -> Result<bool> {
        self.saving.store(true, Ordering::Relaxed);
        let moved = projector.catch_up_until(conn, head, &self.stop, &mut |_| {}).await;
        self.saving.store(false, Ordering::Relaxed);
        match moved {
            Err(error) if error.is_fenced() => Ok(false),
            moved => Ok(moved.map(|()| true)?),
        }
    }
}

/// Says what is followed, and from where.
async fn announce(session: &Session, conn: &mut PgConnection) -> Result<()> {
    let head = log::head(conn).await?.position;
    let live = store::live_builds(conn).await?;
    let position = live.iter().map(|build| build.position).min().unwrap_or(0);
    let metrics = live.iter().find(|build| build.projection == Projection::Metrics);
    let formula = metrics.and_then(|build| build.formula.as_deref()).unwrap_or(domain::formula::DEFAULT);
    let names: Vec<&str> = Projection::ALL.iter().map(|projection| projection.name()).collect();
    let what = format!(
        "following the log from position {position} (it ends at {head}): {} under formula {formula}; SIGINT stops",
        names.join(", ")
    );
    session::say(&session.common, &what);
    Ok(())
}

/// The first connection. A server that says "not now" is waited for; where nobody answers, the configuration is wrong.
async fn first(session: &Session) -> Result<PgConnection> {
    let (mut pauses, mut said) = (Pauses::default(), String::new());
    loop {
        match session.connect_to_write().await {
            Err(failure) if is_passing(&failure) && matches!(database(&failure), Some(sqlx::Error::Database(_))) => {
                let reason = failure.to_string();
                if reason != said {
                    tracing::warn!(error = %failure, "the database is not ready; trying until it is");
                    said = reason;
                }
                pauses.next().await;
            }
            connected => return connected,
        }
    }
}

/// Pauses between tries, longer and longer.
struct Pauses(Duration);

impl Default for Pauses {
    fn default() -> Self {
        Self(RECONNECT)
    }
}

impl Pauses {
    async fn next(&mut self) {
        tokio::time::sleep(self.0).await;
        self.0 = RECONNECT_MAX.min(self.0 * 2);
    }
}

/// Watches the live builds until they are behind the log and stand still.
async fn stand_by(conn: &mut PgConnection) -> Result<()> {
    let mut seen: (Vec<(i64, u64)>, Instant) = (Vec::new(), Instant::now());
    loop {
        tokio::time::sleep(WATCH).await;
        let head = log::head(conn).await?.position;
        let live = store::live_builds(conn).await?;
        let now: Vec<(i64, u64)> = live.iter().map(|build| (build.id, build.position)).collect();
        let behind = now.iter().any(|(_, position)| *position < head);
        if !behind || now != seen.0 {
            seen = (now, Instant::now());
        } else if seen.1.elapsed() >= PATIENCE {
            return Ok(());
        }
    }
}

/// Gives positions to what killed clients left behind, as long as the answer lives.
#[cfg(feature = "ingest")]
async fn sequence(session: &Session) -> Result<JoinSet<()>> {
    let log = session.log().await?;
    let mut tasks = JoinSet::new();
    tasks.spawn(async move { log.run_sequencer(std::future::pending()).await });
    Ok(tasks)
}

/// A program without the append path sequences nothing.
#[cfg(not(feature = "ingest"))]
#[allow(clippy::unused_async, reason = "the same signature in every build")]
async fn sequence(_: &Session) -> Result<JoinSet<()>> {
    Ok(JoinSet::new())
}

/// Whether the cause is a database that may be back soon, rather than a refusal.
fn is_passing(failure: &Failure) -> bool {
    // Readers who stand in the way of a switch go some day.
    if let Some(ReplayError::Store(StoreError::Held { .. })) = failure.error.downcast_ref() {
        return true;
    }
    match database(failure) {
        Some(sqlx::Error::Database(error)) => error.code().is_some_and(|code| {
            PASSING.contains(&code.as_ref()) || PASSING_CLASSES.iter().any(|class| code.starts_with(class))
        }),
        Some(sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::Tls(_) | sqlx::Error::PoolTimedOut) => true,
        _ => false,
    }
}

/// What the database, or the way to it, said.
fn database(failure: &Failure) -> Option<&sqlx::Error> {
    failure.error.chain().find_map(|cause| cause.downcast_ref())
}
