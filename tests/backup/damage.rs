//! What a backup does not hold, or holds wrongly: found before anything is written.

use std::fs;
use std::path::{Path, PathBuf};

use ingest::backup::manifest::{BackupId, BackupManifest};
use ingest::backup::tables::{MADE_AGAIN, TABLES};
use serde_json::json;
use sqlx::{Connection as _, Executor as _};

use super::{create, files_of, shelf};
use crate::audit::support::ecosystem;
use crate::support::cli::Place;
use crate::support::{Db, events, log};

/// Whether nothing was written: no table, and no document.
async fn untouched(place: &Place) -> bool {
    let schemas = "SELECT count(*) FROM pg_namespace WHERE nspname IN ('log', 'atlas')";
    let tables = log::count(place.db.pool(), "SELECT count(*) FROM pg_class WHERE relname = '_sqlx_migrations'").await;
    let documents = place.data().join("artifacts");
    log::count(place.db.pool(), schemas).await == 0 && tables == 0 && !documents.exists()
}

#[tokio::test]
async fn a_byte_that_changed_in_any_file_is_found_before_anything_is_written() {
    let one = Place::new().await;
    ecosystem(&one);
    one.run(&["audit", "checkpoint"]);
    one.run(&["ingest", "git-log", &crate::support::git::one_commit(&one.path("git")), "--repo", "pkg:github/o/a"]);
    one.run(&["project"]);
    let facts = one.file("r.json", r#"{"full_name": "o/a", "stargazers_count": 7}"#);
    one.run(&["ingest", "repo", &facts, "--repo", "pkg:github/o/a", "--idempotency-key", "once"]);
    one.run(&["key", "create"]);
    let shelf = shelf(&one);
    let made = create(&one, &shelf);
    let id = made["id"].as_str().unwrap();
    let folder = PathBuf::from(&shelf).join(id);

    let two = Place::new().await;
    let files = files_of(&folder);
    // Every table but these has rows, there are documents, and there is a manifest.
    let kinds: Vec<&str> = files.iter().filter_map(|path| path.strip_prefix(&folder).unwrap().to_str()).collect();
    assert!(kinds.contains(&"manifest.json") && kinds.contains(&"documents/000001.zst"), "{kinds:?}");
    for table in TABLES.iter().filter(|table| !["log.outbox", "atlas.submission"].contains(table)) {
        assert!(kinds.contains(&format!("{table}/000001.zst").as_str()), "{table}: {kinds:?}");
    }
    for (path, name) in files.iter().zip(&kinds) {
        let whole = fs::read(path).unwrap();
        let mut flipped = whole.clone();
        flipped[whole.len() / 2] ^= 0x10;
        for other in [flipped, whole[..whole.len() - 1].to_vec(), Vec::new()] {
            fs::write(path, other).unwrap();
            let said = two.ends(1, &["backup", "restore", id, "--from", &shelf]);
            assert!(said.stderr.contains("damaged") && said.stderr.contains(name), "{name}: {said:?}");
        }
        fs::remove_file(path).unwrap();
        two.ends(1, &["backup", "restore", id, "--from", &shelf]);
        let listed = two.run(&["backup", "list", "--from", &shelf]);
        assert_eq!((&listed[0]["id"], &listed[0]["complete"]), (&json!(id), &json!(false)), "{name}");
        let said = two.ends(1, &["backup", "restore", "--from", &shelf]);
        assert!(said.stderr.contains("no complete backup"), "{said:?}");
        fs::write(path, whole).unwrap();
    }
    assert!(untouched(&two).await);
    assert_eq!(two.run(&["backup", "restore", id, "--from", &shelf])["verified"], true);
}

/// Writes a manifest anew, as whoever made the backup would have.
fn reseal(shelf: &str, id: &str, change: impl FnOnce(&mut BackupManifest)) {
    let path = Path::new(shelf).join(id).join("manifest.json");
    let mut manifest = BackupManifest::from_json(&BackupId::parse(id).unwrap(), &fs::read(&path).unwrap()).unwrap();
    change(&mut manifest);
    fs::write(path, manifest.to_json().unwrap()).unwrap();
}

#[tokio::test]
async fn what_does_not_come_to_the_log_it_says_leaves_the_database_as_it_was() {
    let one = Place::new().await;
    ecosystem(&one);
    let shelf = shelf(&one);
    let id = create(&one, &shelf)["id"].as_str().unwrap().to_owned();
    let two = Place::new().await;
    let restore = |code: i32, text: &str| {
        let said = two.ends(code, &["backup", "restore", "--from", &shelf]);
        assert!(said.stderr.contains(text), "{text}: {said:?}");
    };
    let sound = BackupManifest::clone(&{
        let mut kept = None;
        reseal(&shelf, &id, |manifest| kept = Some(manifest.clone()));
        kept.unwrap()
    });
    let back = || reseal(&shelf, &id, |manifest| *manifest = sound.clone());
    reseal(&shelf, &id, |manifest| manifest.tables.last_mut().unwrap().rows += 1);
    restore(1, "atlas.person");
    back();
    reseal(&shelf, &id, |manifest| manifest.root = domain::digest::Digest::of(b"another"));
    restore(1, "root");
    back();
    reseal(&shelf, &id, |manifest| manifest.tables.truncate(4));
    restore(1, "0 times");
    back();
    reseal(&shelf, &id, |manifest| manifest.tables[1].columns.truncate(3));
    restore(1, "columns");
    back();
    reseal(&shelf, &id, |manifest| manifest.schema = 9_999);
    restore(2, "newer program");
    back();
    let tables = log::count(two.db.pool(), "SELECT count(*) FROM pg_namespace WHERE nspname IN ('log', 'atlas')").await;
    assert_eq!(tables, 0);

    // Rows come into the schema that they are of, which is then brought up to date: what says another is refused.
    reseal(&shelf, &id, |manifest| manifest.schema = 15);
    restore(1, "log.head: its columns are");
    let three = Place::of(Db::create().await);
    let said = three.ends(1, &["backup", "restore", "--from", &shelf]);
    assert!(said.stderr.contains("nothing was made yet"), "{said:?}");
    back();
    assert_eq!(three.run(&["backup", "restore", "--from", &shelf])["verified"], true, "tables without rows are empty");
}

/// The constraints of both schemas, with what they say and whether all rows keep them.
async fn constraints(db: &Db) -> Vec<(String, String, bool)> {
    let sql = "SELECT conrelid::regclass || '.' || conname, pg_get_constraintdef(oid), convalidated FROM pg_constraint \
               WHERE connamespace IN ('log'::regnamespace, 'atlas'::regnamespace) ORDER BY 1, 2";
    sqlx::query_as(sql).fetch_all(db.pool()).await.unwrap()
}

#[tokio::test]
async fn every_table_is_in_a_backup_or_made_again_and_rows_of_before_the_bounds_are_taken() {
    let one = Place::of(Db::create().await);
    log::append(&one.db.log(), events::repo("o/r", 1)).await;
    let sql = "SELECT schemaname || '.' || tablename FROM pg_tables WHERE schemaname IN ('log', 'atlas') ORDER BY 1";
    let tables: Vec<String> = sqlx::query_scalar(sql).fetch_all(one.db.pool()).await.unwrap();
    let mut known: Vec<&str> = TABLES.into_iter().chain(MADE_AGAIN).collect();
    known.sort_unstable();
    assert_eq!(tables, known, "a new table is one or the other");

    // As a program wrote it that knew no such bound.
    let mut conn = one.db.pool().acquire().await.unwrap();
    let mut transaction = conn.begin().await.unwrap();
    let bound = "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'append_metadata'";
    let bound: String = sqlx::query_scalar(bound).fetch_one(&mut *transaction).await.unwrap();
    transaction.execute("ALTER TABLE log.append DROP CONSTRAINT append_metadata").await.unwrap();
    let long = format!(r#"{{"actor": "{}"}}"#, "a".repeat(5_000));
    sqlx::query("INSERT INTO log.append VALUES (gen_random_uuid(), 1, $1, sha256(''), now())")
        .bind(&long)
        .execute(&mut *transaction)
        .await
        .unwrap();
    transaction
        .execute(format!("ALTER TABLE log.append ADD CONSTRAINT append_metadata {bound}").as_str())
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    let shelf = shelf(&one);
    // The story's event names a document that there never was.
    one.ends(1, &["backup", "create", "--to", &shelf]);
    let two = Place::new().await;
    two.run(&["backup", "restore", "--from", &shelf]);
    assert_eq!(
        log::count(two.db.pool(), "SELECT count(*) FROM log.append WHERE octet_length(metadata) > 5000").await,
        1
    );
    assert_eq!(constraints(&two.db).await, constraints(&one.db).await);
    let other = sqlx::query("INSERT INTO log.append VALUES (gen_random_uuid(), 1, $1, sha256(''), now())").bind(&long);
    assert!(other.execute(two.db.pool()).await.is_err(), "what is new keeps the bound");
}

#[tokio::test]
async fn a_log_at_fault_has_no_backup_and_a_missing_document_is_named() {
    let place = Place::new().await;
    ecosystem(&place);
    let shelf = shelf(&place);
    let documents = files_of(&place.data().join("artifacts"));
    fs::remove_file(&documents[0]).unwrap();
    fs::write(&documents[1], "{}").unwrap();
    let said = place.ends(1, &["backup", "create", "--to", &shelf]);
    assert_eq!(said.json()["missing"], 2);
    assert!(said.stderr.contains("2 documents are missing or damaged"), "{said:?}");
    let two = Place::new().await;
    let restored = two.run(&["backup", "restore", "--from", &shelf]);
    assert_eq!((&restored["missing"], &restored["verified"]), (&said.json()["missing"], &json!(true)));

    let tampered = "ALTER TABLE log.event DISABLE TRIGGER append_only; \
                    UPDATE log.event SET payload = '{}' WHERE sequence = 1 AND type = 'SbomSubmitted'; \
                    ALTER TABLE log.event ENABLE ALWAYS TRIGGER append_only";
    sqlx::raw_sql(tampered).execute(place.db.pool()).await.unwrap();
    let said = place.ends(1, &["backup", "create", "--to", &shelf]);
    assert!(said.stderr.contains("position"), "{said:?}");
    assert_eq!(place.run(&["backup", "list", "--to", &shelf]).as_array().unwrap().len(), 1, "nothing is left of it");
}
