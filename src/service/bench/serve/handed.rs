//! Bills of materials that are handed in at a rate, as any client does, and what becomes of each.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use domain::number::fit;
use ingest::Log;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::pace::Pace;
use super::{LoadPlan, ServedIds};
use crate::service::bench::measure::{Figures, quantile, report};
use crate::service::plain_http::Connection;
use crate::service::{Error, Result};

/// Packages of a document.
const PACKAGES: usize = 100;

/// A document that was answered 202.
#[derive(Debug)]
struct AcceptedDocument {
    position: u64,
    /// The repository that it is about.
    repo: String,
    /// When the answer was there.
    at: Instant,
}

/// What came of documents.
#[derive(Debug, Default)]
pub(super) struct Handed {
    accepted: Vec<AcceptedDocument>,
    /// How many got each answer that asks to come again later.
    too_many: u64,
    unavailable: u64,
    /// Answers of other kinds.
    others: u64,
    /// Requests without an answer.
    unanswered: u64,
    /// Documents that no connection was free for before the time was over.
    unsent: u64,
    /// How long each answer took from when its request was due.
    milliseconds: Vec<f64>,
}

/// The document of this number: what it says no other does.
fn document(number: u64, packages: &[String]) -> Vec<u8> {
    let package = |place: usize| {
        let id = &packages[(fit::<usize>(number, "documents") + place) % packages.len()];
        json!({"SPDXID": format!("SPDXRef-{place}"), "name": id, "versionInfo": format!("{number}.{place}.0"),
            "downloadLocation": "NOASSERTION", "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER",
            "referenceType": "purl", "referenceLocator": format!("{id}@{number}.{place}.0")}]})
    };
    let packages: Vec<Value> = (0..PACKAGES).map(package).collect();
    let document = json!({"spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT",
        "name": format!("document {number}"), "documentNamespace": format!("https://spdx.example/{number}"),
        "creationInfo": {"created": "2026-01-01T00:00:00Z", "creators": ["Tool: bench"]}, "packages": packages,
        "relationships": []});
    document.to_string().into_bytes()
}

/// Hands in with a key, as planned.
pub(super) async fn hand_in(
    host: &str,
    key: Option<String>,
    plan: &LoadPlan,
    ids: &Arc<ServedIds>,
    begun: Instant,
) -> Handed {
    let mut all = Handed::default();
    let Some(key) = key else { return all };
    let pace = Arc::new(Pace::new(begun, plan.ingest_rate, plan.seconds));
    let end = begun + Duration::from_secs(u64::from(plan.seconds));
    let mut workers = JoinSet::new();
    for _ in 0..plan.ingest_connections {
        workers.spawn(worker(host.to_owned(), key.clone(), Arc::clone(&pace), end, Arc::clone(ids)));
    }
    while let Some(one) = workers.join_next().await {
        let Ok(one) = one else { continue };
        all.accepted.extend(one.accepted);
        all.too_many += one.too_many;
        all.unavailable += one.unavailable;
        all.others += one.others;
        all.unanswered += one.unanswered;
        all.unsent += one.unsent;
        all.milliseconds.extend(one.milliseconds);
    }
    all
}

async fn worker(host: String, key: String, pace: Arc<Pace>, end: Instant, ids: Arc<ServedIds>) -> Handed {
    let (mut handed, mut connection) = (Handed::default(), None);
    while let Some((number, due)) = pace.next().await {
        if Instant::now() >= end {
            handed.unsent += 1;
            continue;
        }
        let repo = &ids.repos[fit::<usize>(number, "documents") % ids.repos.len()];
        let target = format!("/ingest/sbom?repo={}", super::encoded(repo));
        let document = document(number, &ids.packages);
        let answered = async {
            let held = match connection.take() {
                Some(held) => held,
                None => Connection::open(&host).await?,
            };
            held.post(&host, &target, &key, &document).await
        };
        match answered.await {
            Ok((held, 202, said)) => {
                let said: Value = serde_json::from_slice(&said).unwrap_or_default();
                match said["position"].as_u64() {
                    Some(position) => {
                        handed.accepted.push(AcceptedDocument { position, repo: repo.clone(), at: Instant::now() });
                    }
                    None => handed.others += 1,
                }
                connection = Some(held);
            }
            Ok((held, status, _)) => {
                match status {
                    429 => handed.too_many += 1,
                    503 => handed.unavailable += 1,
                    _ => handed.others += 1,
                }
                connection = Some(held);
            }
            Err(_) => handed.unanswered += 1,
        }
        handed.milliseconds.push(due.elapsed().as_secs_f64() * 1_000.0);
    }
    handed
}

impl Handed {
    /// The last position of one that was accepted; 0 where none was.
    pub(super) fn last(&self) -> u64 {
        self.accepted.iter().map(|accepted| accepted.position).max().unwrap_or(0)
    }

    /// The position of each that was accepted, and when that was answered.
    pub(super) fn accepted(&self) -> impl Iterator<Item = (u64, Instant)> {
        self.accepted.iter().map(|accepted| (accepted.position, accepted.at))
    }

    /// The figures, once every document that was accepted is found in the log, under its position and in the stream of
    /// its repository.
    ///
    /// # Errors
    /// When one is not, and when the database fails.
    pub(super) async fn figures(self, log: &Log, head: u64) -> Result<Figures> {
        let behind = i64::try_from(head).map_err(Error::unavailable)?;
        let rows = sqlx::query_file!("sql/streams_behind.sql", behind).fetch_all(log.pool()).await?;
        let mut streams: BTreeMap<u64, String> =
            rows.into_iter().map(|row| (row.position.unsigned_abs(), row.stream_id)).collect();
        let events = streams.len();
        for AcceptedDocument { position, repo, .. } in &self.accepted {
            // One event stands for one document.
            if streams.remove(position).as_ref() != Some(repo) {
                let reason =
                    format!("a document about {repo} was accepted as event {position}, which is not in the log");
                return Err(Error::refused(reason));
            }
        }
        let times = &self.milliseconds;
        Ok(report(json!({
            "offered": times.len(),
            "appended": self.accepted.len(),
            "answers_429": self.too_many,
            "answers_503": self.unavailable,
            "answers_other": self.others,
            "unanswered": self.unanswered,
            "unsent": self.unsent,
            "events_in_log": events,
            "ingest_p50_ms": quantile(times, 50),
            "ingest_p95_ms": quantile(times, 95),
            "ingest_max_ms": quantile(times, 100),
        })))
    }
}
