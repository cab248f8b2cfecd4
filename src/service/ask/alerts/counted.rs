//! What a server counts, as its listener for metrics tells it.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::{AlertRule, AlertsReport, DISK, FAILED, LATENCY, POOL, PROJECTION, WRITES, used_percent};
use crate::service::plain_http::Connection;
use crate::service::{Error, Result};

/// How long a listener may take to tell.
const TIME: Duration = Duration::from_secs(10);
/// Of how many answers one may be slower.
const SLOWEST: f64 = 0.05;

/// Where a server tells what it counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct MetricsAddress(String);

impl MetricsAddress {
    /// An address and port, or `http://ADDR:PORT/metrics`.
    pub(super) fn new(text: &str) -> Result<Self> {
        let place = text.strip_prefix("http://").unwrap_or(text);
        let place = place.strip_suffix('/').unwrap_or(place);
        let place = place.strip_suffix("/metrics").unwrap_or(place);
        let named = place.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok());
        let plain = place.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte));
        if named && plain {
            return Ok(Self(place.to_owned()));
        }
        let expected = "no listener for metrics: expected an address such as http://127.0.0.1:9090";
        Err(Error::invalid("metrics", expected))
    }

    /// What it counts now.
    pub(super) async fn read(&self) -> Result<CountedMetrics> {
        let asked = async { Connection::open(&self.0).await?.get(&self.0, "/metrics").await };
        let late = || Error::unavailable(format!("no answer within {} s", TIME.as_secs()));
        let (_, status, body) = tokio::time::timeout(TIME, asked).await.map_err(|_| late())??;
        let read = (status == 200).then(|| CountedMetrics::read(&String::from_utf8_lossy(&body)));
        read.flatten().ok_or_else(|| Error::unavailable("it tells nothing that a server of this program counts"))
    }
}

impl fmt::Display for MetricsAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is counted: values by name and labels, as they are written.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct CountedMetrics(BTreeMap<String, f64>);

impl CountedMetrics {
    /// Reads lines of values; none where no server of ours wrote them.
    pub(super) fn read(text: &str) -> Option<Self> {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let value = |line: &str| {
            let (name, value) = line.rsplit_once(' ')?;
            Some((name.to_owned(), value.parse().ok()?))
        };
        let values: BTreeMap<String, f64> = lines.filter_map(value).collect();
        let is_ours = values.keys().any(|key| key.starts_with("pg_atlas_answer_seconds_count"));
        is_ours.then_some(Self(values))
    }

    /// What stands under a name by its labels, in the order of their text.
    fn of(&self, name: &str) -> impl Iterator<Item = (&str, f64)> {
        let below = format!("{name}{{");
        let found = self.0.iter().filter_map(move |(key, value)| Some((key.strip_prefix(&below)?, *value)));
        found.map(|(labels, value)| (labels.trim_end_matches('}'), value))
    }

    fn one(&self, key: &str) -> Option<f64> {
        self.0.get(key).copied()
    }

    /// How far counters have come since an earlier look. A server that began anew began at nothing.
    fn since(&self, before: Option<&Self>) -> Self {
        let Some(before) = before else { return self.clone() };
        let begun = |key: &str| before.one(key).unwrap_or(0.0);
        let is_same = self.0.iter().all(|(key, value)| !key.contains("_bucket{") || *value >= begun(key));
        let less = |(key, value): (&String, &f64)| (key.clone(), value - if is_same { begun(key) } else { 0.0 });
        Self(self.0.iter().map(less).collect())
    }

    /// What all answers but the slowest of twenty took at most, in seconds: between the bounds of a histogram as if
    /// they were spread evenly. None where there were no answers.
    fn p95(&self) -> Option<f64> {
        let mut buckets: Vec<(f64, f64)> = Vec::new();
        for (labels, sum) in self.of("pg_atlas_answer_seconds_bucket") {
            let Ok(bound) = label(labels, "le").parse::<f64>() else { continue };
            // All tenants together.
            match buckets.iter_mut().find(|(known, _)| known.total_cmp(&bound).is_eq()) {
                Some((_, sums)) => *sums += sum,
                None => buckets.push((bound, sum)),
            }
        }
        buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
        let all = buckets.last().map(|(_, sum)| *sum).filter(|all| *all > 0.0)?;
        let rank = all * (1.0 - SLOWEST);
        let (mut low, mut below) = (0.0, 0.0);
        for (high, sum) in buckets {
            if sum >= rank {
                // Beyond the last bound nothing is known but that.
                return Some(if high.is_finite() { low + (high - low) * (rank - below) / (sum - below) } else { low });
            }
            (low, below) = (high, sum);
        }
        None
    }
}

/// A label's value among those of a series.
fn label<'a>(labels: &'a str, name: &str) -> &'a str {
    let found = labels.split(',').find_map(|one| one.strip_prefix(name)?.strip_prefix("=\"")?.strip_suffix('"'));
    found.unwrap_or_default()
}

/// Holds what a server counts against the bounds.
pub(super) fn judge(
    report: &mut AlertsReport,
    server: &MetricsAddress,
    before: Option<&CountedMetrics>,
    after: &CountedMetrics,
) {
    let counted = after.since(before);
    match counted.p95() {
        Some(seconds) => report.measured(LATENCY, server.to_string(), seconds * 1_000.0),
        None => report.unknown(LATENCY.name, server.to_string(), "there were no answers"),
    }
    let answers: f64 = counted.of("pg_atlas_answers_total").map(|(_, count)| count).sum();
    let failed = counted.of("pg_atlas_answers_total").filter(|(labels, _)| label(labels, "status") == "5xx");
    let failed = failed.map(|(_, count)| count).reduce(|all, one| all + one).unwrap_or(f64::NAN);
    if answers > 0.0 {
        report.measured(FAILED, server.to_string(), failed / answers * 100.0);
    } else {
        report.unknown(FAILED.name, server.to_string(), "there were no answers");
    }
    let writes = counted.of("pg_atlas_write_failures_total").map(|(_, count)| count);
    match writes.reduce(|all, one| all + one) {
        Some(count) => report.measured(WRITES, server.to_string(), count),
        None => report.unknown(WRITES.name, server.to_string(), "it does not count them"),
    }
    pools(report, server, before, after);
    let disk = |state| after.one(&format!("pg_atlas_disk_bytes{{state=\"{state}\"}}"));
    let percent = disk("free").zip(disk("used")).and_then(|(free, used)| used_percent(free, used));
    match percent {
        Some(percent) => report.measured(DISK, format!("data folder at {server}"), percent),
        None => report.unknown(DISK.name, format!("data folder at {server}"), "it does not say"),
    }
    let mut lags = after.of("pg_atlas_lag_seconds").peekable();
    if lags.peek().is_none() {
        report.unknown(PROJECTION.name, format!("snapshots at {server}"), "it keeps none");
    }
    for (labels, seconds) in lags {
        report.measured(PROJECTION, format!("snapshot of {} at {server}", label(labels, "tenant")), seconds);
    }
}

/// Pools of which every connection was in use at both looks.
fn pools(report: &mut AlertsReport, server: &MetricsAddress, before: Option<&CountedMetrics>, after: &CountedMetrics) {
    const NAME: &str = "pg_atlas_connections";
    for (labels, most) in after.of(NAME).filter(|(labels, _)| label(labels, "state") == "most") {
        let (tenant, pool) = (label(labels, "tenant"), label(labels, "pool"));
        let in_use = |look: &CountedMetrics| {
            let state = |state| look.one(&format!("{NAME}{{tenant=\"{tenant}\",pool=\"{pool}\",state=\"{state}\"}}"));
            Some(state("open")? - state("idle")?)
        };
        let least = before.and_then(in_use).into_iter().chain(in_use(after)).fold(most, f64::min);
        let rule = AlertRule { name: POOL, threshold: most - 1.0 };
        report.measured(rule, format!("{pool} of {tenant} at {server}"), least);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(fast: u64, slow: u64, failed: u64, in_use: u64) -> CountedMetrics {
        // What is slow or fails is another tenant's.
        let all = fast + slow;
        let of = |tenant: &str, name: &str, label: &str, value: u64| {
            let label = if label.is_empty() { String::new() } else { format!(",{label}") };
            format!("pg_atlas_{name}{{tenant=\"{tenant}\"{label}}} {value}\n")
        };
        let mut lines = String::new();
        for (tenant, below, whole) in [("public", fast, fast), ("acme", 0, slow)] {
            for (bound, sum) in [("0.25", below), ("0.5", below), ("1", whole), ("+Inf", whole)] {
                lines += &of(tenant, "answer_seconds_bucket", &format!("le=\"{bound}\""), sum);
            }
            lines += &of(tenant, "answer_seconds_count", "", whole);
            let failed = if tenant == "acme" { failed } else { 0 };
            lines += &of(tenant, "answers_total", "status=\"5xx\"", failed);
            lines += &of(tenant, "write_failures_total", "", failed);
        }
        lines += &of("public", "answers_total", "status=\"2xx\"", all - failed);
        let text = format!(
            "# TYPE pg_atlas_answers_total counter\n{lines}\
             pg_atlas_lag_seconds{{tenant=\"public\"}} 11\n\
             pg_atlas_connections{{tenant=\"public\",pool=\"reads\",state=\"open\"}} 8\n\
             pg_atlas_connections{{tenant=\"public\",pool=\"reads\",state=\"idle\"}} {}\n\
             pg_atlas_connections{{tenant=\"public\",pool=\"reads\",state=\"most\"}} 8\n\
             pg_atlas_disk_bytes{{state=\"free\"}} 19\npg_atlas_disk_bytes{{state=\"used\"}} 81\n",
            8 - in_use,
        );
        CountedMetrics::read(&text).unwrap()
    }

    fn judged(before: Option<&CountedMetrics>, after: &CountedMetrics) -> AlertsReport {
        let mut report = AlertsReport::default();
        judge(&mut report, &MetricsAddress::new("http://a:1/metrics").unwrap(), before, after);
        report
    }

    fn names(report: &AlertsReport) -> Vec<&'static str> {
        report.alerts.iter().map(|alert| alert.name).collect()
    }

    #[test]
    fn what_is_beyond_its_bound_is_named_and_what_happened_before_is_not_counted() {
        let (early, late) = (counted(100, 100, 100, 8), counted(200, 105, 101, 8));
        let of_pools = ["disk_percent", "projection_lag_seconds"];
        assert_eq!(
            names(&judged(None, &early)),
            [&["answers_p95_ms", "failed_percent", "write_failures", "pool_connections"][..], &of_pools].concat()
        );
        // 105 answers, of which 5 were slow and 1 failed: neither is too many, but a write failed.
        let report = judged(Some(&early), &late);
        assert_eq!(names(&report), [&["write_failures", "pool_connections"][..], &of_pools].concat(), "{report:?}");
        assert_eq!(
            names(&judged(Some(&early), &counted(200, 106, 100, 7))),
            ["answers_p95_ms", of_pools[0], of_pools[1]]
        );
        // A pool that had a connection left at one of the two looks is not exhausted.
        assert!(!names(&judged(Some(&counted(0, 0, 0, 7)), &early)).contains(&"pool_connections"));
        // A server that began anew counts from nothing.
        assert_eq!(judged(Some(&late), &early).alerts, judged(None, &early).alerts);
    }

    #[test]
    fn what_did_not_happen_is_unknown() {
        let still = counted(100, 0, 0, 0);
        let report = judged(Some(&still), &still);
        let unknown: Vec<&str> = report.unknown.iter().map(|unknown| unknown.name).collect();
        assert_eq!(unknown, ["answers_p95_ms", "failed_percent"], "{report:?}");
        assert_eq!(CountedMetrics::read("<html>\nnothing 1\n"), None);
    }

    #[test]
    fn listeners_are_named_with_their_port() {
        for text in
            ["127.0.0.1:9090", "http://127.0.0.1:9090", "http://127.0.0.1:9090/metrics", "http://127.0.0.1:9090/"]
        {
            assert_eq!(MetricsAddress::new(text).unwrap().to_string(), "127.0.0.1:9090");
        }
        assert!(MetricsAddress::new("[::1]:9090").is_ok());
        for text in ["", ":1", "localhost", "https://localhost:1", "a b:1", "http://u:p@h:1", "a:1/other", "a:99999"] {
            assert!(MetricsAddress::new(text).is_err(), "{text}");
        }
    }
}
