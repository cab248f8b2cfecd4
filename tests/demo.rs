//! `demo`: from raw documents to published scores and their proof, with nothing but a folder.

use serde_json::{Value, json};

use crate::embedded::server::Data;
use crate::support::program::{Program, Ran, bare};

const KEYS: &[&str] =
    &["events", "projects", "repos", "external_repos", "edges", "scores_published_at", "digest", "verified", "seconds"];

struct Demo(Data);

impl Demo {
    fn run(&self, line: &str) -> Ran {
        Ran::of(bare().args(line.split_whitespace()).env("PG_ATLAS_DATA_DIR", self.0.path())).ok()
    }

    fn json(&self, line: &str) -> Value {
        self.run(line).json()
    }

    fn rows(&self, line: &str) -> Vec<Value> {
        self.json(line).as_array().unwrap().clone()
    }
}

#[test]
fn the_demo_shows_what_it_says_and_proves_it_twice() {
    let demo = Demo(Data::empty());
    let first = demo.json("demo");
    for key in KEYS {
        assert!(first.get(key).is_some(), "no `{key}` in {first:#}");
    }
    assert_eq!(first["verified"], true);
    let number = |key: &str| first[key].as_u64().unwrap();
    assert!(number("projects") >= 8 && number("edges") >= 200, "{first:#}");
    assert!(first["seconds"].is_f64());

    let second = demo.json("demo");
    for key in KEYS.iter().filter(|key| **key != "seconds") {
        assert_eq!(second[key], first[key], "{key}: the second run adds and changes nothing");
    }
    let status = demo.json("status");
    assert_eq!(status["head"], first["events"]);
    let events = demo.run("events").lines();
    assert_eq!(events.len() as u64, number("events"));
    let published: Vec<&Value> = events.iter().filter(|event| event["type"] == "ScoresPublished").collect();
    assert_eq!(published.len(), 1);
    assert_eq!(published[0]["payload"]["position"], first["scores_published_at"]);
    assert_eq!(published[0]["position"], number("scores_published_at") + 1);

    let proof = demo.json("replay --verify --label demo");
    assert_eq!(
        json!([proof["verified"], proof["digest"], proof["position"], proof["divergences"]]),
        json!([true, first["digest"], first["scores_published_at"], []])
    );
    assert_eq!(demo.json("replay --verify")["verified"], true);
    assert_eq!(demo.json("rebuild")["equal_to_live"], true);
    what_there_is_to_see(&demo, &first);

    let table = demo.run("demo --format table").stdout;
    for part in ["criticality", "rs-stellar-strkey", first["digest"].as_str().unwrap(), "verified true", "Next:"] {
        assert!(table.contains(part), "`{part}` is not in\n{table}");
    }
}

fn what_there_is_to_see(demo: &Demo, first: &Value) {
    let projects = demo.rows("scores");
    assert_eq!(json!(projects.len()), first["projects"]);
    assert_eq!(json!(demo.rows("edges").len()), first["edges"]);
    let repos = demo.rows("scores --level repo --sort criticality_score:desc");
    assert_eq!(json!(repos.len()), first["repos"]);
    assert_eq!(json!(demo.rows("scores --level external").len()), first["external_repos"]);

    let top = repos[0]["id"].as_str().unwrap();
    assert!(repos[0]["criticality_score"].as_u64().unwrap() >= 2, "{}", repos[0]);
    let dependents = demo.rows(&format!("edges --of {top}"));
    let tracked = |id: &Value| repos.iter().any(|repo| repo["id"] == *id);
    assert!(dependents.iter().any(|edge| edge["out_vertex"] == top && tracked(&edge["in_vertex"])), "{top}");

    let of = |status: &str| projects.iter().filter(|row| row["activity_status"] == status).collect::<Vec<_>>();
    let between = demo.rows("edges --level project");
    let depended_on = |row: &Value| between.iter().any(|edge| edge["out_vertex"] == row["id"]);
    assert!(of("live").into_iter().any(|row| !depended_on(row)), "a live project without dependents");
    assert!(!of("discontinued").is_empty(), "a discontinued project");
    assert!(!of("non-responsive").is_empty(), "a project without an answer");
    assert!(projects.iter().any(|row| row["pony_factor"] == 1), "a project that one person carries");

    // Its newest answer says discontinued; commits since then revived it.
    let answers = demo.run("events").lines().into_iter().filter(|event| event["type"] == "SurveyAnswered");
    let newest: std::collections::BTreeMap<String, (String, String)> = answers
        .filter_map(|event| {
            let text = |key: &str| event["payload"][key].as_str().map(str::to_owned);
            Some((text("project_id")?, (text("answered_at")?, text("status")?)))
        })
        .fold(std::collections::BTreeMap::new(), |mut newest, (id, answer)| {
            let held = newest.entry(id).or_insert_with(|| answer.clone());
            *held = held.clone().max(answer);
            newest
        });
    let revived = projects.iter().find(|row| {
        let said = newest.get(row["id"].as_str().unwrap()).map(|(_, status)| status.as_str());
        said == Some("discontinued") && (row["activity_status"] == "in-dev" || row["activity_status"] == "live")
    });
    assert_eq!(revived.expect("a revived project")["name"], "Soroban Examples");
}

#[test]
fn the_demo_has_a_folder_of_its_own_where_none_is_named() {
    let share = tempfile::tempdir().unwrap();
    let (own, mine) = (share.path().join("pg-atlas-demo"), share.path().join("pg-atlas"));
    let run = |args: &[&str]| {
        let mut command = bare();
        command.current_dir(share.path()).env("XDG_DATA_HOME", share.path()).env("DATABASE_URL", "");
        Ran::of(command.env("PG_ATLAS_DATA_DIR", "").env_remove("PG_ATLAS_CONFIG").args(args)).ok()
    };
    // A configuration file is about somebody's own atlas.
    std::fs::write(share.path().join("pg-atlas.toml"), "data_dir = 'pg-atlas'\n").unwrap();
    let text = run(&["demo", "--format", "table"]).stdout;
    assert!(own.join("postgres").is_dir() && !mine.exists(), "{text}");
    // A line that goes on is one command.
    let whole = text.replace("\\\n", "");
    let looks: Vec<&str> = whole.lines().filter_map(|line| line.trim().strip_prefix("pg-atlas --data-dir ")).collect();
    assert!(text.contains(&format!("its own: {}", own.display())) && looks.len() >= 4, "{text}");
    for look in looks {
        let look: Vec<&str> = ["--data-dir"].into_iter().chain(look.split_whitespace()).collect();
        assert!(!run(&look).stdout.is_empty());
    }
    // What is somebody's own begins at the beginning.
    let file = share.path().join("survey.csv");
    std::fs::write(&file, super::cli::documents::survey("p:a,A,live,2026-01-01\n")).unwrap();
    assert_eq!(run(&["ingest", "survey", file.to_str().unwrap()]).json()["last_position"], 1);
    for folder in [own, mine] {
        let lock = std::fs::File::open(folder.join("postgres/supervisor.lock")).unwrap();
        crate::embedded::server::eventually("the supervisor ends", || lock.try_lock().is_ok());
    }
}

#[test]
fn the_demo_wants_a_log_of_its_own() {
    let program = Program::fresh();
    let rows = super::cli::documents::survey("p:a,A,live,2026-01-01\n");
    program.fed(["ingest", "survey", "-"], rows.as_bytes()).ok();
    let complaint = program.line("demo").fails(1);
    assert!(complaint.contains("--data-dir"), "{complaint}");
    assert_eq!((program.count(), program.artifacts().len()), (1, 1), "nothing was added");
}

#[test]
fn the_demo_runs_in_a_database_that_is_named_as_well() {
    let program = Program::fresh();
    let first = program.json("demo");
    assert_eq!(first["verified"], true);
    assert_eq!(program.json("demo")["digest"], first["digest"]);
    assert_eq!(json!(program.count()), first["events"]);
}
