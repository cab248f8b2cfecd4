//! Each part of the service as a process of its own, under the login that `docs/OPERATIONS.md` prints for it.

use std::fs::{self, File};
use std::str::FromStr as _;

use sqlx::ConnectOptions as _;
use sqlx::postgres::PgConnectOptions;

use super::handed::post;
use super::*;

/// The logins that the document prints for parts: name, statement, and the flags that it says they are for.
fn printed() -> Vec<(String, String, String)> {
    let document = include_str!("../../docs/OPERATIONS.md");
    let (_, section) = document.split_once("\n## Parts of the service\n").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let lines = section.lines().filter(|line| line.starts_with("CREATE ROLE "));
    let parts = lines.map(|line| {
        let (statement, flags) = line.split_once("-- serve ").unwrap();
        let name = line.split_whitespace().nth(2).unwrap();
        (name.to_owned(), statement.trim().to_owned(), flags.trim().to_owned())
    });
    parts.collect()
}

/// Logins of one story.
struct PartLogins<'a> {
    program: &'a Program,
    suffix: String,
    printed: Vec<(String, String, String)>,
}

impl<'a> PartLogins<'a> {
    fn made(program: &'a Program) -> Self {
        let logins = Self { program, suffix: uuid::Uuid::now_v7().simple().to_string(), printed: printed() };
        for (name, statement, _) in &logins.printed {
            // Roles belong to the whole server, where other stories run.
            say(program, &statement.replacen(name, &logins.login(name), 1));
        }
        logins
    }

    fn login(&self, name: &str) -> String {
        format!("{name}_{}", self.suffix)
    }

    /// The program under a login, and the flags that are printed for it.
    fn part(&self, name: &str) -> (Command, Vec<&str>) {
        let (_, _, flags) = self.printed.iter().find(|(printed, ..)| printed == name).unwrap();
        let options = PgConnectOptions::from_str(&self.program.url()).unwrap();
        let options = options.username(&self.login(name)).password("...");
        let mut command = self.program.command();
        // What a busy machine makes slow is nobody's fault.
        command.env("PG_ATLAS_SLOW_STATEMENT_MS", "3600000");
        command.env("DATABASE_URL", options.to_url_lossy().to_string());
        (command, flags.split_whitespace().collect())
    }

    /// A part that answers.
    fn service(&self, name: &str) -> Service {
        let (mut command, flags) = self.part(name);
        Service::telling(&mut command, &flags, self.told(name))
    }

    /// A part that only works.
    fn worker(&self, name: &str) -> Service {
        let (mut command, flags) = self.part(name);
        let child = command.arg("serve").args(flags).stderr(Stdio::from(self.told(name))).spawn().unwrap();
        Service { child, host: String::new() }
    }

    fn told(&self, name: &str) -> File {
        let place = self.program.data().join(format!("{name}.told"));
        File::options().create(true).append(true).open(place).unwrap()
    }
}

impl Drop for PartLogins<'_> {
    fn drop(&mut self) {
        for (name, ..) in &self.printed {
            say(self.program, &format!("DROP ROLE IF EXISTS {}", self.login(name)));
        }
    }
}

#[test]
fn each_part_works_under_the_login_that_is_printed_for_it() {
    let program = Program::fresh();
    program.json("migrate --roles");
    program.sbom("acme/tool", &document(), &[]);
    let key = program.json("key create")["key"].as_str().unwrap().to_owned();
    let logins = PartLogins::made(&program);
    let names: Vec<&str> = logins.printed.iter().map(|(name, ..)| name.as_str()).collect();
    assert_eq!(names, ["answering", "receiving", "projecting", "sequencing"]);
    let (answering, receiving) = (logins.service("answering"), logins.service("receiving"));
    let (projecting, sequencing) = (logins.worker("projecting"), logins.worker("sequencing"));
    for target in ["/repos", "/scores", "/events", "/ready", "/contributors", "/triage", "/ingest/sbom", "/metadata"] {
        answering.ok(target);
    }
    let body = document().to_string();
    let bearer = format!("Bearer {key}");
    let target = "/ingest/sbom?repo=pkg:github/acme/later";
    let (status, _, answer) = post(&receiving, target, &[("Authorization", &bearer)], body.as_bytes());
    assert_eq!((status, &answer["position"]), (202, &json!(2)), "{answer}");
    answering.until("/repos/pkg:github/acme/later", |status, _| status == 200);
    let begun = Instant::now();
    while program.json("status")["projections"][0]["position"] != 2 {
        assert!(begun.elapsed() < AT_ALL, "it projects");
        thread::sleep(LOOK);
    }
    let (mut command, _) = logins.part("answering");
    let beside = Service::telling(&mut command, &["--only", "api"], logins.told("answering"));
    assert_eq!(beside.ok("/repos")["total"], 2);
    for service in [answering, beside, receiving, projecting, sequencing] {
        assert_eq!(service.end(), Some(0));
    }
    for name in names {
        let told = fs::read_to_string(program.data().join(format!("{name}.told"))).unwrap();
        assert!(!told.contains("WARN") && !told.contains("error"), "{name}: {told}");
    }
}
