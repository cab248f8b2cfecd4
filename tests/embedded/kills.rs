//! Kill -9 of every participant.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::server::{Data, Ping, cluster, command, data, eventually, gone, kill, parent, report};

#[test]
fn a_killed_user_counts_as_gone() {
    let data = data();
    let (first, second) = (Ping::hold(data.path()), Ping::hold(data.path()));
    let postmaster = first.postmaster;
    first.kill();
    assert_eq!(report(&mut command(data.path()))["postmaster"], postmaster, "it stays for the second");
    second.kill();
    eventually("the server stops", || gone(postmaster));
    report(&mut command(data.path()));
}

#[test]
fn a_user_killed_while_it_starts_the_server_leaves_none_behind() {
    let data = Data::empty();
    let mut starting = Ping::spawn(&mut command(data.path()));
    let log = data.path().join("postgres/server.log");
    eventually("initdb works", || fs::read_to_string(&log).is_ok_and(|log| log.contains("bootstrap")));
    starting.kill().unwrap();
    starting.wait().unwrap();
    Ping::hold(data.path()).stop();
}

#[test]
fn a_server_that_does_not_listen_to_signals_yet_is_told_again() {
    let data = data();
    let bin = tempfile::tempdir().unwrap();
    fs::set_permissions(bin.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let installed = Ping::hold(data.path());
    let real = fs::read_link(format!("/proc/{}/exe", installed.postmaster)).unwrap();
    installed.stop();
    let log = data.path().join("postgres/server.log");
    let before = fs::read_to_string(&log).unwrap().len();
    // A server that has been told once before it listens. A shell hears no signal that was ignored when it began, as it
    // is for whatever runs in the background of a script.
    let (file, real) = (bin.path().join("postgres"), real.display().to_string());
    let script = format!(
        "#!/usr/bin/env -S --default-signal=INT sh\n[ \"$1\" = --version ] && exec {real} --version\ntrap ': > \"$0.told\"' INT\n: > \"$0.started\"\n\
         while ! [ -e \"$0.told\" ]; do sleep 0.05; done\n\
         trap '' INT\nexec {real} \"$@\"\n"
    );
    fs::write(&file, script).unwrap();
    fs::write(bin.path().join("initdb"), "").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();

    let mut starting = Ping::spawn(command(data.path()).env("PG_ATLAS_PG_BIN", bin.path()));
    eventually("the server starts", || bin.path().join("postgres.started").exists());
    starting.kill().unwrap();
    starting.wait().unwrap();
    // Whoever came before that would keep the server.
    eventually("the server is told", || bin.path().join("postgres.told").exists());
    let next = Ping::hold(data.path());
    let log = fs::read_to_string(&log).unwrap()[before..].to_owned();
    assert!(log.contains("received fast shutdown request"), "{log}");
    assert!(!log.contains("received immediate shutdown request"), "{log}");
    next.stop();
}

#[test]
fn a_killed_supervisor_takes_the_server_with_it_and_the_next_command_starts_another() {
    let data = data();
    let user = Ping::hold(data.path());
    kill(parent(user.postmaster));
    let next = Ping::hold(data.path());
    assert_ne!(next.postmaster, user.postmaster);
    assert!(gone(user.postmaster), "never two servers on one cluster");
    assert_eq!(next.socket, user.socket, "the first user can reconnect");
    let postmaster = next.postmaster;
    next.leave();
    assert_eq!(report(&mut command(data.path()))["postmaster"], postmaster, "the first is still a user");
    user.leave();
    eventually("the server stops", || gone(postmaster));
}

#[test]
fn a_killed_server_is_recovered_by_the_next_command() {
    let data = data();
    let user = Ping::hold(data.path());
    let supervisor = parent(user.postmaster);
    kill(user.postmaster);
    let next = Ping::hold(data.path());
    assert_ne!(next.postmaster, user.postmaster);
    eventually("the former supervisor ends", || gone(supervisor));
    let log = fs::read_to_string(data.path().join("postgres/server.log")).unwrap();
    assert!(log.contains("automatic recovery in progress"), "{log}");
    user.leave();
    next.stop();
}

#[test]
fn all_killed_at_once_is_recovered_too() {
    let data = data();
    let user = Ping::hold(data.path());
    kill(parent(user.postmaster));
    kill(user.postmaster);
    user.kill();
    report(&mut command(data.path()));
}

#[test]
fn the_number_of_a_killed_server_may_belong_to_another_process_by_now() {
    let data = data();
    let file = cluster(data.path()).join("postmaster.pid");
    let user = Ping::hold(data.path());
    let (stale, postmaster) = (fs::read_to_string(&file).unwrap(), user.postmaster);
    user.stop();

    let ours = std::process::id().to_string();
    fs::write(&file, stale.replacen(&postmaster.to_string(), &ours, 1)).unwrap();
    report(&mut command(data.path()));
}
