//! What stands in `deploy/` and `.env.example`: settings that there are, command lines that are understood, files that
//! their readers take.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::program::{BINARY, bare};
use crate::support::skipped::skipped;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn read(path: impl AsRef<Path>) -> String {
    fs::read_to_string(Path::new(ROOT).join(path)).unwrap()
}

/// The units, by path.
fn units() -> Vec<PathBuf> {
    let folder = fs::read_dir(Path::new(ROOT).join("deploy/systemd")).unwrap();
    let mut units: Vec<PathBuf> = folder.map(|entry| entry.unwrap().path()).collect();
    units.sort();
    assert!(units.len() >= 6, "{units:?}");
    units
}

#[test]
fn the_example_names_every_variable_of_the_table_and_no_other() {
    let table = read("docs/CONFIGURATION.md");
    let cells = table.lines().filter(|line| line.starts_with('|')).skip(2).filter_map(|line| line.split('|').nth(2));
    let names: BTreeSet<&str> =
        cells.map(|cell| cell.trim().trim_matches('`')).filter(|name| !name.is_empty()).collect();
    let is_ours = |name: &&str| name.starts_with("PG_ATLAS_") || ["DATABASE_URL", "RUST_LOG"].contains(name);
    let (ours, others): (BTreeSet<&str>, BTreeSet<&str>) = names.into_iter().partition(is_ours);
    assert!(ours.len() > 30 && others.len() > 5, "{ours:?} {others:?}");
    let example = read(".env.example");
    let lines = example.lines().filter_map(|line| line.strip_prefix('#')?.split_once('='));
    let set: BTreeSet<&str> = lines.map(|(name, _)| name).filter(|name| !name.contains(' ')).collect();
    assert_eq!(set, ours);
    let told: String = example.lines().filter(|line| line.starts_with("# ")).collect();
    for name in others {
        assert!(told.contains(name), "what the machine sets is told, too: {name}");
    }
    let is_set = example.lines().find(|line| !line.starts_with('#') && !line.is_empty());
    assert_eq!(is_set, None, "nothing is set by copying it");
}

#[test]
fn the_command_lines_of_units_and_containers_are_understood() {
    let mut lines: Vec<Vec<String>> = Vec::new();
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    for unit in units() {
        let text = fs::read_to_string(&unit).unwrap();
        let started = text.lines().filter_map(|line| line.strip_prefix("ExecStart=/usr/bin/pg-atlas "));
        lines.extend(started.map(|line| words(&line.replace("%i", "api").replace("$FLAGS", "--listen 127.0.0.1:1"))));
    }
    for line in read("deploy/compose.yaml").lines().filter_map(|line| line.strip_prefix("    command: ")) {
        let listed: Vec<String> = serde_json::from_str(line).unwrap();
        lines.extend(Some(listed).filter(|listed| listed[0] != "postgres"));
    }
    assert!(lines.len() >= 8, "{lines:?}");
    for line in lines {
        let parsed = pg_atlas::command().try_get_matches_from([&["pg-atlas".to_owned()][..], &line].concat());
        assert!(parsed.is_ok(), "{line:?}: {}", parsed.unwrap_err());
    }
}

#[test]
fn systemd_takes_the_units() {
    if !Command::new("systemd-analyze").arg("--version").output().is_ok_and(|output| output.status.success()) {
        return skipped("systemd-analyze is not installed");
    }
    let folder = tempfile::tempdir().unwrap();
    for unit in units() {
        // The program where it is, and an instance of what has some.
        let text = fs::read_to_string(&unit).unwrap().replace("/usr/bin/pg-atlas", BINARY);
        let name = unit.file_name().unwrap().to_str().unwrap().replace("@.", "@api.");
        fs::write(folder.path().join(name), text).unwrap();
    }
    let paths = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
    let said = Command::new("systemd-analyze").arg("verify").args(paths).output().unwrap();
    let told = String::from_utf8(said.stderr).unwrap();
    assert!(said.status.success() && !told.contains("pg-atlas"), "{told}");
}

#[test]
fn the_compose_file_is_taken() {
    if !Command::new("docker").args(["compose", "version"]).output().is_ok_and(|output| output.status.success()) {
        return skipped("docker compose is not installed");
    }
    let mut config = Command::new("docker");
    config.args(["compose", "-f", "deploy/compose.yaml", "config", "--quiet"]).current_dir(ROOT);
    let said = config.env("ATLAS_DB_PASSWORD", "x").output().unwrap();
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    let said = config.env_remove("ATLAS_DB_PASSWORD").output().unwrap();
    assert!(!said.status.success(), "a database without a password");
}

#[test]
fn the_database_of_the_compose_file_is_asked_for_by_its_socket() {
    let text = read("deploy/compose.yaml");
    let url = text.lines().find_map(|line| line.trim().strip_prefix("DATABASE_URL: ")).unwrap().trim_matches('"');
    let (before, rest) = url.split_once("${").unwrap();
    let url = format!("{before}HUNTER2{}", rest.split_once('}').unwrap().1);
    let (url, socket) = url.split_once("/run/postgresql").unwrap();
    let mut command = bare();
    command.env("PG_ATLAS_ENV", "production").env("DATABASE_URL", format!("{url}/nowhere{socket}")).arg("status");
    let output = command.output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(2) && told.contains("cannot connect to the database at /nowhere"), "{told}");
}

#[test]
fn the_script_refuses_what_it_cannot_hand_in() {
    let script = Path::new(ROOT).join("deploy/hand-in");
    let run = |key: Option<&str>, arguments: &[&str]| {
        let mut command = Command::new("sh");
        command.arg(&script).args(arguments).env("ATLAS", "http://127.0.0.1:1").env_remove("ATLAS_KEY");
        let output = command.envs(key.map(|key| ("ATLAS_KEY", key))).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, told) = run(None, &["pkg:github/o/a", "/nowhere"]);
    assert!(code != Some(0) && told.contains("a key of it"), "{told}");
    assert_eq!(run(Some("pga_x"), &["pkg:github/o/a"]), (Some(2), "usage: hand-in PURL FILE\n".to_owned()));
    let (code, told) = run(Some("pga_x"), &["pkg:github/o/a", "/nowhere"]);
    assert!(code == Some(2) && told.contains("cannot read /nowhere"), "{told}");
}

#[test]
fn production_takes_no_way_that_could_be_read_along() {
    let refused = |environment: &str, url: &str| {
        let mut command = bare();
        command.env("PG_ATLAS_ENV", environment).env("DATABASE_URL", url).arg("status");
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    let open = "postgres://atlas:HUNTER2@db.invalid/atlas";
    for url in [open.to_owned(), format!("{open}?sslmode=prefer"), format!("{open}?sslmode=disable")] {
        let told = refused("production", &url);
        assert!(told.contains("sslmode=verify-full") && !told.contains("HUNTER2"), "{told}");
    }
    // Encrypted it is tried, and there is no such host.
    let told = refused("production", &format!("{open}?sslmode=verify-full"));
    assert!(told.contains("cannot connect to the database at db.invalid:5432"), "{told}");
    let told = refused("development", open);
    assert!(told.contains("cannot connect"), "{told}");
    let told = refused("prod", open);
    assert!(told.contains("PG_ATLAS_ENV: expected `production` or `development`"), "{told}");
}
