//! All figures, as JSON and as a table.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

/// Our engine beside another, from what both printed; the other may say why it was left out.
pub(crate) fn criticality(ours: &Path, peer: &Path) -> Result<Value> {
    let read = |path: &Path| -> Result<Value> {
        let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
        serde_json::from_str(&text).with_context(|| path.display().to_string())
    };
    let (ours, peer) = (read(ours)?, read(peer)?);
    for name in ["sum", "sha256"] {
        let same = peer.get("skipped").is_some() || (ours[name] == peer[name] && !ours[name].is_null());
        ensure!(same, "the engines differ in `{name}`: {ours} and {peer}");
    }
    Ok(json!({"ours": ours, "peer": peer}))
}

/// Everything that was measured.
pub(crate) fn whole(stores: Value, criticality: Value) -> Value {
    let mut whole = stores;
    whole["criticality"] = criticality;
    whole
}

/// The figures for people: costs of an event, and for each store how many times as fast as ours it is.
pub(crate) fn table(figures: &Value) -> String {
    let mut text = String::new();
    for (work, title) in [("batch", "batches of 10,000 events"), ("single", "one event an append, 16 connections")] {
        let rows: &[Value] = figures[work].as_array().map_or(&[], Vec::as_slice);
        let _ = writeln!(text, "{title}");
        let _ = writeln!(
            text,
            "  {:<14}{:>12}{:>14}{:>14}{:>14}{:>10}",
            "store", "events/s", "wall, us", "client, us", "server, us", "ratio"
        );
        let wall = |row: &Value| row["wall_us"].as_f64().unwrap_or(f64::NAN);
        for row in rows {
            let cpu = |side: &str| row[side].as_f64().unwrap_or(f64::NAN);
            let _ = writeln!(
                text,
                "  {:<14}{:>12.0}{:>14.1}{:>14.1}{:>14.1}{:>10.2}",
                row["store"].as_str().unwrap_or_default(),
                1e6 / wall(row),
                wall(row),
                cpu("client_cpu_us"),
                cpu("server_cpu_us"),
                rows.first().map_or(f64::NAN, wall) / wall(row)
            );
        }
    }
    let engines = &figures["criticality"];
    let (ours, peer) = (&engines["ours"], &engines["peer"]);
    let _ = writeln!(text, "criticality of every node, {} nodes and {} edges", ours["nodes"], ours["edges"]);
    let seconds = |engine: &Value| engine["compute_seconds"].as_f64().unwrap_or(f64::NAN);
    let _ = writeln!(text, "  {:<20}{:>14.6} s", "ours", seconds(ours));
    let _ = match peer["skipped"].as_str() {
        Some(why) => writeln!(text, "  NetworkX left out: {why}"),
        None => {
            let name = peer["engine"].as_str().unwrap_or_default();
            let times = seconds(peer) / seconds(ours);
            writeln!(text, "  {name:<20}{:>14.6} s, {times:.0} times ours", seconds(peer))
        }
    };
    text
}
