//! Bringing the live builds to a position, whoever else moves them.

use std::time::Duration;

use domain::formula;
use domain::recorded::Position;
use projections::store::{self, StoreError, schema, switch, views};
use projections::tables::Projection;
use sqlx::{Connection as _, PgConnection};

use crate::log::Stored;
use crate::projector::{Opened, Projector, Stale, all_ours};
use crate::quarantine::Quarantine;
use crate::snapshot::OfDatabase as _;
use crate::stand_by::stand_aside;
use crate::stop::Stop;
use crate::switch::lock_switches;
use crate::{ReplayError, formulas, rebuild};

/// How long builds must stand still before one who met another projector tries again. It doubles with each meeting.
const PATIENCE: Duration = Duration::from_secs(2);
/// Times that somebody tries to move builds which another projector moves. Each try reads the whole state.
pub const MEETINGS: u32 = 8;

/// Makes the first, empty builds, once, whoever comes first: under the formula that the log promoted last, which one
/// that was imported or restored may have.
///
/// # Errors
/// When the database refuses.
pub async fn ensure_live(conn: &mut PgConnection) -> Result<(), ReplayError> {
    if !store::live_builds(&mut *conn).await?.is_empty() {
        return Ok(());
    }
    let mut transaction = conn.begin().await?;
    lock_switches(&mut transaction).await?;
    if store::live_builds(&mut transaction).await?.is_empty() {
        let quarantine = Quarantine::read(&mut transaction).await?.digest();
        let formula = match formulas::promoted(&mut transaction, Position::MAX).await {
            // One that neither the log nor this program has, or that needs a newer one.
            Err(ReplayError::Formula(_)) => formulas::named(&mut transaction, formula::DEFAULT, 0).await?,
            promoted => promoted?,
        };
        let mut builds = Vec::new();
        for projection in Projection::ALL {
            let build = schema::create(&mut transaction, projection, &formula, &quarantine).await?;
            schema::index(&mut transaction, &build).await?;
            builds.push(build);
        }
        schema::make_live(&mut transaction, &builds).await?;
    }
    transaction.commit().await?;
    Ok(())
}

/// How long builds that are ready wait for those who read the views.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Looks at who reads before a try is given up.
    pub looks: u32,
    /// Tries; without an end where there is no number.
    pub tries: Option<u32>,
}

impl Patience {
    /// Ten minutes: for whoever is waited for.
    pub const BOUNDED: Self = Self { looks: switch::LOOKS, tries: Some(10) };
    /// As long as it takes: for whoever can be asked to stop.
    pub const ENDLESS: Self = Self { looks: switch::LOOKS, tries: None };
}

/// Opens the live builds: makes empty ones on the first run, and stale ones anew.
///
/// # Errors
/// When the database refuses or stored rows are not readable. `Fenced` when others moved or replaced the builds
/// meanwhile: open again. `Held` when others read the views for longer than [`Patience::BOUNDED`].
pub async fn open(conn: &mut PgConnection) -> Result<Projector, ReplayError> {
    open_within(conn, Patience::BOUNDED).await
}

/// As [`open`], with this patience.
///
/// # Errors
/// As [`open`].
pub async fn open_within(conn: &mut PgConnection, patience: Patience) -> Result<Projector, ReplayError> {
    ensure_live(&mut *conn).await?;
    loop {
        match Projector::open(&mut *conn).await? {
            Opened::Ready(projector) => {
                remake_views(&mut *conn).await?;
                return Ok(*projector);
            }
            Opened::Stale(stale) => {
                if let Some(projector) = anew(&mut *conn, &stale, patience).await? {
                    return Ok(projector);
                }
            }
        }
    }
}

/// Makes the views anew where another program made them over the same builds: an older one may have shown something
/// else. Whoever cannot do so now, because others read them or somebody else made them, leaves them as they are, and an
/// audit says so.
async fn remake_views(conn: &mut PgConnection) -> Result<(), ReplayError> {
    if views::are_pointed_at_live(&mut *conn).await? {
        return Ok(());
    }
    let is_refused = |error: &ReplayError| {
        matches!(error, ReplayError::Store(StoreError::Held { .. }))
            || error.database().is_some_and(|error| error.as_database_error().is_some())
    };
    match try_remake_views(conn).await {
        Err(error) if is_refused(&error) => {
            tracing::warn!(%error, "the views are another program's, and stay as they are");
            Ok(())
        }
        remade => remade,
    }
}

async fn try_remake_views(conn: &mut PgConnection) -> Result<(), ReplayError> {
    switch::await_readers(&mut *conn, 1).await?;
    let mut transaction = conn.begin().await?;
    lock_switches(&mut transaction).await?;
    if !views::are_pointed_at_live(&mut transaction).await? {
        schema::remake_views(&mut transaction).await?;
    }
    Ok(transaction.commit().await?)
}

/// Builds the live set anew where it stands, and switches. What is built is kept while readers stand in the way: to
/// build it again would take no less time, and meet them again. `None` where other events are passed over by then.
async fn anew(conn: &mut PgConnection, stale: &Stale, patience: Patience) -> Result<Option<Projector>, ReplayError> {
    tracing::info!(why = ?stale.why, replay.to = stale.position, "building the live tables anew");
    let mut anew = rebuild::build(conn, &Projection::ALL, &stale.formula, stale.position, &mut |_| {}).await?;
    let mut tries = 0_u32;
    let ended = loop {
        match anew.switch_within(&mut *conn, patience.looks).await {
            Ok(()) => return Ok(Some(anew)),
            Err(ReplayError::Store(error @ StoreError::Held { .. })) => {
                tries = tries.saturating_add(1);
                if patience.tries.is_some_and(|most| tries >= most) {
                    break Err(error.into());
                }
                tracing::warn!(%error, "the builds are ready; trying again");
                if anew.is_stale(&mut *conn).await? {
                    break Ok(None);
                }
            }
            Err(error) => break Err(error),
        }
    };
    rebuild::discard(conn, &anew).await?;
    ended
}

/// What came of a try.
#[derive(Debug)]
pub enum Tried {
    /// The builds are this projector's, where it left them.
    Moved(Box<Projector>),
    /// Another projector was faster, which is no failure.
    Met,
    /// Somebody asked to stop. What was folded by then is kept.
    Stopped,
}

/// Opens the live builds, unless somebody asks to stop or another projector is faster.
///
/// # Errors
/// As [`open_within`].
pub async fn try_open(conn: &mut PgConnection, stop: &Stop, patience: Patience) -> Result<Tried, ReplayError> {
    // A rebuild saves as it goes, so it can be left at any moment.
    let opened = tokio::select! {
        biased;
        () = stop.asked() => return Ok(Tried::Stopped),
        opened = open_within(conn, patience) => opened,
    };
    match opened {
        Err(error) if error.is_fenced() => Ok(Tried::Met),
        opened => Ok(Tried::Moved(Box::new(opened?))),
    }
}

/// One try to bring the live builds to `to`, or to wherever they stand beyond it.
///
/// # Errors
/// As [`open`] and [`Projector::catch_up`].
pub async fn attempt(
    conn: &mut PgConnection,
    to: Position,
    stop: &Stop,
    progress: &mut dyn FnMut(&Stored),
) -> Result<Tried, ReplayError> {
    loop {
        let mut projector = match try_open(&mut *conn, stop, Patience::BOUNDED).await? {
            Tried::Moved(projector) => projector,
            ended => return Ok(ended),
        };
        match projector.catch_up_until(&mut *conn, to, stop, progress).await {
            // Its fold is ahead of its tables now, and passes over too little.
            Err(error) if error.is_erased() => tracing::info!(%error, "erased meanwhile; opening the builds anew"),
            Err(error) if error.is_fenced() => return Ok(Tried::Met),
            Ok(()) if projector.position() < to => return Ok(Tried::Stopped),
            moved => return moved.map(|()| Tried::Moved(projector)),
        }
    }
}

/// How an effort to bring the live builds to a position ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// They stand there, or beyond.
    There,
    /// Somebody asked to stop. What was folded by then is kept.
    Stopped,
}

/// Brings the live builds to `to`, a position of the log as it stood when this was called, and no further. Another
/// projector that does the same is left to it: this one waits, and tries again only once the builds stand still.
///
/// # Errors
/// As [`open`] and [`Projector::catch_up`]; [`ReplayError::Contended`] after [`MEETINGS`] tries.
pub async fn bring(
    conn: &mut PgConnection,
    to: Position,
    stop: &Stop,
    progress: &mut dyn FnMut(&Stored),
) -> Result<Ended, ReplayError> {
    for meeting in 0..MEETINGS {
        if reached(&mut *conn, to).await? {
            remake_views(&mut *conn).await?;
            return Ok(Ended::There);
        }
        match attempt(&mut *conn, to, stop, progress).await? {
            Tried::Moved(_) => return Ok(Ended::There),
            Tried::Stopped => return Ok(Ended::Stopped),
            Tried::Met => {}
        }
        tokio::select! {
            biased;
            () = stop.asked() => return Ok(Ended::Stopped),
            waited = stand_aside(&mut *conn, to, PATIENCE * 2_u32.pow(meeting)) => waited?,
        }
    }
    if reached(conn, to).await? { Ok(Ended::There) } else { Err(ReplayError::Contended { to, tries: MEETINGS }) }
}

/// Whether the live builds hold all that was decided and told up to `to`: nothing is left to do.
///
/// # Errors
/// When the database refuses.
pub async fn reached(conn: &mut PgConnection, to: Position) -> Result<bool, ReplayError> {
    let live = store::live_builds(&mut *conn).await?;
    if !all_ours(&live) || live.iter().any(|build| build.position < to) {
        return Ok(false);
    }
    let quarantine = Quarantine::read(conn).await?.digest();
    Ok(live.iter().all(|build| build.quarantine_digest == quarantine))
}
