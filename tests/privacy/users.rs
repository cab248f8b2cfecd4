//! People with a login each: one ingests, one projects, one reads, one checks. And what each cannot do.

use std::path::Path;

use ingest::roles::{APPENDER, AUDITOR, PROJECTOR, READER, SEQUENCER};
use sqlx::{ConnectOptions as _, Executor as _};

use super::run::{command, json, stderr, url};
use crate::support::git::one_commit;
use crate::support::{Db, log};

/// A login of the server that belongs to some of the roles.
struct Login {
    name: String,
    url: String,
}

impl Login {
    async fn create(db: &Db, what: &str, roles: &[&str]) -> Self {
        let name = format!("atlas_test_{what}_{}", uuid::Uuid::now_v7().simple());
        let sql = format!("CREATE ROLE {name} LOGIN PASSWORD 'secret' IN ROLE {}", roles.join(", "));
        db.pool().execute(sql.as_str()).await.unwrap();
        let url = url(&db.bare().username(&name).password("secret"));
        Self { name, url }
    }
}

fn demo(name: &str) -> String {
    format!("{}/demo/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// A command that must be refused by the database, whose words say that a right is missing.
fn denied(database: &str, data: &Path, arguments: &[&str]) {
    let output = command(Some(database), data, arguments).output().unwrap();
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
    let line = said.lines().find(|line| line.starts_with("error: permission denied for ")).unwrap_or_default();
    assert!(line.contains(": this needs the ") && !line.contains("database:"), "{arguments:?}: {said}");
}

#[tokio::test]
async fn each_login_does_its_work_and_nothing_else() {
    let db = Db::empty().await;
    let folder = tempfile::tempdir().unwrap();
    let (data, owner) = (folder.path(), url(&db.bare()));
    let migrated = json(&owner, data, &["migrate", "--roles"]);
    assert_eq!(migrated["roles"].as_array().unwrap().len(), 7);

    let writer = Login::create(&db, "writer", &[APPENDER, SEQUENCER]).await;
    let projector = Login::create(&db, "projector", &[PROJECTOR]).await;
    let colleague = Login::create(&db, "colleague", &[PROJECTOR]).await;
    let publisher = Login::create(&db, "publisher", &[APPENDER, SEQUENCER, PROJECTOR]).await;
    let reader = Login::create(&db, "reader", &[READER]).await;
    let auditor = Login::create(&db, "auditor", &[AUDITOR, READER]).await;

    // Facts of every kind, the names behind a history included.
    let (sbom, repo, survey) = (demo("sbom/js-xdr.json"), demo("repo/js-xdr.json"), demo("survey.csv"));
    let (projects, git) = (demo("grants/projects.json"), one_commit(&data.join("repository")));
    let subject = ["--repo", "pkg:github/stellar/js-xdr"];
    let ingest = |what: &[&str]| json(&writer.url, data, &[&["ingest"], what].concat());
    assert_eq!(ingest(&[&["sbom", &sbom][..], &subject].concat())["outcome"], "appended");
    assert_eq!(ingest(&[&["repo", &repo][..], &subject].concat())["outcome"], "appended");
    assert_eq!(ingest(&[&["repo", &repo][..], &subject].concat())["outcome"], "duplicate");
    assert_eq!(ingest(&[&["repo", &repo, "--project", "p:a"][..], &subject].concat())["outcome"], "appended");
    assert_eq!(ingest(&[&["git-log", &git][..], &subject].concat())["commits"], 1);
    assert!(ingest(&["survey", &survey])["appended"].as_u64().unwrap() > 5);
    // New streams whose rows are refused are taken back.
    let refused = ["ingest", "grants", &projects, "--observed-at", "2999-01-01"];
    let output = command(Some(&writer.url), data, &refused).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let appended = ingest(&["grants", &projects]);
    let head = appended["last_position"].as_u64().unwrap();
    assert_eq!(log::check(db.pool()).await.len() as u64, head);

    // Nothing is projected yet: a reader sees nothing and is told nothing wrong.
    assert_eq!(json(&reader.url, data, &["scores"]).as_array().unwrap().len(), 0);
    assert_eq!(json(&projector.url, data, &["project"])["projections"][0]["position"], head);
    let scores = json(&reader.url, data, &["scores"]);
    assert!(scores.as_array().unwrap().len() > 5);
    assert_eq!(json(&reader.url, data, &["edges"]), json(&owner, data, &["edges"]));
    assert_eq!(json(&auditor.url, data, &["replay", "--verify"])["verified"], true);

    // What one made, another of the group replaces; a new build is readable at once.
    let published = json(&publisher.url, data, &["publish", "--label", "first"]);
    assert_eq!(published["formula"], "seed");
    let rebuilt = json(&publisher.url, data, &["rebuild", "--promote"]);
    assert_eq!((&rebuilt["equal_to_live"], &rebuilt["promoted"]), (&true.into(), &true.into()));
    json(&colleague.url, data, &["project"]);
    assert_eq!(json(&colleague.url, data, &["rebuild"])["equal_to_live"], true);
    assert_eq!(json(&reader.url, data, &["scores"]), scores);
    assert_eq!(json(&auditor.url, data, &["replay", "--verify", "--label", "first"])["verified"], true);

    // And the other way round: no.
    let again = [&["sbom", &sbom, "--idempotency-key", "k"][..], &subject].concat();
    for login in [&projector, &reader, &auditor] {
        denied(&login.url, data, &[&["ingest"], &again[..]].concat());
    }
    ingest(&["repo", &demo("repo/js-xdr.json"), "--repo", "pkg:github/a/b"]);
    for login in [&writer, &reader, &auditor] {
        denied(&login.url, data, &["project"]);
    }
    denied(&reader.url, data, &["events"]);
    let output = command(Some(&reader.url), data, &["events"]).output().unwrap();
    assert!(stderr(&output).contains("this needs the role atlas_auditor (docs/OPERATIONS.md)"), "{output:?}");
    assert_eq!(json(&reader.url, data, &["status"])["head"], json(&owner, data, &["status"])["head"]);
    let output = command(Some(&reader.url), data, &["audit", "checkpoint"]).output().unwrap();
    let said = stderr(&output);
    assert!(output.status.code() == Some(2) && said.contains("permission denied"), "{said}");
    assert!(!said.contains("appended"), "nothing was: {said}");
    assert!(said.contains("this needs the role atlas_sequencer"), "{said}");
    json(&writer.url, data, &["audit", "checkpoint"]);
    denied(&writer.url, data, &["scores"]);
    denied(&projector.url, data, &["publish", "--label", "second"]);

    // A login owns nothing, so it can be dropped.
    let events = log::check(db.pool()).await.len();
    for login in [writer, projector, colleague, publisher, reader, auditor] {
        db.pool().execute(format!("DROP ROLE {}", login.name).as_str()).await.unwrap();
    }
    assert_eq!(log::check(db.pool()).await.len(), events);
}

#[tokio::test]
async fn builds_from_before_the_roles_go_to_the_projectors() {
    let db = Db::empty().await;
    let folder = tempfile::tempdir().unwrap();
    let (data, owner) = (folder.path(), url(&db.bare()));
    json(&owner, data, &["ingest", "survey", &demo("survey.csv")]);
    json(&owner, data, &["project"]);
    let scores = json(&owner, data, &["scores"]);
    json(&owner, data, &["migrate", "--roles"]);
    json(&owner, data, &["migrate", "--roles"]);

    let projector = Login::create(&db, "projector", &[PROJECTOR]).await;
    let reader = Login::create(&db, "reader", &[READER]).await;
    assert_eq!(json(&reader.url, data, &["scores"]), scores);
    json(&owner, data, &["ingest", "survey", &demo("survey.csv"), "--observed-at", "2026-07-09"]);
    json(&owner, data, &["ingest", "repo", &demo("repo/js-xdr.json"), "--repo", "pkg:github/stellar/js-xdr"]);
    json(&projector.url, data, &["project"]);
    assert_eq!(json(&projector.url, data, &["rebuild"])["equal_to_live"], true);
    // The owner goes on as before, and what it makes is the group's too.
    json(&owner, data, &["rebuild", "--promote"]);
    json(&projector.url, data, &["project"]);
    assert_eq!(json(&reader.url, data, &["scores", "--level", "repo"]).as_array().unwrap().len(), 1);
    for login in [projector, reader] {
        db.pool().execute(format!("DROP ROLE {}", login.name).as_str()).await.unwrap();
    }
}

#[tokio::test]
async fn a_login_without_rights_is_told_so_when_the_schema_is_missing() {
    let db = Db::empty().await;
    let folder = tempfile::tempdir().unwrap();
    let other = Db::create().await;
    ingest::roles::grant(other.pool()).await.unwrap();
    let writer = Login::create(&db, "writer", &[APPENDER]).await;
    denied(&writer.url, folder.path(), &["ingest", "survey", &demo("survey.csv")]);
    denied(&writer.url, folder.path(), &["migrate"]);
    let mut admin = other.options().connect().await.unwrap();
    admin.execute(format!("DROP ROLE {}", writer.name).as_str()).await.unwrap();
}
