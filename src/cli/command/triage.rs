//! `triage list` and `conflicts`: open questions, and what sources contradict each other about.

use projections::store::{self, Build, query};
use serde_json::json;
use sqlx::PgConnection;

use super::project;
use crate::cli::failure::Result;
use crate::cli::output::{Output, object};
use crate::cli::session::Session;

const COLUMNS: &[&str] = &["id", "kind", "reason"];
/// The questions in which two sources say different things; the others are questions because no source says enough.
const CONTRADICTIONS: [&str; 3] = ["membership", "owner", "publication"];

/// An open question.
pub(crate) struct Question {
    /// `KIND/SUBJECT`: what names it.
    pub(crate) id: String,
    /// Its kind.
    pub(crate) kind: String,
    /// What is unclear.
    pub(crate) reason: String,
}

/// Every open question of the live build, by id.
pub(crate) async fn open_questions(session: &Session) -> Result<Vec<Question>> {
    let mut conn = session.connect().await?;
    let live = store::live_builds(&mut conn).await?;
    questions(session, &mut conn, &live).await
}

async fn questions(session: &Session, conn: &mut PgConnection, live: &[Build]) -> Result<Vec<Question>> {
    project::say_lag(session, conn, live).await?;
    let findings = if live.is_empty() { Vec::new() } else { query::findings(conn, live).await? };
    let question = |(kind, subject, reason)| Question { id: format!("{kind}/{subject}"), kind, reason };
    Ok(findings.into_iter().map(question).collect())
}

/// `triage list`.
pub(crate) async fn list(session: &Session) -> Result<Output> {
    Ok(rows(open_questions(session).await?))
}

/// `conflicts`: the questions behind which two sources stand, and what the registry says of a repository's dependencies
/// that its own bill of materials does not know.
pub(crate) async fn conflicts(session: &Session) -> Result<Output> {
    let mut conn = session.connect().await?;
    let live = store::live_builds(&mut conn).await?;
    let mut found = questions(session, &mut conn, &live).await?;
    found.retain(|question| CONTRADICTIONS.contains(&question.kind.as_str()));
    let edges = if live.is_empty() { Vec::new() } else { query::undeclared(&mut conn).await? };
    found.extend(edges.into_iter().map(|edge| {
        let requirement = edge.version_range.map(|range| format!(" ({range})")).unwrap_or_default();
        let (from, to) = (&edge.in_vertex, &edge.out_vertex);
        Question {
            id: format!("edge/{from} -> {to}"),
            kind: "edge".to_owned(),
            reason: format!(
                "a registry says that it depends on {to}{requirement}; its bill of materials does not list it"
            ),
        }
    }));
    found.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(rows(found))
}

fn rows(questions: Vec<Question>) -> Output {
    let rows = questions.into_iter();
    let rows = rows.map(|q| object(json!({"id": q.id, "kind": q.kind, "reason": q.reason})));
    Output::Rows(COLUMNS.to_vec(), rows.collect())
}
