//! Sets of families move apart: who moves one lets the others be.

use projections::Projection;
use projections::store;
use replay::{promote, rebuild, rollback};
use sqlx::Row as _;

use super::{head, live, lived, seed};
use crate::support::events;
use crate::support::live::to_head;
use crate::support::log::context;

/// The live build of another set, made by a program that has such a family.
const ANOTHER: &str = "INSERT INTO atlas.build (projection, status, code, position, quarantine_digest, family_set) \
                       SELECT 'ledger', 'live', 'ledger/1+9.9.9+another', 3, quarantine_digest, 'ledger' \
                         FROM atlas.build LIMIT 1; \
                       INSERT INTO atlas.live (projection, build, former, switch) \
                       SELECT 'ledger', id, id, 99 FROM atlas.build WHERE projection = 'ledger'";

#[tokio::test]
async fn another_set_stays_where_it_is_whatever_happens_to_this_one() {
    let (db, mut conn) = lived().await;
    to_head(&mut conn, &mut |_| {}).await.unwrap();
    sqlx::raw_sql(ANOTHER).execute(db.pool()).await.unwrap();
    let ledger = async || -> Vec<(String, String, i64, String)> {
        let sql = "SELECT b.code, b.status, b.position, b.family_set \
                     FROM atlas.live l JOIN atlas.build b ON b.id = l.build WHERE l.projection = 'ledger'";
        sqlx::query_as(sql).fetch_all(db.pool()).await.unwrap()
    };
    let before = ledger().await;
    assert_eq!(before.len(), 1);

    // It is followed past the other, rebuilt, switched, and switched back.
    db.log().append(events::repo("a/b", 1_000).into(), &context()).await.unwrap();
    let moved = to_head(&mut conn, &mut |_| {}).await.unwrap();
    assert_eq!(moved.builds().len(), Projection::ALL.len());
    let rows = live(&mut conn).await;
    let to = head(&mut conn).await;
    let mut shadow = rebuild::build(&mut conn, &Projection::ALL, &seed(), to, &mut |_| {}).await.unwrap();
    assert_eq!(rebuild::equal_to_live(&mut conn, &mut shadow).await.unwrap(), Some(true));
    promote::promote(&mut conn, &mut shadow).await.unwrap();
    let mut former = rollback::former(&mut conn, &[], &mut |_| {}).await.unwrap();
    assert_eq!(former.builds().len(), Projection::ALL.len());
    promote::promote(&mut conn, &mut former).await.unwrap();
    assert_eq!(live(&mut conn).await, rows);
    assert_eq!(ledger().await, before);

    // The set's cursor: one position, in all of its builds.
    let cursors = "SELECT b.family_set, min(b.position), max(b.position) FROM atlas.live l \
                     JOIN atlas.build b ON b.id = l.build GROUP BY b.family_set ORDER BY b.family_set";
    let cursors = sqlx::query(cursors).fetch_all(db.pool()).await.unwrap();
    let cursors: Vec<(String, i64, i64)> = cursors.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect();
    assert_eq!(cursors, [("atlas".to_owned(), to as i64, to as i64), ("ledger".to_owned(), 3, 3)]);
    assert_eq!(store::live_builds(&mut conn).await.unwrap().len(), Projection::ALL.len());
}
