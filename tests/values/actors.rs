//! Who appends is hashed into every leaf: a name of bounded length, nobody's address, whoever writes.

use ingest::{AppendContext, AppendError, Refusal};
use serde_json::json;

use crate::support::cli::Place;
use crate::support::log::{check, context, count};
use crate::support::{Db, events};

#[tokio::test]
async fn every_front_refuses_an_actor_that_is_an_address_or_endless() {
    let place = Place::new().await;
    let survey = place.file("s.csv", "project_id,project_name,status,answered_at\np:1,One,live,2026-01-01\n");
    place.run(&["ingest", "survey", &survey]);
    place.run(&["project"]);
    let own = include_str!("../../domain/formulas/seed.toml").replace("name = \"seed\"", "name = \"own\"");
    let own = place.file("own.toml", own);
    let (address, long, endless) = ("ann@example.org", "x".repeat(257), "x".repeat(70_000));
    for command in [
        &["publish", "--label", "one"][..],
        &["ingest", "survey", &survey],
        &["ingest", "batch", &survey],
        &["quarantine", "1", "--reason", "x"],
        &["erase", "payload", "1", "--reason", "x"],
        &["formula", "adopt", &own],
        &["rebuild", "--promote"],
        &["rollback"],
    ] {
        for actor in [address, "Ann <ann@example.org>", "", "a\nb", "a\u{202e}b", &long, &endless] {
            let said = place.ends(2, &[command, &["--actor", actor]].concat()).stderr;
            let allowed = if actor.contains('@') { "e-mail" } else { "expected 1 to 256 bytes" };
            assert!(said.contains(allowed), "{command:?}: {said}");
        }
    }
    let curate = ["curate", "membership", "--repo", "pkg:github/o/r", "--none", "--reason", "x", "--author"];
    for author in [address, &long] {
        place.ends(2, &[&curate[..], &[author]].concat());
    }
    assert_eq!(count(place.db.pool(), "SELECT count(*) FROM log.event").await, 1);
    place.run(&["publish", "--label", "one", "--actor", &"x".repeat(256)]);

    // A login that could be no actor is not taken for one.
    for (user, actor) in [(address, "<email>"), (&long, "unknown"), ("ann", "ann")] {
        let mut command = place.command(&["publish", "--label", &format!("by {}", user.len())]);
        crate::support::cli::ended(0, {
            command.env("USER", user);
            command
        });
        let last = place.ends(0, &["events"]).stdout;
        let last = String::from_utf8(last).unwrap().lines().next_back().unwrap().to_owned();
        let last: serde_json::Value = serde_json::from_str(&last).unwrap();
        assert_eq!(last["metadata"]["actor"], actor);
    }
    check(place.db.pool()).await;
}

#[tokio::test]
async fn nothing_is_appended_under_what_is_no_actor() {
    let db = Db::create().await;
    let log = db.log();
    let (long, tool) = ("x".repeat(257), "tests/1".to_owned());
    for (actor, tool) in [("ann@example.org", &tool), (&long, &tool), ("", &tool), ("ann", &long)] {
        let context = AppendContext { actor: actor.to_owned(), tool: tool.clone(), ..context() };
        let one = log.append(events::repo("a/b", 1).into(), &context).await.unwrap_err();
        let batch = log.append_batch(vec![events::repo("a/b", 1).into()], &context).await.unwrap_err();
        for refused in [one, batch] {
            let AppendError::Refused(Refusal::Invalid(why)) = &refused else { panic!("{refused}") };
            let expected = if tool.len() > 256 { "tool" } else { "actor" };
            assert_eq!((why.field, why.reason.contains("e-mail")), (expected, actor.contains('@')), "{refused}");
        }
    }
    assert!(check(db.pool()).await.is_empty());
}

/// Appends a row as another program might; answers the constraint that forbids it.
async fn inserted(db: &Db, metadata: &str) -> Option<String> {
    let done = sqlx::query("INSERT INTO log.append VALUES ($1, 1, $2, sha256(''), now())")
        .bind(uuid::Uuid::now_v7())
        .bind(metadata)
        .execute(db.pool())
        .await;
    let error = done.err()?;
    Some(error.as_database_error().unwrap_or_else(|| panic!("{error}")).constraint().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn the_database_keeps_entries_small_whoever_writes() {
    let db = Db::create().await;
    let with = |key: &str, value: String| json!({key: value}).to_string();
    for metadata in [
        with("actor", "x".repeat(257)),
        with("tool", "x".repeat(257)),
        with("actor", "ann@example.org".to_owned()),
        with("actor", "see ann@example.org.".to_owned()),
        with("other", "x".repeat(70_000)),
        // However it is spelled.
        r#"{"actor":"ann\u0040example.org"}"#.to_owned(),
        r#"{"\u0061ctor":"ann@example.org"}"#.to_owned(),
        r#"{"actor":{"of":"ann@example.org"}}"#.to_owned(),
        json!({"actor": "\u{1}".repeat(257)}).to_string(),
    ] {
        assert_eq!(inserted(&db, &metadata).await.as_deref(), Some("append_metadata"), "{metadata:.40}");
    }
    for metadata in [
        "{}".to_owned(),
        with("actor", "x".repeat(256)),
        with("actor", "lib@v1.2.3 user@host".to_owned()),
        with("other", "ann@example.org".to_owned()),
        with("other", "x".repeat(4_000)),
        json!({"actor": "\u{1}".repeat(256)}).to_string(),
    ] {
        assert_eq!(inserted(&db, &metadata).await, None, "{metadata:.40}");
    }
    for metadata in ["", "ann", r#"{"actor":"ann"#, r#"{"actor":"ann@example.org"#] {
        let refused = inserted(&db, metadata).await;
        assert_eq!(refused.as_deref(), Some(""), "no JSON, which no constraint says: {metadata}");
    }
    let event = "INSERT INTO log.event VALUES ($1, 0, 1, 1, now(), 'repo', $2, $3, sha256(''), sha256(''), '')";
    for (stream, kind) in [("x".repeat(1025), "x".to_owned()), ("x".to_owned(), "x".repeat(65))] {
        let refused = sqlx::query(event).bind(uuid::Uuid::now_v7()).bind(stream).bind(kind).execute(db.pool()).await;
        let refused = refused.unwrap_err();
        assert_eq!(refused.as_database_error().unwrap().constraint(), Some("event_envelope"), "{refused}");
    }
}

#[tokio::test]
async fn what_was_appended_before_the_bound_stays() {
    let db = Db::create().await;
    // As the migration before left it.
    let undo = "ALTER TABLE log.append DROP CONSTRAINT append_metadata;
                ALTER TABLE log.event DROP CONSTRAINT event_envelope;
                DELETE FROM public._sqlx_migrations WHERE version = 13;";
    sqlx::raw_sql(undo).execute(db.pool()).await.unwrap();
    let old = json!({"actor": "x".repeat(70_000)}).to_string();
    assert_eq!(inserted(&db, &old).await, None);
    ingest::migrate(db.pool()).await.unwrap();
    assert_eq!(count(db.pool(), "SELECT count(*) FROM log.append").await, 1);
    assert_eq!(inserted(&db, &old).await.as_deref(), Some("append_metadata"));
}
