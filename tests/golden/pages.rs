//! The same rows come of a log however it is cut into pages: the one place here that knows the projector.

use std::collections::BTreeMap;

use projections::store::schema;
use projections::tables::Projection;
use replay::catch_up;
use sqlx::ConnectOptions as _;

use super::Golden;
use super::kept::first_difference;
use crate::support::Db;

/// Pages, in positions; with whether the builds are opened anew after each.
const PAGES: [(u64, bool); 3] = [(1, false), (7, true), (33, false)];

/// Makes the first, empty builds under the default formula, whatever the log promotes: the files beside a golden log
/// were written of those. Of the others their digests are kept.
pub(super) async fn under_the_default(db: &Db) {
    let mut conn = db.pool().begin().await.unwrap();
    let formula = replay::formulas::named(&mut conn, domain::formula::DEFAULT, 0).await.unwrap();
    let quarantine = replay::quarantine::Quarantine::read(&mut conn).await.unwrap().digest();
    let mut builds = Vec::new();
    for projection in Projection::ALL {
        let build = schema::create(&mut conn, projection, &formula, &quarantine).await.unwrap();
        schema::index(&mut conn, &build).await.unwrap();
        builds.push(build);
    }
    schema::make_live(&mut conn, &builds).await.unwrap();
    conn.commit().await.unwrap();
}

/// Lives through an imported log in pages and compares with what came of it at once.
pub(super) async fn agree(golden: &Golden, at_once: &BTreeMap<String, String>) {
    let db = &golden.place.db;
    let mut conn = db.options().connect().await.unwrap();
    for (page, reopen) in PAGES {
        sqlx::raw_sql("DELETE FROM atlas.live; DELETE FROM atlas.build").execute(db.pool()).await.unwrap();
        under_the_default(db).await;
        let mut projector = catch_up::open(&mut conn).await.unwrap();
        while projector.position() < golden.head {
            let to = golden.head.min(projector.position() + page);
            projector.catch_up(&mut conn, to, &mut |_| {}).await.unwrap();
            if reopen {
                projector = catch_up::open(&mut conn).await.unwrap();
            }
        }
        for (file, came) in golden.tables().await {
            let found = first_difference(&at_once[&file], &came);
            assert!(found.is_none(), "{}/{file} in pages of {page}: {found:?}", golden.name);
        }
    }
}
