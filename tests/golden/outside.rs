//! What can be seen of a log from outside: through the program and the public views.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::{Value, json};
use sqlx::{ConnectOptions as _, Connection as _, PgConnection};

use crate::support::Db;
use crate::support::cli::Place;

/// The views that others build upon.
const VIEWS: [&str; 6] = ["contributed_to", "contributors", "depends_on", "external_repos", "projects", "repos"];

/// One JSON value a line.
pub(super) fn lines(bytes: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(bytes).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("-")
}

/// Positions, leaf hashes, and what they are of.
pub(super) fn leaves(events: &[Value]) -> String {
    let mut all = String::new();
    for event in events {
        let fields = ["leaf_hash", "type", "sequence", "stream"].map(|field| event[field].to_string().replace('"', ""));
        writeln!(all, "{} {}", event["position"], fields.join(" ")).unwrap();
    }
    all
}

/// The formulas that can be evaluated: those shipped and those that the log adopted.
pub(super) fn formulas(place: &Place) -> Vec<String> {
    let listed = place.run(&["formula", "list"]);
    let names: BTreeSet<String> = listed.as_array().unwrap().iter().map(|row| text(&row["name"]).to_owned()).collect();
    assert!(["atlas-1", "seed", "upstream-0.6"].iter().all(|name| names.contains(*name)), "{names:?}");
    names.into_iter().collect()
}

/// Position, formula, digest, state digest; a star where the log itself says which formula it is.
pub(super) fn digests(place: &Place, formulas: &[String], positions: &BTreeSet<u64>) -> String {
    let mut all = String::new();
    for position in positions {
        let at = position.to_string();
        let mut line = |mark: &str, said: &Value| {
            let (formula, digest, state) = (text(&said["formula"]), text(&said["digest"]), text(&said["state_digest"]));
            writeln!(all, "{at} {formula}{mark} {digest} {state}").unwrap();
        };
        line("*", &place.run(&["replay", "--as-of", &at]));
        for formula in formulas {
            let mut asked = place.command(&["replay", "--as-of", &at, "--formula", formula]);
            let output = asked.output().unwrap();
            // An own formula is there from its adoption on.
            if output.status.success() {
                line("", &serde_json::from_slice(&output.stdout).unwrap());
            } else {
                let missing = String::from_utf8(output.stderr).unwrap();
                assert!(missing.contains(formula.as_str()), "{asked:?}: {missing}");
            }
        }
    }
    all
}

/// Scores of projects and Repos under every formula, a row a line.
pub(super) fn scores(place: &Place, formulas: &[String]) -> String {
    let mut all = String::new();
    for formula in formulas {
        for level in ["project", "repo"] {
            let rows = place.run(&["scores", "--formula", formula, "--level", level]);
            for row in rows.as_array().unwrap() {
                let id = text(&row["id"]);
                let fields = ["activity_status", "criticality_score", "pony_factor", "adoption_score", "pg_score"];
                let values: Vec<String> = fields.iter().map(|field| format!("{field}={}", row[field])).collect();
                writeln!(all, "{formula} {level} {id} {}", values.join(" ").replace('"', "")).unwrap();
            }
        }
    }
    all
}

/// What was published, and whether it still follows from the log.
pub(super) fn publications(place: &Place, events: &[Value]) -> String {
    let asked = place.command(&["audit", "verify"]).output().unwrap();
    let verified: Value = serde_json::from_slice(&asked.stdout).unwrap();
    // The files are of the default formula, whatever the log promotes; nothing else is to be wrong.
    let faults = verified["faults"].as_array().unwrap();
    assert!(faults.iter().all(|fault| fault["what"] == "formula" && fault["position"].is_null()), "{verified}");
    assert_eq!((&verified["divergences"], verified["ok"] == true), (&json!([]), faults.is_empty()), "{verified}");
    let mut all = String::new();
    for event in events.iter().filter(|event| event["type"] == "ScoresPublished") {
        let payload = &event["payload"];
        let label = text(&payload["label"]);
        let found = verified["publications"].as_array().unwrap().iter().find(|one| one["label"] == label).unwrap();
        // What other versions of the families published is theirs to prove.
        let other = found["result"] == "other_version";
        let said = place.ends(if other { 2 } else { 0 }, &["replay", "--verify", "--label", label]);
        assert!(other || said.json()["verified"] == true, "{label}: {said:?}");
        let fields = ["digest", "state_digest", "quarantine_digest"].map(|field| text(&payload[field]));
        let (position, formula, result) = (&payload["position"], text(&payload["formula"]), text(&found["result"]));
        writeln!(all, "{label} {position} {formula} {result} {}", fields.join(" ")).unwrap();
    }
    all
}

/// Head and root, and what a publication there says.
pub(super) fn head(place: &Place, head: u64) -> String {
    let status = place.run(&["status"]);
    assert_eq!(status["head"], head);
    let said = place.run(&["publish", "--label", "golden"]);
    let events = lines(&place.ends(0, &["events", "--from", &head.to_string()]).stdout);
    let published = events.iter().find(|event| event["payload"]["label"] == "golden").unwrap();
    let mut all = String::new();
    writeln!(all, "head {head}\nroot {}", text(&status["root"])).unwrap();
    writeln!(all, "formula {}", text(&said["formula"])).unwrap();
    for field in ["digest", "state_digest", "quarantine_digest"] {
        writeln!(all, "{field} {}", text(&published["payload"][field])).unwrap();
    }
    all
}

/// The rows of every view, of the history and of its ticks, as they are live.
pub(super) async fn tables(db: &Db) -> BTreeMap<String, String> {
    let mut conn = db.options().connect().await.unwrap();
    sqlx::raw_sql("SET TIME ZONE 'UTC'; SET DateStyle = 'ISO, YMD'; SET extra_float_digits = 1")
        .execute(&mut conn)
        .await
        .unwrap();
    let mut files = BTreeMap::new();
    for view in VIEWS {
        let columns = format!(
            "SELECT string_agg(column_name || ' ' || data_type, ', ' ORDER BY ordinal_position) \
               FROM information_schema.columns WHERE table_schema = 'public' AND table_name = '{view}'"
        );
        let head: String = sqlx::query_scalar(&columns).fetch_one(&mut conn).await.unwrap();
        let rows = rows(&mut conn, &format!("SELECT v::text AS row FROM public.{view} v")).await;
        files.insert(format!("{view}.txt"), format!("{head}\n{rows}"));
    }
    let live = "SELECT 'build_' || build FROM atlas.live WHERE projection = 'history'";
    let history: String = sqlx::query_scalar(live).fetch_one(&mut conn).await.unwrap();
    // A value holds from its move to the next.
    let spans = format!(
        "WITH span AS ( \
             SELECT level, id, metric, m.position, m.value, \
                    lead(m.position) OVER (PARTITION BY level, id, metric ORDER BY m.position) AS ended \
               FROM {history}.span s, unnest(s.positions, s.held) AS m(position, value)) \
         SELECT level || ' ' || id || ' ' || metric || ':' || \
                string_agg(' [' || position || ',' || coalesce(ended::text, '') || ') ' || \
                           coalesce(value, 'null'), ';' ORDER BY position) AS row \
           FROM span GROUP BY level, id, metric"
    );
    files.insert("history.txt".to_owned(), rows(&mut conn, &spans).await);
    let ticks = format!("SELECT lpad(t.position::text, 6) || ' ' || t::text AS row FROM {history}.tick t");
    files.insert("ticks.txt".to_owned(), rows(&mut conn, &ticks).await);
    conn.close().await.unwrap();
    files
}

/// The one column `row` of a query, a line each, in bytewise order.
async fn rows(conn: &mut PgConnection, query: &str) -> String {
    let sorted = format!("SELECT row FROM ({query}) q ORDER BY row COLLATE \"C\"");
    let rows: Vec<String> = sqlx::query_scalar(&sorted).fetch_all(conn).await.unwrap();
    rows.into_iter().map(|row| row + "\n").collect()
}
