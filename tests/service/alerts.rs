//! `alerts check`: what is beyond its bound is told, and what nobody tells is unknown.

use std::collections::BTreeMap;

use sqlx::ConnectOptions as _;
use sqlx::postgres::PgConnectOptions;

use super::handed::post;
use super::*;
use crate::embedded::hands::{Hands, SUPERUSER};
use crate::embedded::server::Data;

/// The exit code, and what was found under each name: `alerts`, `fine` or `unknown`, with the value. What the machine's
/// disk has to say is left out.
fn checked(command: &mut Command, more: &[&str]) -> (i32, BTreeMap<String, (String, Value)>) {
    let ran = Ran::of(command.args(["alerts", "check", "--seconds", "0"]).args(more));
    let report = ran.json();
    let mut found = BTreeMap::new();
    for state in ["alerts", "fine", "unknown"] {
        for one in report[state].as_array().unwrap() {
            let (name, of) = (one["name"].as_str().unwrap(), one["of"].as_str().unwrap());
            let told = one.get("value").unwrap_or(&one["reason"]).clone();
            if name != "disk_percent" {
                found.insert(format!("{name} of {}", of.split(" at ").next().unwrap()), (state.to_owned(), told));
            }
        }
    }
    let disk_is_full = report["alerts"].as_array().unwrap().iter().any(|one| one["name"] == "disk_percent");
    let only_disk = disk_is_full && found.values().all(|(state, _)| state != "alerts");
    let without = if report["is_partial"] == true { 2 } else { 0 };
    (if only_disk { without } else { ran.code }, found)
}

#[test]
fn builds_that_lack_events_for_long_are_told_and_without_a_server_much_is_unknown() {
    let program = Program::fresh();
    program.sbom("acme/tool", &document(), &[]);
    program.json("project");
    let builds = "projection_lag_seconds of live builds";
    let (code, found) = checked(&mut program.command(), &[]);
    assert_eq!((code, &found[builds]), (0, &("fine".to_owned(), json!(0.0))), "{found:?}");
    for name in ["answers_p95_ms", "failed_percent", "pool_connections", "write_failures"] {
        assert_eq!(found[&format!("{name} of servers")].0, "unknown", "{found:?}");
    }
    program.sbom("acme/later", &document(), &[]);
    say(
        &program,
        "ALTER TABLE log.append DISABLE TRIGGER ALL; \
         UPDATE log.append SET recorded_at = recorded_at - interval '1 hour'",
    );
    let (code, found) = checked(&mut program.command(), &[]);
    let (state, seconds) = &found[builds];
    assert_eq!((code, state.as_str()), (1, "alerts"), "{found:?}");
    assert!((3_600.0..7_200.0).contains(&seconds.as_f64().unwrap()), "{found:?}");
}

#[test]
fn standbys_that_a_slot_waits_for_are_unknown() {
    let program = Program::fresh();
    program.json("migrate");
    let slot = format!("atlas_test_{}", uuid::Uuid::now_v7().simple());
    say(&program, &format!("SELECT pg_create_physical_replication_slot('{slot}')"));
    let (_, found) = checked(&mut program.command(), &[]);
    say(&program, &format!("SELECT pg_drop_replication_slot('{slot}')"));
    let (state, reason) = &found[&format!("replication_lag_seconds of {slot}")];
    assert_eq!((state.as_str(), reason), ("unknown", &json!("nobody is connected to its slot")), "{found:?}");
}

#[test]
fn who_does_not_answer_is_no_good_news() {
    let program = Program::fresh();
    program.json("migrate");
    let nobody = "http://127.0.0.1:1/metrics";
    let (code, found) = checked(&mut program.command(), &["--metrics", nobody]);
    assert_eq!((code, found["answers_p95_ms of 127.0.0.1:1"].0.as_str()), (2, "unknown"), "{found:?}");
    let down = "postgres://nobody@127.0.0.1:1/nothing";
    let (code, found) = checked(program.command().env("DATABASE_URL", down), &[]);
    assert_eq!((code, found["projection_lag_seconds of live builds"].0.as_str()), (2, "unknown"), "{found:?}");
    let refused = program.run(["alerts", "check", "--metrics", "nonsense"]).fails(2);
    assert!(refused.contains("no listener for metrics"), "{refused}");
}

#[test]
fn a_server_that_fails_to_write_is_told() {
    let program = Program::fresh();
    program.sbom("acme/tool", &document(), &[]);
    let key = program.json("key create")["key"].as_str().unwrap().to_owned();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let service = Service::of(&mut program.command(), &["--metrics-listen", &free]);
    for _ in 0..60 {
        service.ok("/repos");
    }
    let metrics = ["--metrics", &free];
    let (_, found) = checked(&mut program.command(), &metrics);
    for name in ["failed_percent", "write_failures"] {
        assert_eq!(found[&format!("{name} of {free}")], ("fine".to_owned(), json!(0.0)), "{found:?}");
    }
    // How long a busy machine takes is nobody's fault here.
    assert_ne!(found[&format!("answers_p95_ms of {free}")].0, "unknown", "{found:?}");
    assert_ne!(found["projection_lag_seconds of snapshot of public"].0, "unknown", "{found:?}");
    assert_eq!(found["pool_connections of intake of public"].0, "fine", "{found:?}");
    say(
        &program,
        "CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'full'; END $$; \
         CREATE TRIGGER refuse BEFORE INSERT ON log.append FOR EACH ROW EXECUTE FUNCTION public.refuse()",
    );
    let bearer = format!("Bearer {key}");
    let mut other = document();
    other["packages"][0]["name"] = json!("right");
    let body = other.to_string();
    let target = "/ingest/sbom?repo=pkg:github/acme/other";
    assert_eq!(post(&service, target, &[("Authorization", &bearer)], body.as_bytes()).0, 503);
    let (code, found) = checked(&mut program.command(), &metrics);
    assert_eq!((code, &found[&format!("write_failures of {free}")]), (1, &("alerts".to_owned(), json!(1.0))));
    assert_eq!(found[&format!("failed_percent of {free}")].0, "alerts", "1 of 61: {found:?}");
    assert_eq!(service.end(), Some(0));
}

#[test]
fn a_standby_that_replays_nothing_is_told_until_it_goes_on() {
    let (folder, data) = (Data::empty(), tempfile::tempdir().unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let say = |server: &PgConnectOptions, statement: &str| {
        runtime.block_on(async {
            let mut conn = server.connect().await.unwrap();
            conn.execute(statement).await.unwrap();
        });
    };
    let hands = Hands::initialise(&folder);
    let running = hands.serve();
    let primary = running.options(SUPERUSER, "postgres");
    let program = |server: &PgConnectOptions| {
        let mut command = bare();
        command.env("DATABASE_URL", server.to_url_lossy().to_string()).env("PG_ATLAS_DATA_DIR", data.path());
        command
    };
    Ran::of(program(&primary).arg("migrate")).ok();
    // The program is no superuser.
    say(&primary, "GRANT pg_monitor TO atlas_owner");
    say(&primary, "ALTER SYSTEM SET wal_receiver_status_interval = 1");
    let following = hands.standby(&running).serve();
    let standby = following.options(SUPERUSER, "postgres");
    // How each of the two sees it, once it is so.
    let told = |wanted: &str| {
        for (server, name) in [(&primary, "walreceiver"), (&standby, "this server")] {
            let begun = Instant::now();
            loop {
                let (code, found) = checked(&mut program(server), &[]);
                let lag = found.get(&format!("replication_lag_seconds of {name}"));
                if let Some((state, seconds)) = lag.filter(|(state, _)| state == wanted) {
                    assert_eq!(seconds.as_f64().unwrap() > 10.0, state == "alerts", "{found:?}");
                    assert!(code == 1 || state != "alerts", "{found:?}");
                    break;
                }
                assert!(begun.elapsed() < AT_ALL, "{name} is not {wanted}: {found:?}");
                thread::sleep(LOOK);
            }
        }
    };
    let append = |repo: &str| {
        let file = data.path().join("sbom.json");
        std::fs::write(&file, document().to_string()).unwrap();
        let repo = format!("pkg:github/{repo}");
        Ran::of(program(&primary).args(["ingest", "sbom", file.to_str().unwrap(), "--repo", &repo])).ok();
    };
    append("acme/tool");
    told("fine");
    say(&standby, "SELECT pg_wal_replay_pause()");
    append("acme/later");
    told("alerts");
    say(&standby, "SELECT pg_wal_replay_resume()");
    told("fine");
}
