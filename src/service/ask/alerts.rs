//! What is beyond its bound: of running servers by what they count, of the database and of the disk by asking. What
//! cannot be measured is said, and is never taken for well.

use std::path::Path;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use self::counted::{CountedMetrics, MetricsAddress};
use super::vitals;
use crate::service::{Deps, Result};

mod counted;
mod database;

/// Something that was measured.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct AlertGauge {
    /// What, with its unit.
    pub name: &'static str,
    /// Of what.
    pub of: String,
    /// How much.
    pub value: f64,
    /// Beyond which it is an alert.
    pub threshold: f64,
}

/// Something that could not be measured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct UnknownGauge {
    /// What.
    pub name: &'static str,
    /// Of what.
    pub of: String,
    /// Why not.
    pub reason: String,
}

/// What a look came to.
#[derive(Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct AlertsReport {
    /// What is beyond its bound.
    pub alerts: Vec<AlertGauge>,
    /// What could not be measured.
    pub unknown: Vec<UnknownGauge>,
    /// What is within its bound.
    pub fine: Vec<AlertGauge>,
    /// Whether something that was named, or the database, did not answer.
    pub is_partial: bool,
}

/// A value with its bound.
struct AlertRule {
    name: &'static str,
    threshold: f64,
}

/// The slowest of twenty answers, in milliseconds.
const LATENCY: AlertRule = AlertRule { name: "answers_p95_ms", threshold: 500.0 };
/// Answers that failed (5xx), in percent of all.
const FAILED: AlertRule = AlertRule { name: "failed_percent", threshold: 1.0 };
/// Documents that could not be appended, and transactions of others that failed.
const WRITES: AlertRule = AlertRule { name: "write_failures", threshold: 0.0 };
/// What is used of a disk, in percent.
const DISK: AlertRule = AlertRule { name: "disk_percent", threshold: 80.0 };
/// How long a projection has lacked events, in seconds.
const PROJECTION: AlertRule = AlertRule { name: "projection_lag_seconds", threshold: 10.0 };
/// How far a standby is behind, in seconds.
const REPLICATION: AlertRule = AlertRule { name: "replication_lag_seconds", threshold: 10.0 };
/// Connections of a pool in use; the bound is one less than there may be.
const POOL: &str = "pool_connections";

impl AlertsReport {
    /// A value was measured.
    fn measured(&mut self, AlertRule { name, threshold }: AlertRule, of: impl Into<String>, value: f64) {
        let gauge = AlertGauge { name, of: of.into(), value, threshold };
        // What is no number is beyond every bound.
        if value <= threshold { self.fine.push(gauge) } else { self.alerts.push(gauge) }
    }

    /// A value could not be.
    fn unknown(&mut self, name: &'static str, of: impl Into<String>, reason: impl Into<String>) {
        self.unknown.push(UnknownGauge { name, of: of.into(), reason: reason.into() });
    }
}

/// Looks at everything once. `servers` are the listeners for metrics of running ones, of which answers are counted for
/// so long, or since they began where that is no time. `deps` is the atlas, or why there is no way to it.
///
/// # Errors
/// When a listener is named in no form that is known.
pub async fn alerts(deps: Result<Deps>, data_dir: &Path, servers: &[String], during: Duration) -> Result<AlertsReport> {
    let mut report = AlertsReport::default();
    let servers: Vec<MetricsAddress> = servers.iter().map(|text| MetricsAddress::new(text)).collect::<Result<_>>()?;
    of_servers(&mut report, &servers, during).await;
    match vitals::disk(data_dir).and_then(|room| used_percent(room.free as f64, room.used as f64)) {
        Some(percent) => report.measured(DISK, "data folder", percent),
        None => report.unknown(DISK.name, "data folder", "there is none yet, or the system does not say"),
    }
    database::look(&mut report, deps).await;
    Ok(report)
}

async fn of_servers(report: &mut AlertsReport, servers: &[MetricsAddress], during: Duration) {
    if servers.is_empty() {
        for name in [LATENCY.name, FAILED.name, POOL, WRITES.name] {
            report.unknown(name, "servers", "none is named");
        }
        return;
    }
    let mut before = Vec::new();
    if !during.is_zero() {
        for server in servers {
            before.push(server.read().await.ok());
        }
        tokio::time::sleep(during).await;
    }
    let mut before = before.into_iter();
    for server in servers {
        let before: Option<CountedMetrics> = before.next().flatten();
        match server.read().await {
            Ok(after) => counted::judge(report, server, before.as_ref(), &after),
            Err(error) => {
                report.is_partial = true;
                for name in [LATENCY.name, FAILED.name, POOL, WRITES.name, DISK.name, PROJECTION.name] {
                    report.unknown(name, server.to_string(), error.to_string());
                }
            }
        }
    }
}

/// How much of a disk is used, of what is for users.
fn used_percent(free: f64, used: f64) -> Option<f64> {
    Some(used / (used + free) * 100.0).filter(|percent| percent.is_finite())
}
