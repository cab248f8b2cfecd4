//! The embedded server: started by the first command, shared, stopped with the last, whoever is killed in between.

pub(crate) mod hands;
mod kills;
mod places;
mod rights;
pub(crate) mod server;

use std::fs;
use std::process::Stdio;

use server::{Data, Ping, cluster, command, data, eventually, gone, parent, refused, report};

#[test]
fn the_first_starts_it_others_join_the_last_stops_it() {
    let data = data();
    let first = Ping::hold(data.path());
    let second = Ping::hold(data.path());
    let third = report(&mut command(data.path()));
    assert_eq!(first.postmaster, second.postmaster);
    assert_eq!(third["postmaster"], first.postmaster);
    assert_eq!(third["select_1"], 1);
    assert_eq!(third["fsync"], "on");
    assert_eq!(third["timezone"], "UTC");

    let postmaster = first.postmaster;
    first.leave();
    assert_eq!(report(&mut command(data.path()))["postmaster"], postmaster, "it stays for the second");
    let supervisor = parent(postmaster);
    second.leave();
    eventually("the server stops", || gone(postmaster));
    eventually("the supervisor ends", || gone(supervisor));

    let again = report(&mut command(data.path()));
    assert_ne!(again["postmaster"], postmaster, "a warm start is a new server");
}

#[test]
fn eight_cold_starts_at_once_make_one_cluster() {
    let data = Data::empty();
    let started: Vec<_> = (0..8).map(|_| Ping::spawn(&mut command(data.path()))).collect();
    let pings: Vec<_> = started.into_iter().map(Ping::ready).collect();
    assert!(pings.iter().all(|ping| ping.postmaster == pings[0].postmaster));
    let log = fs::read_to_string(data.path().join("postgres/server.log")).unwrap();
    assert_eq!(log.matches("running bootstrap script").count(), 1, "{log}");
    let postmaster = pings[0].postmaster;
    pings.into_iter().for_each(Ping::leave);
    eventually("the server stops", || gone(postmaster));
}

#[test]
fn whoever_reads_the_output_of_the_first_command_to_its_end_does_not_wait_for_the_server() {
    let data = data();
    let first = Ping::hold(data.path());
    let second = Ping::hold(data.path());
    // The first command started the supervisor; reading its output ends while the second still uses the server.
    first.leave();
    assert!(!gone(second.postmaster));
    second.leave();
}

#[test]
fn settings_meant_for_other_servers_do_not_reach_this_one() {
    let data = data();
    let hostile = [
        ("PGSSLMODE", "require"),
        ("PGHOST", "nowhere.invalid"),
        ("PGPORT", "1"),
        ("PGUSER", "nobody"),
        ("PGDATABASE", "nothing"),
        ("PGDATA", "/nonexistent"),
        ("TZ", "Asia/Tokyo"),
        ("LC_ALL", "de_DE.UTF-8"),
    ];
    let report = report(command(data.path()).envs(hostile));
    assert_eq!(report["timezone"], "UTC");
}

#[test]
fn without_binaries_the_error_says_how_to_install_them() {
    let data = Data::empty();
    let error = refused(command(data.path()).env("PG_ATLAS_PG_BIN", "/nonexistent"));
    assert!(error.contains("scripts/setup") && error.contains("apt-get install"), "{error}");
}

#[test]
fn data_of_a_version_that_is_not_installed_is_refused_by_both_names() {
    let data = data();
    let cluster = cluster(data.path());
    let installed = fs::read_to_string(cluster.join("PG_VERSION")).unwrap();
    fs::rename(&cluster, data.path().join("postgres/cluster-99")).unwrap();
    let error = refused(&mut command(data.path()));
    assert!(error.contains("PostgreSQL 99") && error.contains(installed.trim()), "{error}");
    assert!(!cluster.exists(), "no second, empty log appears in its place");
}

#[test]
fn a_server_that_does_not_start_is_quoted() {
    let data = data();
    fs::write(cluster(data.path()).join("postgresql.conf"), "no_such_setting = 1\n").unwrap();
    let error = refused(&mut command(data.path()));
    assert!(error.contains("did not start") && error.contains("no_such_setting"), "{error}");
}

#[test]
fn an_interrupted_first_start_leaves_nothing_that_matters() {
    let data = Data::empty();
    let half = data.path().join("postgres/cluster-15.tmp-1");
    fs::create_dir_all(&half).unwrap();
    fs::write(half.join("PG_VERSION"), "15\n").unwrap();
    report(&mut command(data.path()));
    assert!(!half.exists(), "the start that succeeds removes it");
}

#[test]
fn the_supervisor_of_a_supervised_folder_goes_away_by_itself() {
    let data = data();
    let user = Ping::hold(data.path());
    let mut second = std::process::Command::new(server::BINARY);
    let status = second.arg("supervise").arg(data.path()).stdout(Stdio::null()).status().unwrap();
    assert_eq!(status.code(), Some(3));
    assert_eq!(report(&mut command(data.path()))["postmaster"], user.postmaster);
    user.leave();
}
