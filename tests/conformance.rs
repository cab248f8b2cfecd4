//! What every family of projections must do, asked of each in turn, and of a new one as soon as it is in the list:
//! apply twice is once, pages and restarts do not matter, a rebuild is a catch-up, a prefix and the rest are all, what
//! is stored is the state, an interrupted rebuild resumes, the fence holds.

use std::collections::BTreeMap;

use domain::{Event, EventType, Position};
use ingest::Append;
use projections::World;
use projections::store::schema::FormulaDocument;
use projections::store::{self, Build, StoreError, load};
use projections::tables::Projection;
use replay::catch_up::open;
use replay::{ReplayError, as_of, log, rebuild};
use sqlx::{ConnectOptions as _, PgConnection};

use crate::support::log::context;
use crate::support::{Db, events};

mod resume;
mod sets;

/// What the tables of a build hold: rows as text, sorted.
type Content = BTreeMap<&'static str, Vec<String>>;

async fn content(conn: &mut PgConnection, build: &Build) -> Content {
    let mut content = Content::new();
    for table in build.projection.tables() {
        let sql = format!("SELECT to_jsonb(t)::text FROM {}.{} t", build.schema(), table.name);
        let mut rows: Vec<String> = sqlx::query_scalar(&sql).fetch_all(&mut *conn).await.unwrap();
        rows.sort_unstable();
        content.insert(table.name, rows);
    }
    content
}

/// The live builds' tables, by projection.
async fn live(conn: &mut PgConnection) -> BTreeMap<Projection, Content> {
    let mut all = BTreeMap::new();
    for build in store::live_builds(conn).await.unwrap() {
        all.insert(build.projection, content(conn, &build).await);
    }
    all
}

/// A database with facts of every kind over two months of world time, some of them late.
async fn lived() -> (Db, PgConnection) {
    let db = Db::create().await;
    let of_kind = |event: &Event| event.event_type().is_fact() || event.event_type() == EventType::Curated;
    let mut facts: Vec<Event> = events::every_kind().into_iter().filter(of_kind).collect();
    for n in 0..40 {
        facts.push(events::repo(["a/b", "c/d", "e/f"][n % 3], n as u64));
        facts.push(events::sbom(["a/b", "c/d"][n % 2], &["x", "y", "z"][..=n % 3]));
    }
    for (n, event) in facts.into_iter().enumerate() {
        let day = [n / 2, n / 3][n % 2] as i64;
        let observed_at = events::time("2026-01-01T12:00:00Z").micros() + day * 86_400_000_000;
        let observed_at = domain::Timestamp::from_micros(observed_at);
        db.log().append(Append { event, observed_at, key: None }, &context()).await.unwrap();
    }
    db.log().append(events::promoted(9).into(), &context()).await.unwrap();
    let conn = db.options().connect().await.unwrap();
    (db, conn)
}

async fn head(conn: &mut PgConnection) -> Position {
    log::head(conn).await.unwrap().position
}

/// Lives through the log in pages of this many positions, opening the builds anew after each where `reopen` says so.
async fn live_through(conn: &mut PgConnection, page: u64, reopen: bool) -> BTreeMap<Projection, Content> {
    let mut projector = open(conn).await.unwrap();
    let head = head(conn).await;
    while projector.position() < head {
        let to = head.min(projector.position() + page);
        projector.catch_up(conn, to, &mut |_| {}).await.unwrap();
        if reopen {
            projector = open(conn).await.unwrap();
        }
    }
    live(conn).await
}

fn seed() -> FormulaDocument {
    let (_, document) = domain::formula::SHIPPED[0];
    let formula = domain::formula::Formula::parse(document).unwrap();
    FormulaDocument { formula, document: document.to_owned() }
}

/// A rebuild of one projection alone, and its tables.
async fn rebuilt(conn: &mut PgConnection, projection: Projection, to: Position) -> Content {
    let shadow = rebuild::build(conn, &[projection], &seed(), to, &mut |_| {}).await.unwrap();
    let content = content(conn, &shadow.builds()[0]).await;
    rebuild::discard(conn, &shadow).await.unwrap();
    content
}

/// A rebuild of one projection to a position, and its tables once it has followed from there.
async fn followed(conn: &mut PgConnection, projection: Projection, from: Position, to: Position) -> Content {
    let mut shadow = rebuild::build(conn, &[projection], &seed(), from, &mut |_| {}).await.unwrap();
    shadow.catch_up(conn, to, &mut |_| {}).await.unwrap();
    let content = content(conn, &shadow.builds()[0]).await;
    rebuild::discard(conn, &shadow).await.unwrap();
    content
}

/// A log that was lived through in several ways, and what came of it each time.
struct Lives {
    conn: PgConnection,
    head: Position,
    at_once: BTreeMap<Projection, Content>,
    /// By positions a page, each with whether the builds were opened anew after every page.
    paged: Vec<(u64, bool, BTreeMap<Projection, Content>)>,
    /// The state at the end, as it was folded and as it was stored.
    worlds: [World; 2],
    _db: Db,
}

impl Lives {
    async fn lived() -> Self {
        let (db, mut conn) = lived().await;
        let mut paged = Vec::new();
        for (page, reopen) in [(1, false), (7, true), (33, false)] {
            paged.push((page, reopen, live_through(&mut conn, page, reopen).await));
            sqlx::raw_sql("DELETE FROM atlas.live; DELETE FROM atlas.build").execute(db.pool()).await.unwrap();
        }
        let at_once = live_through(&mut conn, u64::MAX, false).await;
        let head = head(&mut conn).await;
        let folded = as_of::fold(&mut conn, seed(), head, &mut |_| {}).await.unwrap().world;
        let builds = store::live_builds(&mut conn).await.unwrap();
        let stored = load::world(&mut conn, &builds).await.unwrap();
        Self { conn, head, at_once, paged, worlds: [folded, stored], _db: db }
    }

    /// The suite: one family, all that is asked of it.
    async fn ask(&mut self, family: Projection) {
        let (name, content) = (family.name(), &self.at_once[&family]);
        assert!(content.values().any(|rows| !rows.is_empty()), "{name} has rows");
        assert_eq!(content.len(), family.tables().count(), "{name}");
        for (page, reopen, paged) in &self.paged {
            assert_eq!(&paged[&family], content, "{name} in pages of {page}, opened anew: {reopen}");
        }
        assert_eq!(&rebuilt(&mut self.conn, family, self.head).await, content, "{name} is rebuilt alone");
        for prefix in [0, 1, self.head / 2, self.head - 1] {
            let rest = followed(&mut self.conn, family, prefix, self.head).await;
            assert_eq!(&rest, content, "{name}: the first {prefix}, then the rest");
        }
        let [folded, stored] = &self.worlds;
        let rows = |world: &World| -> Vec<(&'static str, String, Option<String>)> {
            let row = |(kind, key): (&'static str, &str)| (kind, key.to_owned(), world.row(family, kind, key).unwrap());
            world.rows().map(row).filter(|(.., value)| value.is_some()).collect()
        };
        assert_eq!(rows(stored), rows(folded), "{name}: what is stored is the state");
        assert_eq!(!rows(folded).is_empty(), family.family().facts.is_some(), "{name}");
    }
}

#[tokio::test]
async fn every_family_does_what_is_asked_of_families() {
    let mut lives = Lives::lived().await;
    assert_eq!(lives.at_once.len(), Projection::ALL.len());
    for family in Projection::ALL {
        lives.ask(family).await;
    }
    assert_eq!(lives.worlds[0], lives.worlds[1]);
}

#[tokio::test]
async fn applying_twice_is_applying_once_and_a_paused_process_meets_the_fence() {
    let (db, mut conn) = lived().await;
    let mut other = db.options().connect().await.unwrap();
    let (mut first, mut paused) = (open(&mut conn).await.unwrap(), open(&mut other).await.unwrap());
    let middle = head(&mut conn).await / 2;
    first.catch_up(&mut conn, middle, &mut |_| {}).await.unwrap();
    let before = live(&mut conn).await;

    // The same events again, by a process that does not know of the first.
    let refused = paused.catch_up(&mut other, middle, &mut |_| {}).await;
    assert!(matches!(refused, Err(ReplayError::Store(StoreError::Fenced { .. }))), "{refused:?}");
    assert_eq!(live(&mut conn).await, before);
    // Asked for what is there already, nothing happens.
    first.catch_up(&mut conn, middle, &mut |_| {}).await.unwrap();
    assert_eq!(live(&mut conn).await, before);

    let to = head(&mut conn).await;
    first.catch_up(&mut conn, to, &mut |_| {}).await.unwrap();
    let after = live(&mut conn).await;
    for projection in Projection::ALL {
        assert_eq!(rebuilt(&mut conn, projection, to).await, after[&projection], "{}", projection.name());
    }
}

#[tokio::test]
async fn another_code_or_formula_is_another_build() {
    let (db, mut conn) = lived().await;
    let to = head(&mut conn).await;
    live_through(&mut conn, u64::MAX, false).await;
    let shadow = rebuild::build(&mut conn, &Projection::ALL, &seed(), to, &mut |_| {}).await.unwrap();
    let manifests = store::manifests(&mut conn).await.unwrap();
    let root = log::head(&mut conn).await.unwrap().root;
    for build in shadow.builds() {
        let manifest = manifests.iter().find(|manifest| manifest.build == build.id).unwrap();
        assert_eq!((manifest.state.as_str(), manifest.built_to), ("shadow", Some(to as i64)));
        assert_eq!(manifest.log_root, Some(root.to_string()));
        // The version of its family decides; program and digest of its sources inform.
        let family = format!("{}/{}+", build.projection.name(), build.projection.family().version);
        let informs = manifest.code.strip_prefix(&family).unwrap();
        assert!(informs.starts_with(concat!(env!("CARGO_PKG_VERSION"), "+")) && informs.len() > 64);
        assert_eq!(manifest.formula.is_some(), build.projection.needs_formula());
        assert!(manifest.output_digest.is_some() && manifest.state_digest.is_some());
    }
    rebuild::discard(&mut conn, &shadow).await.unwrap();
    drop(db);
}
