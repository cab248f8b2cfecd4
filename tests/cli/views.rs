//! `docs/VIEWS.md`: every view of a database with every column, and no other.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::readme::fenced;
use crate::support::cli::Place;

/// Columns by name and type, in order.
type Columns = Vec<(String, String)>;

/// Views of the page: a heading `## SCHEMA.NAME`, and its table of name, type and meaning.
fn described(text: &str) -> BTreeMap<String, Columns> {
    let mut views: BTreeMap<String, Columns> = BTreeMap::new();
    let mut name = String::new();
    for line in text.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            heading.clone_into(&mut name);
        }
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        if let (["", column, of_type, says, ""], true) = (cells.as_slice(), line.starts_with("| `")) {
            assert!(!says.is_empty(), "{name}.{column} says nothing");
            let column = column.trim_matches('`').to_owned();
            views.entry(name.clone()).or_default().push((column, (*of_type).to_owned()));
        }
    }
    views
}

#[tokio::test]
async fn the_page_describes_the_views_that_there_are() {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/VIEWS.md")).unwrap();
    let place = Place::new().await;
    place.run(&["demo"]);
    let rows: Vec<(String, String, String)> = sqlx::query_as(
        "SELECT c.relnamespace::regnamespace || '.' || c.relname, a.attname::text, format_type(a.atttypid, NULL)
         FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
         WHERE c.relkind IN ('v', 'm') AND a.attnum > 0 AND NOT a.attisdropped
           AND c.relnamespace::regnamespace::text NOT IN ('pg_catalog', 'information_schema')
         ORDER BY 1, a.attnum",
    )
    .fetch_all(place.db.pool())
    .await
    .unwrap();
    let mut real: BTreeMap<String, Columns> = BTreeMap::new();
    for (view, column, of_type) in rows {
        real.entry(view).or_default().push((column, of_type));
    }
    assert_eq!(described(&text), real);
    // What it shows is SQL of these views.
    for block in fenced(&text, "sql") {
        sqlx::raw_sql(&block).execute(place.db.pool()).await.unwrap();
    }
}
