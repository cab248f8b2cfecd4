//! The arrows between the crates.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

/// Who uses whom, exactly. Nobody uses the root; ingest and replay never meet.
const ARROWS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("ingest", &["domain"]),
    ("pg-atlas", &["domain", "ingest", "projections", "replay"]),
    ("projections", &["domain"]),
    ("replay", &["domain", "projections"]),
];
/// What the pure crate must do without.
const IMPURE: &[&str] = &[
    "sqlx",
    "tokio",
    "cqrs-es",
    "postgres-es",
    "tracing",
    "reqwest",
    "getrandom",
    "rustix",
    "object_store",
    "futures-util",
];
/// What appends; an auditor's program has none of it.
const APPENDING: &[&str] = &["ingest", "cqrs-es", "postgres-es", "object_store", "reqwest"];

fn cargo(args: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO"));
    command.args(args).args(["--offline", "--locked"]).current_dir(env!("CARGO_MANIFEST_DIR"));
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The packages of the workspace: name, and its dependencies as (name, kind, optional).
fn packages() -> BTreeMap<String, Vec<(String, String, bool)>> {
    let metadata: Value = serde_json::from_str(&cargo(&["metadata", "--format-version", "1", "--no-deps"])).unwrap();
    let text = |value: &Value| value.as_str().unwrap_or("normal").to_owned();
    let each = metadata["packages"].as_array().unwrap().iter().map(|package| {
        let uses = package["dependencies"].as_array().unwrap().iter();
        let uses = uses.map(|one| (text(&one["name"]), text(&one["kind"]), one["optional"] == true));
        (text(&package["name"]), uses.collect())
    });
    each.collect()
}

#[test]
fn the_crates_use_each_other_as_designed() {
    let packages = packages();
    let own: BTreeSet<&str> = packages.keys().map(String::as_str).collect();
    let arrows: Vec<(&str, Vec<&str>)> = packages
        .iter()
        .map(|(name, uses)| {
            let uses: BTreeSet<&str> =
                uses.iter().map(|(used, ..)| used.as_str()).filter(|used| own.contains(used)).collect();
            (name.as_str(), uses.into_iter().collect())
        })
        .collect();
    let designed: Vec<(&str, Vec<&str>)> = ARROWS.iter().map(|(name, uses)| (*name, uses.to_vec())).collect();
    assert_eq!(arrows, designed, "tests and build scripts included");
    assert!(packages["pg-atlas"].contains(&("ingest".into(), "normal".into(), true)), "an auditor leaves ingest out");
}

#[test]
fn outside_crates_stay_where_they_belong() {
    let packages = packages();
    for (name, uses) in &packages {
        for (used, kind, _) in uses {
            let framework = used == "cqrs-es" || used == "postgres-es";
            let allowed = name == "ingest" || (name == "pg-atlas" && kind == "dev");
            assert!(!framework || allowed, "{name} uses {used}");
            assert!(name != "domain" || !IMPURE.contains(&used.as_str()), "domain uses {used}");
            assert!(used != "anyhow" || name == "pg-atlas", "{name} uses {used}: libraries have errors with types");
        }
    }
}

#[test]
fn an_auditors_program_holds_no_append_code() {
    let tree = |features: &[&str]| -> BTreeSet<String> {
        let args = ["tree", "--package", "pg-atlas", "--edges", "normal", "--prefix", "none", "--format", "{p}"];
        let args: Vec<&str> = args.iter().chain(features).copied().collect();
        cargo(&args).lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
    };
    let whole = tree(&[]);
    let audit = tree(&["--no-default-features", "--features", "audit"]);
    assert!(audit.contains("replay") && audit.contains("projections"));
    for name in APPENDING {
        assert!(whole.contains(*name), "{name} is in the whole program");
        assert!(!audit.contains(*name), "{name} is in an auditor's program");
    }
}
