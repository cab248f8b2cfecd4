//! Golden logs in a database as an early program left it: brought up to date they give what they always gave.

use super::*;
use crate::support::log::count;
use crate::support::{Db, earlier};

/// The files of each table of the log: which rows were written anew.
const FILES: &str = "SELECT sum(pg_relation_filenode(c.oid)::bigint)::bigint FROM pg_class c \
                      WHERE relkind = 'r' AND relnamespace = 'log'::regnamespace \
                        AND relname IN ('append', 'commit', 'event', 'tile')";

async fn is_brought_up_to_date(name: &'static str) {
    let place = Place::of(Db::empty().await);
    let pool = place.db.pool();
    earlier::migrate(pool).await;
    let head = earlier::fill(pool, name).await;
    let files = count(pool, FILES).await;
    let said = place.ends(2, &["status"]).stderr;
    assert!(said.contains(&format!("version {}", earlier::SCHEMA)) && said.contains("pg-atlas migrate"), "{said}");
    let said = place.ends(0, &["migrate"]).stderr;
    assert!(said.contains("schema 18") && said.contains("schema 19"), "{said}");
    assert_eq!(count(pool, FILES).await, files, "no event was written anew");
    let golden = Golden { name, place, head };
    kept::compare(name, &super::said(&golden).await);
}

#[tokio::test]
async fn a_log_of_an_early_program_with_every_kind_of_event_stays_what_it_was() {
    is_brought_up_to_date("kinds").await;
}

#[tokio::test]
async fn a_log_of_an_early_program_with_formulas_over_years_stays_what_it_was() {
    is_brought_up_to_date("formulas").await;
}
