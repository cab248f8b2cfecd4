//! What stands between tables and those who read them is what the program makes, however it came to be.

use domain::facts::formula::FormulaPromoted;
use projections::tables::Projection;
use serde_json::{Value, json};
use sqlx::{ConnectOptions as _, Executor as _};

use super::readers::kept;
use super::support::{ecosystem, published, verify};
use crate::support::cli::{Place, ended};
use crate::support::{events, log};

/// What is done beside the rows, and what is named: kind and name.
const REST: &[(&str, &str, &str)] = &[
    (
        "CREATE OR REPLACE VIEW public.contributed_to AS SELECT contributor AS in_vertex, repo AS out_vertex, \
         number_of_commits * 2 AS number_of_commits, first_commit_date, last_commit_date FROM {people}.contribution",
        "view",
        "public.contributed_to",
    ),
    (
        "CREATE OR REPLACE VIEW public.contributed_to AS SELECT c.contributor AS in_vertex, c.repo AS out_vertex, \
         c.number_of_commits, c.first_commit_date, c.last_commit_date FROM {people}.contribution c \
         WHERE current_user <> 'journalist'",
        "view",
        "public.contributed_to",
    ),
    (
        "ALTER VIEW public.repos RENAME COLUMN pony_factor TO old; \
         ALTER VIEW public.repos RENAME COLUMN criticality_score TO pony_factor; \
         ALTER VIEW public.repos RENAME COLUMN old TO criticality_score",
        "view",
        "public.repos",
    ),
    (
        "CREATE FUNCTION public.split_part(text, text, integer) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1'; \
         DO $do$ BEGIN EXECUTE 'CREATE OR REPLACE VIEW public.external_repos AS ' || \
         replace(pg_get_viewdef('public.external_repos'), 'split_part', 'public.split_part'); END $do$",
        "view",
        "public.external_repos",
    ),
    ("ALTER VIEW public.projects SET (security_barrier = true)", "view", "public.projects"),
    ("DROP VIEW public.depends_on", "view", "public.depends_on"),
    (
        "CREATE TABLE public.saved AS SELECT * FROM public.depends_on; DROP VIEW public.depends_on; \
         ALTER TABLE public.saved RENAME TO depends_on",
        "view",
        "public.depends_on",
    ),
    (
        "CREATE OR REPLACE VIEW log.events AS SELECT kind AS aggregate_type, stream_id AS aggregate_id, sequence, \
         type AS event_type, version::text AS event_version, '{}'::json AS payload, '{}'::json AS metadata \
         FROM log.event",
        "view",
        "log.events",
    ),
    ("DELETE FROM atlas.live", "view", "public.repos"),
    ("DELETE FROM atlas.live WHERE projection = 'history'", "build", "history"),
    ("ALTER TABLE {graph}.vertex ENABLE ROW LEVEL SECURITY", "table", "{graph}.vertex"),
    (
        "ALTER TABLE {graph}.finding RENAME TO hidden; \
         CREATE VIEW {graph}.finding AS SELECT * FROM {graph}.hidden WHERE current_user <> 'journalist' OR true",
        "table",
        "{graph}.finding",
    ),
    // What is in a table that inherits is shown with the rest, and no trigger keeps it.
    ("CREATE TABLE public.more () INHERITS (log.checkpoint)", "table", "log.checkpoint"),
    ("CREATE TABLE public.more () INHERITS ({graph}.finding)", "table", "{graph}.finding"),
    ("CREATE RULE r AS ON UPDATE TO atlas.person DO INSTEAD NOTHING", "table", "atlas.person"),
    ("ALTER TABLE log.event DISABLE TRIGGER append_only", "trigger", "append_only on log.event"),
    ("ALTER TABLE log.commit ENABLE REPLICA TRIGGER never_truncated", "trigger", "never_truncated on log.commit"),
    ("ALTER TABLE log.append ENABLE TRIGGER append_only", "trigger", "append_only on log.append"),
    ("DROP TRIGGER append_only ON log.checkpoint", "trigger", "append_only on log.checkpoint"),
    (
        "DROP TRIGGER append_only ON log.tile; CREATE TRIGGER append_only BEFORE DELETE ON log.tile \
         FOR EACH ROW EXECUTE FUNCTION log.refuse_rewrite()",
        "trigger",
        "append_only on log.tile",
    ),
    (
        "CREATE FUNCTION public.evil() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; \
         CREATE TRIGGER evil BEFORE INSERT ON log.event FOR EACH ROW EXECUTE FUNCTION public.evil()",
        "trigger",
        "evil on log.event",
    ),
    (
        "CREATE OR REPLACE FUNCTION log.refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END'",
        "function",
        "log.refuse_change",
    ),
    ("ALTER FUNCTION log.refuse_change() RESET search_path", "function", "log.refuse_change"),
    ("ALTER FUNCTION log.fill_tiles(bigint) SECURITY INVOKER", "function", "log.fill_tiles"),
    // This one decides whose every row is.
    (
        "CREATE OR REPLACE FUNCTION log.current_tenant() RETURNS integer STABLE PARALLEL SAFE RETURN 1",
        "function",
        "log.current_tenant",
    ),
    (
        "CREATE OR REPLACE FUNCTION log.metadata_is_bounded(metadata text) RETURNS boolean \
         LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS 'BEGIN RETURN true; END'",
        "function",
        "log.metadata_is_bounded",
    ),
    // What is compared would be the decoy's, and what is read the journalist's.
    (
        "CREATE SCHEMA decoy; DO $do$ DECLARE view text; BEGIN FOR view IN SELECT viewname FROM pg_views \
         WHERE schemaname = 'public' LOOP EXECUTE format('CREATE VIEW decoy.%I WITH (security_invoker = true) AS %s', \
         view, pg_get_viewdef('public.' || view)); END LOOP; END $do$; \
         CREATE OR REPLACE FUNCTION atlas.views_schema() RETURNS text STABLE RETURN 'decoy'; \
         CREATE OR REPLACE VIEW public.contributed_to WITH (security_invoker = true) AS SELECT c.contributor AS \
         in_vertex, c.repo AS out_vertex, c.number_of_commits, c.first_commit_date, c.last_commit_date \
         FROM {people}.contribution c WHERE current_user <> 'journalist'",
        "view",
        "public.contributed_to",
    ),
    // Of a function in the standard's own form the server keeps no text.
    (
        "CREATE OR REPLACE FUNCTION atlas.views_schema() RETURNS text STABLE RETURN 'x'",
        "function",
        "atlas.views_schema",
    ),
    ("ALTER FUNCTION atlas.share(bigint, text[]) RESET search_path", "function", "atlas.share"),
    ("ALTER FUNCTION atlas.drop_build(bigint) SET search_path = public", "function", "atlas.drop_build"),
    ("ALTER FUNCTION log.make_tenant(text) SECURITY DEFINER", "function", "log.make_tenant"),
    ("ALTER FUNCTION log.fill_tiles(bigint) OWNER TO pg_monitor", "function", "log.fill_tiles"),
    ("ALTER FUNCTION log.tile_root(bytea) VOLATILE", "function", "log.tile_root"),
    (
        "CREATE FUNCTION log.fill_tiles(size integer) RETURNS void LANGUAGE sql AS 'SELECT'",
        "function",
        "log.fill_tiles",
    ),
    ("CREATE FUNCTION atlas.more() RETURNS void LANGUAGE sql AS 'SELECT'", "function", "atlas.more"),
    ("ALTER TABLE log.outbox OWNER TO pg_monitor", "table", "log.outbox"),
    ("CREATE POLICY more ON log.event USING (true)", "policy", "more on log.event"),
    ("CREATE POLICY less ON log.event AS RESTRICTIVE FOR SELECT USING (kind <> 'x')", "policy", "less on log.event"),
    ("ALTER POLICY tenant ON log.head USING (true)", "policy", "tenant on log.head"),
    ("ALTER POLICY tenant ON atlas.person WITH CHECK (true)", "policy", "tenant on atlas.person"),
    ("ALTER POLICY tenant ON log.append TO pg_monitor", "policy", "tenant on log.append"),
    ("ALTER POLICY own ON log.tenant USING (true)", "policy", "own on log.tenant"),
    ("DROP POLICY tenant ON log.tile", "policy", "tenant on log.tile"),
    ("ALTER TABLE log.commit DISABLE ROW LEVEL SECURITY", "policy", "log.commit"),
    ("ALTER TABLE atlas.live NO FORCE ROW LEVEL SECURITY", "policy", "atlas.live"),
    (
        "CREATE FUNCTION public.evil() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; \
         CREATE TRIGGER evil BEFORE INSERT ON atlas.person FOR EACH ROW EXECUTE FUNCTION public.evil()",
        "trigger",
        "evil on atlas.person",
    ),
    ("DELETE FROM public._sqlx_migrations WHERE version = 5", "schema", "migration 5"),
    ("UPDATE public._sqlx_migrations SET success = false WHERE version = 10", "schema", "migration 10"),
    (
        "INSERT INTO public._sqlx_migrations SELECT 14, 'more', now(), true, checksum, 1 \
         FROM public._sqlx_migrations WHERE version = 1",
        "schema",
        "migration 14",
    ),
    ("UPDATE public._sqlx_migrations SET checksum = sha256('x') WHERE version = 2", "schema", "migration 2"),
    ("UPDATE atlas.build SET quarantine_digest = sha256('x')", "build", "{metrics}"),
    ("UPDATE atlas.build SET code = 'graph/99+0.1.0+x' WHERE projection = 'graph'", "build", "{graph}"),
    ("UPDATE atlas.build SET position = 9999", "build", "{graph}"),
    ("UPDATE atlas.build SET position = position - 1 WHERE projection = 'people'", "build", "{people}"),
    (
        "UPDATE atlas.build SET built_to = position + 1, log_root = (SELECT root FROM log.head) \
         WHERE projection = 'graph'",
        "build",
        "{graph}",
    ),
    ("UPDATE atlas.build SET built_to = 2, log_root = sha256('x') WHERE projection = 'people'", "build", "{people}"),
    ("UPDATE atlas.build SET formula_document = 'x' WHERE projection = 'metrics'", "build", "{metrics}"),
    (
        "UPDATE atlas.build SET formula = 'atlas-1', formula_hash = sha256('x') WHERE formula IS NOT NULL",
        "formula",
        "atlas-1",
    ),
    (
        "ALTER TABLE log.checkpoint DISABLE TRIGGER ALL; DELETE FROM log.checkpoint; \
         ALTER TABLE log.checkpoint ENABLE ALWAYS TRIGGER append_only, ENABLE ALWAYS TRIGGER never_truncated",
        "checkpoint",
        "of size",
    ),
];

#[tokio::test]
async fn what_stands_between_tables_and_readers_is_compared() {
    let kept = kept().await;
    for (sql, what, name) in REST {
        let found = kept.after(sql).await;
        let named = |name: String, (of, id): &(String, i64)| name.replace(&format!("{{{of}}}"), &format!("build_{id}"));
        let name = kept.builds.iter().fold((*name).to_owned(), named);
        println!("{sql}: {what} {name}");
        let faults = found["faults"].as_array().unwrap();
        let is = |fault: &Value| fault["what"] == *what && fault["name"].as_str().unwrap().starts_with(&name);
        assert!(faults.iter().any(is), "{sql}: {found}");
    }
}

#[tokio::test]
async fn a_login_that_only_reads_by_default_checks_all_the_same() {
    let place = published().await;
    let name = place.db.bare().get_database().unwrap().to_owned();
    for default in ["default_transaction_isolation = 'serializable'", "default_transaction_read_only = on"] {
        place.db.pool().execute(format!("ALTER DATABASE {name} SET {default}").as_str()).await.unwrap();
    }
    assert_eq!(verify(&place, 0, &[])["faults"], json!([]));
}

/// What an older program made of the views: rows of all tenants, and no word of which text they are of.
const OLDER: &str = "
    DO $do$
    DECLARE
        view text;
        body text;
    BEGIN
        FOR view, body IN SELECT viewname, definition FROM pg_views WHERE schemaname = 'public' LOOP
            body := replace(replace(body, '(l.tenant_id = 1) AND ', ''), 'n.tenant_id = 1', 'true');
            EXECUTE format('CREATE OR REPLACE VIEW public.%I WITH (security_invoker = true) AS %s', view, body);
        END LOOP;
        FOR view IN SELECT schemaname FROM pg_tables WHERE tablename = 'score' LOOP
            EXECUTE format('COMMENT ON TABLE %I.score IS NULL', view);
        END LOOP;
    END
    $do$";

#[tokio::test]
async fn views_that_an_older_program_made_are_made_anew_with_the_next_projection() {
    let place = published().await;
    let live = "SELECT build FROM atlas.live ORDER BY build";
    let before: Vec<i64> = sqlx::query_scalar(live).fetch_all(place.db.pool()).await.unwrap();
    for more in [false, true] {
        place.db.pool().execute(sqlx::raw_sql(OLDER)).await.unwrap();
        let found = verify(&place, 1, &[]);
        let faults = found["faults"].as_array().unwrap();
        assert!(!faults.is_empty() && faults.iter().all(|fault| fault["what"] == "view"), "{found}");
        // Whether or not there is something to fold.
        if more {
            log::append(&place.db.log(), events::repo("o/a", 1)).await;
        }
        place.run(&["project"]);
        assert_eq!(verify(&place, 0, &[])["faults"], json!([]));
    }
    let after: Vec<i64> = sqlx::query_scalar(live).fetch_all(place.db.pool()).await.unwrap();
    assert_eq!(after, before, "no build was made anew for it");
}

#[tokio::test]
async fn views_that_others_read_or_own_stay_and_hinder_nobody() {
    let place = published().await;
    place.db.pool().execute(sqlx::raw_sql(OLDER)).await.unwrap();
    let mut reader = place.db.pool().begin().await.unwrap();
    reader.execute("SELECT count(*) FROM public.repos").await.unwrap();
    log::append(&place.db.log(), events::repo("o/a", 1)).await;
    let head = place.run(&["status"])["head"].clone();
    place.run(&["project"]);
    reader.rollback().await.unwrap();
    let stands = "SELECT min(b.position) FROM atlas.live l JOIN atlas.build b ON b.id = l.build";
    let stands: i64 = sqlx::query_scalar(stands).fetch_one(place.db.pool()).await.unwrap();
    assert_eq!(head, stands);
    assert!(!verify(&place, 1, &[])["faults"].as_array().unwrap().is_empty());
}

#[tokio::test]
async fn a_promotion_that_is_under_way_is_waited_for() {
    let place = published().await;
    let mut conn = place.db.options().connect().await.unwrap();
    let head = replay::log::head(&mut conn).await.unwrap().position;
    let formula = replay::formulas::named(&mut conn, "atlas-1", head).await.unwrap();
    let which = [Projection::Metrics, Projection::History];
    let mut shadow = replay::rebuild::build(&mut conn, &which, &formula, head, &mut |_| {}).await.unwrap();
    // The log says it, another projector moves the live builds past that, and the switch is still to come.
    let promoted = FormulaPromoted {
        formula: formula.formula.name.clone(),
        hash: formula.formula.hash(),
        projections: which.iter().map(|projection| projection.name().to_owned()).collect(),
        digest: shadow.outcome().digest,
        position: head,
    };
    log::append(&place.db.log(), promoted.into()).await;
    place.run(&["project"]);
    let now: String = sqlx::query_scalar("SELECT now()::text").fetch_one(place.db.pool()).await.unwrap();
    let checked = std::thread::spawn({
        let command = place.command(&["audit", "verify"]);
        move || ended(0, command).json()
    });
    let looked = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND backend_start > '{now}' \
         AND application_name = 'pg-atlas' AND query LIKE 'COMMIT%'"
    );
    while sqlx::query_scalar::<_, i64>(&looked).fetch_one(place.db.pool()).await.unwrap() == 0 {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    replay::promote::promote(&mut conn, &mut shadow).await.unwrap();
    let found = tokio::task::spawn_blocking(|| checked.join().unwrap()).await.unwrap();
    assert_eq!((&found["ok"], &found["faults"], &found["divergences"]), (&json!(true), &json!([]), &json!([])));
    // What was live before is still there, and is not looked at.
    let former = "SELECT former FROM atlas.live WHERE projection = 'metrics'";
    let former: i64 = sqlx::query_scalar(former).fetch_one(place.db.pool()).await.unwrap();
    let named = format!("build_{former} (retired)");
    assert!(found["not_covered"].to_string().contains(&named), "{found}");
}

#[tokio::test]
async fn the_live_formula_is_the_one_that_was_promoted_last() {
    let place = Place::new().await;
    ecosystem(&place);
    place.run(&["project"]);
    place.run(&["rebuild", "--formula", "atlas-1", "--promote"]);
    assert_eq!(verify(&place, 0, &[])["faults"], json!([]));
    // The former builds come back without a word in the log.
    let back = "UPDATE atlas.build b SET position = l.position FROM atlas.build l, atlas.live n \
                WHERE b.id = n.former AND l.id = n.build; \
                UPDATE atlas.live SET build = former WHERE former IS NOT NULL";
    place.db.pool().execute(sqlx::raw_sql(back)).await.unwrap();
    let found = verify(&place, 1, &[]);
    let faults = found["faults"].as_array().unwrap();
    assert!(faults.iter().any(|fault| fault["what"] == "formula" && fault["name"] == "seed"), "{found}");
    // A database that is made of the log shows what the log promoted.
    let bundle = place.path("log.bundle").to_str().unwrap().to_owned();
    place.run(&["audit", "export", &bundle]);
    let other = Place::new().await;
    other.run(&["audit", "import", &bundle]);
    other.run(&["project"]);
    assert_eq!(verify(&other, 0, &[])["ok"], true);
}
