//! Documents made from a seed: bills of materials, host facts, git histories, survey answers, grants records.
//!
//! No two say the same of the same thing, and no two were seen at the same time: whatever the order in which they
//! arrive, the state is the same.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use chrono::{DateTime, TimeDelta};
use domain::digest::Digest;
use serde_json::{Value, json};

use crate::support::random::Random;

/// Repositories they are about.
const REPOS: u64 = 20;
/// Projects.
const PROJECTS: u64 = 8;
/// Packages of nobody.
const LIBRARIES: u64 = 40;
/// First moment at which one was seen, in seconds since 1970: 2025-01-01.
const FIRST_SEEN: i64 = 1_735_689_600;
/// Time between two, in minutes.
const STEP_MINUTES: i64 = 331;

/// A call of `ingest`.
#[derive(Clone, Debug)]
pub(super) struct Input {
    /// The idempotency key.
    pub(super) key: String,
    /// The arguments, the key not among them.
    pub(super) args: Vec<String>,
    /// Events it is worth.
    pub(super) events: u64,
}

impl Input {
    /// The arguments with the key.
    pub(super) fn args(&self) -> Vec<&str> {
        self.args.iter().map(String::as_str).chain(["--idempotency-key", &self.key]).collect()
    }

    /// The keys of its events: the first has the key as it is given.
    pub(super) fn keys(&self) -> Vec<String> {
        let further = (1..self.events).map(|n| format!("{}#{n}", self.key));
        std::iter::once(self.key.clone()).chain(further).collect()
    }
}

/// Writes the documents into `folder`.
pub(super) fn make(seed: u64, folder: &Path) -> Vec<Input> {
    let mut maker = Maker { random: Random::new(seed), folder, made: Vec::new() };
    for n in 0..70 {
        maker.sbom(n);
    }
    for n in 0..45 {
        maker.repo(n);
    }
    for n in 0..25 {
        maker.git_log(n);
    }
    for n in 0..14 {
        maker.survey(n);
    }
    for n in 0..8 {
        maker.grants(n);
    }
    maker.made
}

struct Maker<'a> {
    random: Random,
    folder: &'a Path,
    made: Vec<Input>,
}

impl Maker<'_> {
    fn push(&mut self, kind: &str, n: u64, document: &str, rest: &[&str], events: u64) {
        let seen = FIRST_SEEN + 60 * STEP_MINUTES * self.made.len() as i64;
        let seen = DateTime::from_timestamp(seen, 0).unwrap().format("%Y-%m-%dT%H:%M:%SZ").to_string();
        let path = self.folder.join(format!("{kind}-{n}"));
        fs::write(&path, document).unwrap();
        let mut args = vec!["ingest", kind, path.to_str().unwrap(), "--observed-at", &seen, "--actor", "kills"];
        args.extend(rest);
        let args = args.into_iter().map(str::to_owned).collect();
        self.made.push(Input { key: format!("{kind}-{n}"), args, events });
    }

    fn about(&mut self) -> (String, String) {
        let repo = self.random.below(REPOS);
        (format!("pkg:github/kills/r{repo}"), project(repo % PROJECTS))
    }

    fn sbom(&mut self, n: u64) {
        let (repo, project) = self.about();
        let own = format!("pkg:npm/{}@1.{n}.0", repo.rsplit('/').next().unwrap());
        let mut components = vec![json!({
            "bom-ref": "marker", "type": "library", "name": "marker", "version": format!("{n}.0.0"),
            "purl": format!("pkg:npm/marker@{n}.0.0"),
        })];
        for at in 0..2 + self.random.below(6) {
            let name = match self.random.below(3) {
                0 => format!("r{}", self.random.below(REPOS)),
                _ => format!("lib{}", self.random.below(LIBRARIES)),
            };
            components.push(json!({
                "bom-ref": format!("c{at}"), "type": "library", "name": name, "version": "2.0.0",
                "purl": format!("pkg:npm/{name}@2.0.{at}"),
            }));
        }
        let last = components.len() - 2;
        let mut dependencies: Vec<Value> =
            (0..last).map(|at| json!({"ref": format!("c{at}"), "dependsOn": [format!("c{}", at + 1)]})).collect();
        dependencies.push(json!({"ref": "root", "dependsOn": ["c0", "marker", format!("c{last}")]}));
        let document = json!({
            "bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
            "metadata": {"component": {"bom-ref": "root", "type": "library", "name": "root", "purl": own}},
            "components": components, "dependencies": dependencies,
        });
        self.push("sbom", n, &document.to_string(), &["--repo", &repo, "--project", &project], 1);
    }

    fn repo(&mut self, n: u64) {
        let (repo, project) = self.about();
        let document = json!({
            "full_name": repo.trim_start_matches("pkg:github/"), "visibility": "public", "archived": false,
            "fork": false, "default_branch": "main", "stargazers_count": 1000 + n, "forks_count": n,
        });
        self.push("repo", n, &document.to_string(), &["--repo", &repo, "--project", &project], 1);
    }

    fn git_log(&mut self, n: u64) {
        let (repo, _) = self.about();
        let mut rows = Vec::new();
        for author in 0..1 + self.random.below(4) {
            let author = Digest::of(format!("author {}", author + self.random.below(3)).as_bytes());
            let first = DateTime::from_timestamp(FIRST_SEEN - 86_400 * (1 + n as i64), 0).unwrap();
            let day = (first - TimeDelta::days(self.random.below(300) as i64)).format("%Y-%m-%d");
            let moment = format!("{day}T00:00:00.000000Z");
            let commits = 1 + self.random.below(9) + 10 * n;
            rows.push(json!({
                "author": author, "bot": false, "commits": commits, "day": day.to_string(), "first": moment,
                "last": moment, "merges": 0,
            }));
        }
        rows.sort_by_key(|row| row["author"].to_string());
        rows.dedup_by_key(|row| row["author"].to_string());
        let latest = rows.iter().map(|row| row["last"].as_str().unwrap()).max().unwrap();
        let header = json!({
            "format": "pg-atlas-git-log", "latest": latest, "pseudonym_key": "0123456789abcdef", "repo": repo,
            "rows": rows.len(), "to": "2025-01-01", "version": 1,
        });
        let lines: String = std::iter::once(&header).chain(&rows).fold(String::new(), |mut text, line| {
            let _ = writeln!(text, "{line}");
            text
        });
        self.push("git-log", n, &lines, &["--repo", &repo], 1);
    }

    fn survey(&mut self, n: u64) {
        let rows = 1 + self.random.below(4);
        let mut text = "project_id,project_name,status,answered_at\n".to_owned();
        for row in 0..rows {
            let status = ["live", "in-dev", "discontinued"][self.random.below(3) as usize];
            let (day, minute) = (1 + n, row);
            let project = project(self.random.below(PROJECTS));
            let _ = writeln!(text, "{project},,{status},2024-11-{day:02}T10:{minute:02}:00Z");
        }
        self.push("survey", n, &text, &[], rows);
    }

    fn grants(&mut self, n: u64) {
        let project = project(n);
        let awarded = (1000 * (n + 1)).to_string();
        let one = json!({
            "type": "Project", "id": project, "name": format!("Project {n}"), "socials": [],
            "extensions": {"org.stellar.communityfund": {
                "org.stellar.communityfund.totalAwardedUSD": awarded,
                "org.stellar.communityfund.code": format!("https://github.com/kills/r{n}"),
            }},
        });
        let mut records = vec![one];
        if self.random.below(2) == 0 {
            let other = n + 1000;
            records.push(json!({
                "type": "Project", "id": self::project(other), "name": format!("Project {other}"), "socials": [],
            }));
        }
        let events = records.len() as u64;
        let document = json!({"@context": "http://www.daostar.org/schemas", "data": records});
        self.push("grants", n, &document.to_string(), &[], events);
    }
}

fn project(n: u64) -> String {
    format!("daoip-5:scf:project:p{n}")
}
