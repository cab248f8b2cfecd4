//! What a tick reads, the head and the outbox, and the order that it makes of them.

use domain::TenantId;
use domain::digest::Digest;
use domain::merkle::Frontier;
use domain::number::fit;
use sqlx::PgConnection;
use uuid::Uuid;

use super::tiles::Additions;
use super::{channel, position, signed};
use crate::error::{Corrupt, SequenceError};

/// Most appends sequenced in one tick.
const MAX_APPENDS: usize = 2_000;
/// Events after which a tick takes no further append.
const MAX_EVENTS: u64 = 100_000;

/// The head, and the oldest appends without a position, as of one moment.
pub(super) struct Seen {
    tenant: TenantId,
    next_position: u64,
    frontier: Frontier,
    outbox: Vec<Waiting>,
}

/// A row of the outbox.
struct Waiting {
    oid: i64,
    append: Uuid,
    events: u64,
    leaf_hashes: Vec<u8>,
}

impl Seen {
    /// Looks, in one round trip: at both as of one moment.
    pub(super) async fn look(conn: &mut PgConnection, tenant: TenantId) -> Result<Self, SequenceError> {
        let rows = sqlx::query_file!(
            "sql/head_and_outbox.sql",
            fit::<i64>(MAX_APPENDS, "appends of a tick"),
            signed(MAX_EVENTS) as i64,
            tenant.number()
        )
        .fetch_all(conn)
        .await?;
        let head = rows.first().ok_or_else(|| Corrupt::new("log.head", "there is no row"))?;
        let next_position = position(head.next_position)?;
        let frontier = frontier(next_position - 1, &head.frontier)?;
        let mut outbox = Vec::with_capacity(rows.len());
        for row in rows {
            if let (Some(oid), Some(append), Some(events), Some(leaf_hashes)) =
                (row.oid, row.append_id, row.events, row.leaf_hashes)
            {
                let negative = |_| Corrupt::new("log.outbox", format!("append {append} has {events} events"));
                outbox.push(Waiting { oid, append, events: u64::try_from(events).map_err(negative)?, leaf_hashes });
            }
        }
        Ok(Self { tenant, next_position, frontier, outbox })
    }

    /// The position after those of all that was seen: what the order will be.
    pub(super) fn order(self) -> Result<Order, Corrupt> {
        let Self { tenant, next_position: from, mut frontier, outbox } = self;
        let mut tiles = Additions::to(frontier.size());
        let mut next = from;
        let mut first_positions = Vec::with_capacity(outbox.len());
        for Waiting { append, events, leaf_hashes, .. } in &outbox {
            first_positions.push((*append, next));
            for leaf in leaf_hashes.chunks(32) {
                let leaf = Digest::from_slice(leaf).ok_or_else(|| {
                    Corrupt::new("log.outbox", format!("append {append}: a leaf hash is not 32 bytes"))
                })?;
                tiles.push(&mut frontier, leaf);
            }
            next += events;
            if frontier.size() != next - 1 {
                let what = format!("append {append}: {events} events, {} bytes of leaf hashes", leaf_hashes.len());
                return Err(Corrupt::new("log.outbox", what));
            }
        }
        Ok(Order { tenant, from, next, frontier, outbox, first_positions, tiles })
    }
}

/// The order of what was seen.
pub(super) struct Order {
    tenant: TenantId,
    from: u64,
    /// The position after the last one.
    pub(super) next: u64,
    frontier: Frontier,
    outbox: Vec<Waiting>,
    /// By append.
    pub(super) first_positions: Vec<(Uuid, u64)>,
    tiles: Additions,
}

impl Order {
    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.outbox.is_empty()
    }

    /// Whether something may be left behind.
    pub(super) fn is_full(&self) -> bool {
        self.outbox.len() >= MAX_APPENDS || self.next - self.from >= MAX_EVENTS
    }

    /// Writes it, where the caller has held the head's lock since it was seen. Tiles that end elsewhere, because a
    /// program older than they are has sequenced, are filled from the events first.
    pub(super) async fn write(&self, conn: &mut PgConnection) -> Result<(), SequenceError> {
        if self.try_write(conn).await? {
            return Ok(());
        }
        let size = self.from - 1;
        tracing::warn!(log.size = size, "the tiles lag behind the log: filling them from the events");
        sqlx::query_file!("sql/fill_tiles.sql", signed(size)).execute(&mut *conn).await?;
        if self.try_write(conn).await? {
            return Ok(());
        }
        let what = format!("the tiles do not end where the log ends, after {size}");
        Err(Corrupt::new("log.tile", what).into())
    }

    /// All in one statement. `false`: the head has moved since it was seen, or some tile holds another number of
    /// hashes; nothing is written.
    pub(super) async fn try_write(&self, conn: &mut PgConnection) -> Result<bool, SequenceError> {
        let tiles = self.tiles.columns();
        let done = sqlx::query_file!(
            "sql/place.sql",
            &tiles.level,
            &tiles.index,
            &tiles.held,
            &tiles.more as &[&[u8]],
            signed(self.next),
            &self.frontier.root().0,
            self.frontier.nodes().iter().flat_map(|node| node.0).collect::<Vec<u8>>(),
            &self.outbox.iter().map(|waiting| waiting.oid).collect::<Vec<_>>(),
            &self.first_positions.iter().map(|(_, first)| signed(*first)).collect::<Vec<_>>(),
            &self.outbox.iter().map(|w| fit::<i32>(w.events, "events of an append")).collect::<Vec<_>>(),
            &self.outbox.iter().map(|waiting| waiting.append).collect::<Vec<_>>(),
            channel(self.tenant),
            self.tenant.number(),
            signed(self.from)
        )
        .execute(conn)
        .await?;
        Ok(done.rows_affected() == 1)
    }
}

fn frontier(size: u64, bytes: &[u8]) -> Result<Frontier, Corrupt> {
    let nodes: Option<Vec<Digest>> = bytes.chunks(32).map(Digest::from_slice).collect();
    nodes
        .and_then(|nodes| Frontier::from_parts(size, nodes))
        .ok_or_else(|| Corrupt::new("log.head", format!("the frontier does not fit {size} leaves")))
}
