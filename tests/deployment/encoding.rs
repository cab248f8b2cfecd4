//! A database that cannot hold the log's texts takes none.

use crate::support::Db;
use crate::support::cli::Place;

#[tokio::test]
async fn a_database_of_another_encoding_is_refused_and_named() {
    for encoding in ["SQL_ASCII", "LATIN1"] {
        let db = Db::created(&format!("ENCODING '{encoding}' LOCALE 'C' TEMPLATE template0")).await;
        let place = Place::of(db);
        let survey = place.file("s.csv", "project_id,project_name,status,answered_at\np:a,A,live,2026-01-01\n");
        for command in [&["migrate"][..], &["migrate", "--roles"], &["ingest", "survey", &survey], &["project"]] {
            let said = place.ends(2, command);
            assert!(said.stderr.contains(&format!("encoding is {encoding}")), "{said:?}");
            assert!(said.stderr.contains("TEMPLATE template0"), "it says how to make a right one: {said:?}");
        }
        let tables = "SELECT count(*) FROM pg_namespace WHERE nspname IN ('log', 'atlas')";
        let made: i64 = sqlx::query_scalar(tables).fetch_one(place.db.pool()).await.unwrap();
        assert_eq!(made, 0, "nothing is half done");

        let checks = place.ends(1, &["doctor"]).json();
        let wrong: Vec<_> = checks["checks"].as_array().unwrap().iter().filter(|check| check["ok"] == false).collect();
        assert_eq!((wrong.len(), wrong[0]["name"].as_str()), (1, Some("encoding")), "{checks:#}");
        assert!(wrong[0]["detail"].as_str().unwrap().contains(encoding));
    }
}

#[tokio::test]
async fn what_the_refusal_advises_works() {
    let place = Place::of(Db::created("ENCODING 'UTF8' LOCALE 'C' TEMPLATE template0").await);
    place.run(&["migrate"]);
    place.run(&["doctor"]);
}
