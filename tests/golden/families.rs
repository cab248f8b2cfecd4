//! What a log gives each family, by which it is seen that a version has to be raised.
//!
//! A version decides whether stored builds are still good. So it is raised when the same log gives other rows, other
//! digests, or rows that are stored otherwise; and not when only a comment or a question has changed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use domain::digest::Digest;
use projections::Projection;
use sqlx::{ConnectOptions as _, Connection as _, PgConnection};

use crate::support::Db;

/// The file: a line for each table of each family, `graph/1 edge ROWS SHA-256`, and one for its views.
pub(super) const FILE: &str = "families.txt";
/// The families that each of the other files comes from.
const OF_FILES: [(&str, &[&str]); 12] = [
    ("contributed_to.txt", &["people"]),
    ("contributors.txt", &["people"]),
    ("depends_on.txt", &["graph"]),
    ("digests.txt", ALL),
    ("external_repos.txt", ALL),
    ("head.txt", ALL),
    ("history.txt", &["graph", "people", "metrics", "history"]),
    ("projects.txt", ALL),
    ("publications.txt", ALL),
    ("repos.txt", ALL),
    ("scores.txt", ALL),
    ("ticks.txt", &["graph", "people", "metrics", "history"]),
];
/// Those that published digests rest on.
const ALL: &[&str] = &["graph", "people", "metrics"];

/// What a view says of whose it is, and how that reads without tenants: its place and its rights decide no row.
const WHOSE: [(&str, &str); 5] = [
    ("{views}", "public"),
    (" WITH (security_invoker = true)", ""),
    ("b.tenant_id = l.tenant_id AND ", ""),
    ("l.tenant_id = {tenant} AND ", ""),
    ("n.tenant_id = {tenant} AND ", ""),
];

/// The rows of every table of the live builds, and the text of the views.
pub(super) async fn rows(db: &Db) -> String {
    let mut conn = db.options().connect().await.unwrap();
    sqlx::raw_sql("SET TIME ZONE 'UTC'; SET extra_float_digits = 1").execute(&mut conn).await.unwrap();
    let mut all = String::new();
    for projection in Projection::ALL {
        let family = projection.family();
        let build: i64 = sqlx::query_scalar("SELECT build FROM atlas.live WHERE projection = $1")
            .bind(family.name)
            .fetch_one(&mut conn)
            .await
            .unwrap();
        for table in family.tables {
            let rows = stored(&mut conn, &format!("build_{build}.{}", table.name)).await;
            let digest = Digest::of(rows.join("\n").as_bytes());
            writeln!(all, "{} {} {} {digest}", family.mark(), table.name, rows.len()).unwrap();
        }
        let said = family.views.lines().filter(|line| !line.trim_start().starts_with("--"));
        let words: Vec<&str> = said.flat_map(str::split_whitespace).collect();
        let said = WHOSE.iter().fold(words.join(" "), |said, (whose, public)| said.replace(whose, public));
        let words = said.split_whitespace().count();
        writeln!(all, "{} views {words} {}", family.mark(), Digest::of(said.as_bytes())).unwrap();
    }
    conn.close().await.unwrap();
    all
}

async fn stored(conn: &mut PgConnection, table: &str) -> Vec<String> {
    let sql = format!("SELECT to_jsonb(t)::text FROM {table} t ORDER BY to_jsonb(t)::text COLLATE \"C\"");
    sqlx::query_scalar(&sql).fetch_all(conn).await.unwrap()
}

/// By family what is said of it: its version, and its lines.
fn by_family(file: &str) -> BTreeMap<&str, (&str, BTreeSet<&str>)> {
    let mut families: BTreeMap<&str, (&str, BTreeSet<&str>)> = BTreeMap::new();
    for line in file.lines() {
        let (mark, said) = line.split_once(' ').unwrap();
        let (name, version) = mark.split_once('/').unwrap();
        families.entry(name).or_insert((version, BTreeSet::new())).1.insert(said);
    }
    families
}

/// The families whose version must be raised before these files may take the place of those that are kept.
pub(super) fn not_raised(kept: &BTreeMap<String, String>, came: &BTreeMap<String, String>) -> Vec<String> {
    let of = |files: &BTreeMap<String, String>| files.get(FILE).cloned().unwrap_or_default();
    let (kept_rows, came_rows) = (of(kept), of(came));
    let (was, is) = (by_family(&kept_rows), by_family(&came_rows));
    let raised = |name: &str| is.get(name).map(|(version, _)| version) != was.get(name).map(|(version, _)| version);
    let mut forgotten = Vec::new();
    for (name, (version, lines)) in &was {
        if let Some((_, now)) = is.get(name).filter(|(_, now)| now != lines && !raised(name)) {
            let tables: BTreeSet<&str> =
                now.symmetric_difference(lines).filter_map(|line| line.split(' ').next()).collect();
            forgotten.push(format!(
                "`{name}` gives other rows ({tables:?}) and its version is {version} still: raise `version` in \
                 projections/src/{name}/family.rs, so that builds of before are not taken for good"
            ));
        }
    }
    for (file, families) in OF_FILES {
        let differs = kept.get(file).is_some_and(|text| came.get(file).is_some_and(|came| came != text));
        // A file that a log's end is written into says little by itself: what is before it differs as well.
        if forgotten.is_empty() && differs && !kept_rows.is_empty() && !families.iter().any(|name| raised(name)) {
            forgotten.push(format!(
                "{file} differs and no version was raised: raise `version` in projections/src/NAME/family.rs of the \
                 one of {families:?} that gives something else"
            ));
        }
    }
    forgotten
}

#[test]
fn what_differs_names_the_family_whose_version_is_to_be_raised() {
    let files = |families: &str, digests: &str| -> BTreeMap<String, String> {
        [(FILE, families), ("digests.txt", digests), ("leaves.txt", digests)]
            .into_iter()
            .map(|(file, text)| (file.to_owned(), text.to_owned()))
            .collect()
    };
    let kept = files("graph/1 edge 2 aa\ngraph/1 fact 3 bb\npeople/1 fact 1 cc\n", "1");
    assert!(not_raised(&kept, &kept).is_empty());
    let said = not_raised(&kept, &files("graph/1 edge 2 ab\ngraph/1 fact 3 bb\npeople/1 fact 1 cc\n", "2"));
    assert!(matches!(&said[..], [one] if one.contains("`graph`") && one.contains("{\"edge\"}")), "{said:?}");
    let raised = files("graph/2 edge 2 ab\ngraph/2 fact 3 bb\npeople/1 fact 1 cc\n", "2");
    assert!(not_raised(&kept, &raised).is_empty());
    // Another digest of the same rows.
    let said = not_raised(&kept, &files(&kept[FILE], "2"));
    assert!(matches!(&said[..], [one] if one.starts_with("digests.txt")), "{said:?}");
    // The first time there is nothing to compare with.
    assert!(not_raised(&BTreeMap::new(), &raised).is_empty());
}
