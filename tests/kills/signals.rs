//! Commands that are asked to stop leave nothing behind.

use std::fs;
use std::io::Read as _;
use std::net::TcpListener;
use std::path::Path;
use std::thread;
use std::time::Duration;

use rustix::process::Signal;
use sqlx::ConnectOptions as _;

use super::chaos::follower;
use super::cli::{Cli, Running, command};
use crate::embedded::server::{data, eventually, gone, parent};
use crate::support::Db;
use crate::support::wait::until_none;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_follower_ends_well_and_leaves_no_connection() {
    let (db, folder) = (Db::create().await, tempfile::tempdir().unwrap());
    let cli = Cli::new(db.bare().to_url_lossy().to_string(), folder.path());
    for signal in [Signal::INT, Signal::TERM] {
        let said = follower(&cli).stop(signal);
        assert_eq!((said.code, &said.json()["head"]), (0, &0.into()), "{said:?}");
    }
    let others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() \
                  AND application_name = 'pg-atlas' AND state <> 'idle'";
    until_none(db.pool(), "its connections are gone", others).await;
}

/// Everything that descends from a process.
fn descendants(of: i32) -> Vec<i32> {
    let numbers = fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let descends = |mut pid: i32| {
        while pid > 1 {
            let Some(above) = Path::new(&format!("/proc/{pid}")).exists().then(|| parent_of(pid)).flatten() else {
                return false;
            };
            if above == of {
                return true;
            }
            pid = above;
        }
        false
    };
    numbers.filter(|pid| descends(*pid)).collect()
}

fn parent_of(pid: i32) -> Option<i32> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix("PPid:"))?.trim().parse().ok()
}

#[test]
fn git_goes_with_the_command_that_started_it() {
    // A server that takes what is sent and never answers.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/x.git", listener.local_addr().unwrap());
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            thread::spawn(move || stream.read_to_end(&mut Vec::new()));
        }
    });
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let (folder, scratch) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let args = ["ingest", "git-log", &url, "--repo", "pkg:github/a/b", "--dry-run"];
        let running = Running::start(command(folder.path(), &args).env("TMPDIR", scratch.path()));
        // Git, and its helper that waits for the server.
        let pid = running.pid();
        eventually("git waits for the server", || descendants(pid).len() >= 2);
        let children = descendants(pid);
        let said = running.stop(signal);
        assert_eq!(said.code, code, "{said:?}");
        assert!(said.stderr.contains("interrupted"), "{said:?}");
        eventually("git is gone", || children.iter().all(|child| gone(*child)));
        assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 0, "no scratch folder is left");
    }
}

/// The number of the embedded server of a data folder.
fn postmaster(data: &Path) -> Option<i32> {
    let cluster = crate::embedded::server::cluster(data);
    fs::read_to_string(cluster.join("postmaster.pid")).ok()?.lines().next()?.parse().ok()
}

#[test]
fn the_embedded_server_stops_after_a_follower_that_was_asked_to() {
    for signal in [Signal::INT, Signal::TERM] {
        let data = data();
        let running = Running::start(&mut command(data.path(), &["project", "--follow", "-v"]));
        eventually("the server runs", || postmaster(data.path()).is_some_and(|pid| !gone(pid)));
        let server = postmaster(data.path()).unwrap();
        let supervisor = parent(server);
        // Another user keeps it; then nobody does.
        let status = Running::start(&mut command(data.path(), &["status"])).wait();
        assert_eq!(status.code, 0, "{status:?}");
        assert!(!gone(server));
        let said = running.stop(signal);
        assert_eq!(said.code, 0, "{said:?}");
        eventually("the server stops", || gone(server));
        eventually("the supervisor ends", || gone(supervisor));
    }
}

#[test]
fn a_follower_starts_its_embedded_server_again() {
    let data = data();
    let running = Running::start(&mut command(data.path(), &["project", "--follow"]));
    eventually("the server runs", || postmaster(data.path()).is_some_and(|pid| !gone(pid)));
    // It follows by now, not merely starts.
    assert_eq!(Running::start(&mut command(data.path(), &["project"])).wait().code, 0);
    thread::sleep(Duration::from_millis(500));
    let server = postmaster(data.path()).unwrap();
    crate::embedded::server::kill(server);
    eventually("another server runs", || postmaster(data.path()).is_some_and(|pid| pid != server && !gone(pid)));
    thread::sleep(Duration::from_millis(500));
    let said = running.stop(Signal::TERM);
    assert_eq!(said.code, 0, "{said:?}");
    let server = postmaster(data.path());
    eventually("it stops with its last user", || server.is_none_or(gone));
}

#[test]
fn a_demo_that_is_interrupted_leaves_no_server_and_can_be_run_again() {
    let data = data();
    for milliseconds in [300, 900] {
        let running = Running::start(&mut command(data.path(), &["demo", "--quiet"]));
        thread::sleep(Duration::from_millis(milliseconds));
        running.signal(Signal::INT);
        drop(running);
        let server = postmaster(data.path());
        eventually("the server stops", || server.is_none_or(gone));
    }
    let said = Running::start(&mut command(data.path(), &["demo", "--quiet"])).wait();
    assert_eq!((said.code, &said.json()["verified"]), (0, &true.into()), "{said:?}");
}
