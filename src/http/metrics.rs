//! What the process counts, as Prometheus reads it. On a listener of its own: it names tenants.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use domain::number::fit;

use super::answer::{Complaint, HttpAnswer, text};
use crate::service::act::ingest::failures::write_failures;
use crate::service::ask::vitals;
use crate::service::atlases::Atlases;

/// Bounds of the histogram of latencies, in microseconds.
const BOUNDS: [u64; 13] =
    [500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 5_000_000, 30_000_000];
/// Statuses that say no, each counted by itself.
const REFUSALS: [u16; 9] = [400, 401, 403, 405, 409, 413, 422, 429, 503];
/// How long the database may take to say its size.
const SIZE_TIME: Duration = Duration::from_secs(2);

/// What answers came to.
#[derive(Default)]
struct AnswerCounts {
    /// By hundreds of the status, from 1xx.
    classes: [AtomicU64; 5],
    refusals: [AtomicU64; REFUSALS.len()],
    /// Answers within each bound and no lesser one; the last are beyond all.
    within: [AtomicU64; BOUNDS.len() + 1],
    microseconds: AtomicU64,
}

/// What they came to, by tenant; under no name where the one that was asked for is not known.
pub(super) struct AnswersByTenant(Mutex<BTreeMap<String, Arc<AnswerCounts>>>);

/// Of this process.
pub(super) static COUNTED: AnswersByTenant = AnswersByTenant(Mutex::new(BTreeMap::new()));

impl AnswersByTenant {
    /// An answer was made.
    pub(super) fn count(&self, tenant: Option<&str>, status: StatusCode, taken: Duration) {
        let tenant = tenant.unwrap_or_default();
        let known = self.locked().get(tenant).cloned();
        let counts = known.unwrap_or_else(|| Arc::clone(self.locked().entry(tenant.to_owned()).or_default()));
        counts.count(status, taken);
    }

    fn locked(&self) -> MutexGuard<'_, BTreeMap<String, Arc<AnswerCounts>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, out: &mut String) {
        let all = self.locked().clone();
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        about(out, "pg_atlas_answers_total", "counter", "Answers, by hundreds of their status.");
        for (tenant, counts) in &all {
            for (class, counter) in (1..).zip(&counts.classes) {
                let labels = format!("tenant=\"{tenant}\",status=\"{class}xx\"");
                line(out, &format!("pg_atlas_answers_total{{{labels}}}"), read(counter));
            }
        }
        about(out, "pg_atlas_refused_total", "counter", "Answers that say no, by status.");
        for (tenant, counts) in &all {
            for (status, counter) in REFUSALS.iter().zip(&counts.refusals) {
                let labels = format!("tenant=\"{tenant}\",status=\"{status}\"");
                line(out, &format!("pg_atlas_refused_total{{{labels}}}"), read(counter));
            }
        }
        about(out, "pg_atlas_answer_seconds", "histogram", "How long answers took to be made.");
        for (tenant, counts) in &all {
            let mut sum = 0;
            for (place, counter) in counts.within.iter().enumerate() {
                sum += read(counter);
                let bound = BOUNDS.get(place).map_or("+Inf".to_owned(), |bound| (*bound as f64 / 1e6).to_string());
                let labels = format!("tenant=\"{tenant}\",le=\"{bound}\"");
                line(out, &format!("pg_atlas_answer_seconds_bucket{{{labels}}}"), sum);
            }
            let taken = read(&counts.microseconds) as f64 / 1e6;
            line(out, &format!("pg_atlas_answer_seconds_sum{{tenant=\"{tenant}\"}}"), taken);
            line(out, &format!("pg_atlas_answer_seconds_count{{tenant=\"{tenant}\"}}"), sum);
        }
    }
}

impl AnswerCounts {
    /// An answer was made.
    fn count(&self, status: StatusCode, taken: Duration) {
        let status = status.as_u16();
        let add = |counter: Option<&AtomicU64>, by| counter.map(|counter| counter.fetch_add(by, Ordering::Relaxed));
        add(self.classes.get(usize::from(status / 100).wrapping_sub(1)), 1);
        add(REFUSALS.iter().position(|known| *known == status).and_then(|at| self.refusals.get(at)), 1);
        let taken: u64 = fit(taken.as_micros(), "microseconds of an answer");
        add(self.within.get(BOUNDS.partition_point(|bound| *bound < taken)), 1);
        add(Some(&self.microseconds), taken);
    }
}

fn about(out: &mut String, name: &str, kind: &str, help: &str) {
    // Writing to a String cannot fail.
    let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

fn line(out: &mut String, name: &str, value: impl std::fmt::Display) {
    let _ = writeln!(out, "{name} {value}");
}

/// What the listener for metrics answers.
pub(super) fn router(atlases: Arc<Atlases>) -> Router {
    let nothing = async || Complaint::not_found("Not Found").answer();
    Router::new().route("/metrics", get(written)).fallback(nothing).with_state(atlases)
}

async fn written(State(atlases): State<Arc<Atlases>>) -> HttpAnswer {
    let mut out = String::new();
    COUNTED.write(&mut out);
    let open = atlases.open();
    for (name, help) in [
        ("pg_atlas_log_head", "The last position of the log, when it was last looked at."),
        ("pg_atlas_snapshot_position", "The last position that answers are of."),
        ("pg_atlas_lag_events", "Events of the log that answers do not know."),
    ] {
        about(&mut out, name, "gauge", help);
        for (tenant, atlas) in &open {
            let (head, position) = (atlas.held.head(), atlas.held.now().map_or(0, |held| held.position));
            let value = match name {
                "pg_atlas_log_head" => head,
                "pg_atlas_snapshot_position" => position,
                _ => head.saturating_sub(position),
            };
            line(&mut out, &format!("{name}{{tenant=\"{tenant}\"}}"), value);
        }
    }
    about(&mut out, "pg_atlas_lag_seconds", "gauge", "How long answers may have lacked events of the log.");
    for (tenant, atlas) in &open {
        line(&mut out, &format!("pg_atlas_lag_seconds{{tenant=\"{tenant}\"}}"), atlas.held.lag().as_secs_f64());
    }
    about(&mut out, "pg_atlas_write_failures_total", "counter", "Documents that could not be appended.");
    let mut failures = write_failures();
    for (tenant, _) in &open {
        failures.entry(tenant.clone()).or_default();
    }
    for (tenant, count) in failures {
        line(&mut out, &format!("pg_atlas_write_failures_total{{tenant=\"{tenant}\"}}"), count);
    }
    about(&mut out, "pg_atlas_connections", "gauge", "Connections to the database, by what they are for.");
    for (tenant, atlas) in &open {
        for pool in atlas.deps.pools() {
            for (state, value) in [("open", pool.open), ("idle", pool.idle), ("most", pool.most)] {
                let labels = format!("tenant=\"{tenant}\",pool=\"{}\",state=\"{state}\"", pool.name);
                line(&mut out, &format!("pg_atlas_connections{{{labels}}}"), value);
            }
        }
    }
    about(&mut out, "pg_atlas_free_folds", "gauge", "Places for folds of other points that a tenant could have.");
    for (tenant, atlas) in &open {
        line(&mut out, &format!("pg_atlas_free_folds{{tenant=\"{tenant}\"}}"), atlas.places.folds.free());
    }
    let deps = &atlases.own().deps;
    if let Some(room) = vitals::disk(deps.data_dir()) {
        about(&mut out, "pg_atlas_disk_bytes", "gauge", "Room on the disk of the data folder.");
        line(&mut out, "pg_atlas_disk_bytes{state=\"free\"}", room.free);
        line(&mut out, "pg_atlas_disk_bytes{state=\"used\"}", room.used);
        line(&mut out, "pg_atlas_disk_bytes{state=\"whole\"}", room.whole);
    }
    if let Ok(Ok(bytes)) = tokio::time::timeout(SIZE_TIME, vitals::database_bytes(deps)).await {
        about(&mut out, "pg_atlas_database_bytes", "gauge", "Size of the database, of all tenants together.");
        line(&mut out, "pg_atlas_database_bytes", bytes);
    }
    if let Some(bytes) = vitals::resident_bytes() {
        about(&mut out, "process_resident_memory_bytes", "gauge", "Memory of the process.");
        line(&mut out, "process_resident_memory_bytes", bytes);
    }
    text(StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", out)
}
