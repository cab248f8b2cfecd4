//! The users that `docs/OPERATIONS.md` prints: made with its very commands, each does what the document says.

use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use sqlx::{ConnectOptions as _, Executor as _};

use crate::support::cli::{Place, Said, ended};

/// Longest wait for a follower, generous.
const LIMIT: Duration = Duration::from_secs(60);

/// The statements of the document that make logins of `public`, its first, each with the login it makes.
fn printed() -> Vec<(String, String)> {
    let document = include_str!("../../docs/OPERATIONS.md");
    let first = document.find("\nCREATE ROLE ").unwrap();
    let (statements, _) = document[first..].split_once("```").unwrap();
    let lines = statements.lines().filter(|line| line.starts_with("CREATE ROLE "));
    lines.map(|line| (line.split_whitespace().nth(2).unwrap().to_owned(), line.to_owned())).collect()
}

struct Users<'a> {
    place: &'a Place,
    suffix: String,
}

impl Users<'_> {
    fn name(&self, login: &str) -> String {
        format!("{login}_{}", self.suffix)
    }

    fn command(&self, login: &str, args: &[&str]) -> std::process::Command {
        let mut command = self.place.command(args);
        let options = self.place.db.bare().username(&self.name(login)).password("...");
        command.env("DATABASE_URL", options.to_url_lossy().to_string());
        command
    }

    /// Runs a command that has nothing to complain about.
    fn run(&self, login: &str, args: &[&str]) -> Said {
        let said = ended(0, self.command(login, args));
        let complaint = said.stderr.lines().find(|line| line.contains("WARN") || line.contains("warning"));
        assert!(complaint.is_none(), "{login} {args:?}: {said:?}");
        said
    }
}

#[tokio::test]
async fn every_login_works_as_printed() {
    let place = Place::new().await;
    place.run(&["migrate", "--roles"]);
    let users = Users { place: &place, suffix: uuid::Uuid::now_v7().simple().to_string() };
    let logins = printed();
    assert_eq!(logins.len(), 5);
    for (login, statement) in &logins {
        // Roles belong to the whole server, where other stories run.
        let statement = statement.replacen(login, &users.name(login), 1);
        place.db.pool().execute(statement.as_str()).await.unwrap();
    }

    let repo = |stars: u32| place.file("r.json", format!(r#"{{"full_name": "o/a", "stargazers_count": {stars}}}"#));
    let about = ["--repo", "pkg:github/o/a"];
    users.run("ingestion", &[&["ingest", "repo", &repo(1)][..], &about].concat());
    users.run("ingestion", &["audit", "checkpoint"]);
    users.run("projection", &["project"]);
    follows(&users, &[&["ingest", "repo", &repo(2)][..], &about].concat());
    users.run("projection", &["rebuild"]);
    for args in [&["scores"][..], &["edges"], &["triage", "list"], &["status"]] {
        users.run("dashboard", args);
    }
    users.run("publishing", &["publish", "--label", "first"]);
    users.run("publishing", &["rebuild", "--promote"]);
    users.run("publishing", &["rebuild", "--formula", "atlas-1", "--promote"]);
    users.run("publishing", &["rollback"]);
    let formula = concat!(env!("CARGO_MANIFEST_DIR"), "/domain/formulas/atlas-1.toml");
    users.run("publishing", &["formula", "adopt", formula]);
    users.run("projection", &["project"]);
    for args in [&["events"][..], &["replay"], &["replay", "--verify"], &["audit", "verify"], &["audit", "prove", "1"]]
    {
        users.run("auditor", args);
    }
    // Nobody is told to mend what is not for them to see.
    for (login, _) in &logins {
        users.run(login, &["doctor"]);
    }
    for (login, _) in &logins {
        place.db.pool().execute(format!("DROP ROLE {}", users.name(login)).as_str()).await.unwrap();
    }
}

/// A projector's login, which may not give positions, follows what others append, and says nothing.
fn follows(users: &Users<'_>, ingest: &[&str]) {
    let mut follower = users.command("projection", &["project", "--follow"]);
    let follower = follower.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let pid = Pid::from_child(&follower);
    let started = Instant::now();
    let ingested = users.run("ingestion", ingest).json();
    let head = &ingested["position"];
    while users.place.run(&["status"])["projections"].as_array().unwrap().iter().any(|build| build["position"] != *head)
    {
        assert!(started.elapsed() < LIMIT, "it follows");
        std::thread::sleep(Duration::from_millis(50));
    }
    // Time for more than one complaint a second.
    std::thread::sleep(Duration::from_secs(3).saturating_sub(started.elapsed()));
    kill_process(pid, Signal::INT).unwrap();
    let output = follower.wait_with_output().unwrap();
    assert!(output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    let said: Vec<&str> = said.lines().collect();
    let [first, last] = said[..] else { panic!("what it does, and where it stopped, and nothing else: {said:?}") };
    assert!(first.starts_with("following the log") && last.starts_with("SIGINT: stopped following"), "{said:?}");
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["head"], *head);
}
