//! Statements that take long: background work tells of them, a command that ends tells of them where it is asked to.

use std::process::Command;

use rustix::process::{Pid, Signal, kill_process};

use super::{end, run};
use crate::support::cli::Place;
use crate::support::events;
use crate::support::log::append;
use crate::support::wait::{until, until_none};

/// What the line of a slow statement says.
const SLOW: &str = "slow statement";

/// A command for which every statement is slow.
fn hurried(place: &Place, args: &[&str]) -> Command {
    let mut command = place.command(args);
    command.env("PG_ATLAS_SLOW_STATEMENT_MS", "0");
    command
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn background_work_tells_of_them_and_a_command_where_it_is_asked() {
    let place = Place::new().await;
    place.run(&["project"]);
    append(&place.db.log(), events::repo("a/b", 1)).await;
    for (args, tells) in [(&["project"][..], false), (&["project", "-v"], true), (&["status", "--quiet"], false)] {
        let (code, said) = run(hurried(&place, args)).await;
        assert_eq!((code, said.stderr.contains(SLOW)), (0, tells), "{args:?}: {said:?}");
    }
    for (quiet, tells) in [(false, true), (true, false)] {
        let mut args = vec!["project", "--follow"];
        args.extend(quiet.then_some("--quiet"));
        let follows =
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'";
        // The server notices late that the one before has gone.
        until_none(place.db.pool(), "nobody follows", follows).await;
        let child = hurried(&place, &args).spawn().unwrap();
        until(place.db.pool(), "it follows", follows, 1).await;
        kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
        let (code, said) = end(child, "the follower");
        assert_eq!((code, said.stderr.contains(SLOW)), (0, tells), "{said:?}");
    }
}
