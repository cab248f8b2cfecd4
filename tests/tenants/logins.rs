//! People of a tenant with a login each, where the roles are nobody's tenant.

use ingest::roles::{self, APPENDER, AUDITOR, PROJECTOR, READER, SEQUENCER};

use super::commands::{Atlas, demo};
use super::*;

/// A login in these roles that may be the tenant of this number.
async fn login<'a>(db: &'a Db, roles: &[&str], tenant: i32) -> Login<'a> {
    let login = Login::create(db, "acme").await;
    let sql = format!("GRANT {} TO {1}; GRANT USAGE ON SCHEMA tenant_{tenant} TO {1}", roles.join(", "), login.name);
    sqlx::raw_sql(&sql).execute(db.pool()).await.unwrap();
    login
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_login_of_a_tenant_does_its_work_there_and_nothing_elsewhere() {
    let place = Place::new().await;
    let db = &place.db;
    let owner = Atlas::of(&place, &db.bare());
    owner.run("public", &["migrate", "--roles"]);
    owner.run("public", &["tenant", "create", "acme"]);
    owner.run("public", &["tenant", "create", "other"]);
    for name in ["public", "other"] {
        owner.run(name, &["ingest", "survey", &demo("survey.csv")]);
        owner.run(name, &["project"]);
    }
    let groups = roles::ALL.join(", ");
    db.pool().execute(format!("REVOKE USAGE ON SCHEMA tenant_1 FROM {groups}").as_str()).await.unwrap();
    let logins = [
        login(db, &[APPENDER, SEQUENCER], 2).await,
        login(db, &[PROJECTOR], 2).await,
        login(db, &[READER], 2).await,
        login(db, &[AUDITOR, READER], 2).await,
        login(db, &[APPENDER, SEQUENCER, PROJECTOR], 2).await,
    ];
    let [writer, projector, reader, auditor, publisher] =
        logins.each_ref().map(|login| Atlas::of(&place, &login.options()));
    owner.run("public", &["migrate", "--roles"]);

    let repo = ["ingest", "repo", &demo("repo/js-xdr.json"), "--repo", "pkg:github/stellar/js-xdr"];
    writer.run("acme", &repo);
    writer.run("acme", &["ingest", "survey", &demo("survey.csv")]);
    let head = projector.run("acme", &["project"])["projections"][0]["position"].clone();
    let scores = reader.run("acme", &["scores"]);
    assert!(scores.as_array().unwrap().len() > 5);
    assert_eq!(reader.run("acme", &["status"])["head"], head);
    assert_eq!(auditor.run("acme", &["replay", "--verify"])["verified"], true);
    publisher.run("acme", &["publish", "--label", "first"]);
    assert_eq!(publisher.run("acme", &["rebuild", "--promote"])["promoted"], true);
    projector.run("acme", &["rebuild"]);
    projector.run("acme", &["project"]);
    assert_eq!(reader.run("acme", &["scores"]), scores);

    // The views of the tenant, for who says that he is it.
    let mut conn = logins[2].options().options([second().setting()]).connect().await.unwrap();
    for view in ["projects", "repos", "external_repos", "contributors", "depends_on", "contributed_to"] {
        let counted = format!("SELECT count(*) FROM tenant_2.{view}");
        let rows: i64 = sqlx::query_scalar(&counted).fetch_one(&mut conn).await.unwrap();
        assert!(rows > 0 || !["projects", "repos"].contains(&view), "{view}");
        let foreign = format!("SELECT count(*) FROM tenant_3.{view}");
        assert!(sqlx::query_scalar::<_, i64>(&foreign).fetch_one(&mut conn).await.is_err(), "{view} of another");
    }
    let known = "SELECT updated_at IS NOT NULL FROM tenant_2.projects LIMIT 1";
    assert!(sqlx::query_scalar::<_, bool>(known).fetch_one(&mut conn).await.unwrap());
    conn.execute("RESET ROLE; SET pg_atlas.tenant = ''").await.unwrap();
    assert!(conn.fetch_one("SELECT updated_at FROM tenant_2.projects").await.is_err(), "of nobody");
    conn.close().await.unwrap();

    // A projector shares what is the projectors', and nobody else's.
    let foreign = "CREATE VIEW tenant_2.foreign_to_it AS SELECT 1 AS secret";
    db.pool().execute(foreign).await.unwrap();
    let mut conn = logins[1].options().options([second().setting()]).connect().await.unwrap();
    conn.execute("SELECT atlas.share(NULL, ARRAY['foreign_to_it'])").await.unwrap();
    conn.close().await.unwrap();
    let reads = format!("SELECT has_table_privilege('{}', 'tenant_2.foreign_to_it', 'SELECT')", logins[2].name);
    assert!(!sqlx::query_scalar::<_, bool>(&reads).fetch_one(db.pool()).await.unwrap());

    // And `public` is another tenant.
    for (atlas, args) in [
        (&writer, &repo[..]),
        (&projector, &["project"]),
        (&reader, &["scores"]),
        (&reader, &["status"]),
        (&auditor, &["events"]),
        (&publisher, &["publish", "--label", "second"]),
    ] {
        let said = atlas.ends("public", 2, args);
        assert!(said.stdout.is_empty() && said.stderr.contains("no such tenant for this user"), "{args:?}: {said:?}");
        atlas.ends("other", 2, args);
    }
    // Rights that are taken end with the next statement, those to builds with the next `migrate --roles`.
    let gone = format!("REVOKE USAGE ON SCHEMA tenant_2 FROM {}", logins[2].name);
    db.pool().execute(gone.as_str()).await.unwrap();
    reader.ends("acme", 2, &["scores"]);
    owner.run("public", &["migrate", "--roles"]);
    let left = format!(
        "SELECT count(*) FROM pg_class c, aclexplode(c.relacl) a WHERE a.grantee = '{}'::regrole::oid",
        logins[2].name
    );
    assert_eq!(sqlx::query_scalar::<_, i64>(&left).fetch_one(db.pool()).await.unwrap(), 0);
    for login in logins {
        login.drop().await;
    }
}
