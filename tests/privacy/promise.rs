//! The e-mail promise, through the program: addresses are planted in every document and every flag, in every spelling,
//! and afterwards the whole database is searched for them.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::cli::Place;
use crate::support::log;

const REPO: [&str; 2] = ["--repo", "pkg:github/o/r"];
/// Registry records that keep the link to the repository.
const NPM_LINK: &str = "SELECT count(*) FROM log.event WHERE type = 'RegistryCrawled' \
    AND convert_from(payload, 'UTF8') LIKE '%\"repository\":\"git@github.com:o/r.git\"%'";
/// The local part of every planted address.
const LEAK: &str = "leak";

/// Every row of every table of the log, of what is made of it, and of the views.
async fn dump(pool: &PgPool) -> String {
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
         WHERE c.relkind IN ('r', 'p', 'v', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    assert!(tables.len() > 20, "{tables:?}");
    let mut all = String::new();
    for table in tables {
        let rows = format!("SELECT coalesce(string_agg(row_to_json(t)::text, E'\\n'), '') FROM {table} t");
        all += &format!("{table}\n{}\n", sqlx::query_scalar::<_, String>(&rows).fetch_one(pool).await.unwrap());
    }
    all
}

/// Where a text stands in a dump, plainly or in bytes.
fn leaks(dump: &str, text: &str) -> Vec<String> {
    let bytes: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    let lines = dump.lines().filter(|line| line.to_lowercase().contains(text) || line.contains(&bytes));
    lines.map(|line| line.chars().take(400).collect()).collect()
}

fn artifacts(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            artifacts(&path, found);
        } else {
            found.push(String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned());
        }
    }
}

fn cyclonedx() -> Value {
    json!({
        "bomFormat": "CycloneDX", "specVersion": "1.5",
        "metadata": {"component": {"bom-ref": "root", "name": "leak@root.example.org", "author": "leak@x.org"}},
        "components": [
            {"bom-ref": "leak@ref.org", "name": "leak\u{ff20}wide.org", "version": "leak@version\u{3002}org",
             "supplier": {"name": "leak@supplier.org"}, "publisher": "leak@publisher.org"},
            {"bom-ref": "b", "name": "x", "purl": "pkg:generic/x/leak%40example.org@leak%40v.org"},
            {"bom-ref": "c", "name": "\"leak doe\"@example.org", "purl": "pkg:generic/%22leak%20doe%22%EF%BC%A0x%2Eorg/y"},
            {"bom-ref": "d", "name": "le\u{7}ak@control.org"},
            {"bom-ref": "e", "name": format!("{}leak@x.org", "x".repeat(490))},
            {"bom-ref": "pkg:npm/%40scope/name@1.2.3", "name": "@scope/name", "purl": "pkg:npm/%40scope/name@1.2.3"},
            {"bom-ref": "lib.git@v1.2.release", "name": "lib.git@v1.2.release", "purl": "pkg:generic/lib@v1.2"},
        ],
        "dependencies": [
            {"ref": "root", "dependsOn": ["leak@ref.org", "pkg:generic/x/leak%40example.org@leak%40v.org"]},
            {"ref": "pkg:npm/%40scope/name@1.2.3", "dependsOn": ["lib.git@v1.2.release"]},
        ],
    })
}

fn spdx() -> Value {
    json!({
        "spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "name": "leak@document.org",
        "creationInfo": {"creators": ["Person: Leak (leak@creator.org)"], "created": "2026-01-01T00:00:00Z"},
        "packages": [
            {"SPDXID": "SPDXRef-a", "name": "leak@example\u{ff0e}org", "versionInfo": "1 (leak@v.org)",
             "supplier": "Person: Leak (leak@supplier.org)",
             "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                               "referenceLocator": "pkg:generic/leak%40locator.org@1"}]},
        ],
    })
}

fn history(place: &Place) -> String {
    let path = place.path("history");
    fs::create_dir_all(&path).unwrap();
    for args in [&["init", "--quiet"][..], &["commit", "--quiet", "--allow-empty", "--message", "by leak@message.org"]]
    {
        let ran = Command::new("git")
            .args([
                "-c",
                "init.defaultBranch=main",
                "-c",
                "user.name=leak\u{ff20}name.org",
                "-c",
                "user.email=leak@mail.org",
            ])
            .args(["-C", path.to_str().unwrap()])
            .args(args)
            .status();
        assert!(ran.unwrap().success());
    }
    path.to_str().unwrap().to_owned()
}

/// Documents that are cleaned, and taken.
fn documents(place: &Place) {
    let sbom = place.file("a.json", cyclonedx().to_string());
    let answer = place.ends(0, &[&["ingest", "sbom", &sbom][..], &REPO].concat());
    assert!(answer.stderr.contains("is not kept"), "{answer:?}");
    assert_eq!((&answer.json()["packages"], &answer.json()["dependencies"]), (&json!(7), &json!(3)), "{answer:?}");
    let sbom = place.file("b.json", spdx().to_string());
    place.run(&["ingest", "sbom", &sbom, "--repo", "pkg:github/o/s"]);

    let survey = place.file(
        "survey.csv",
        "project_id,project_name,status,answered_at,leak@header.org\n\
         p:1,Ann <leak@example.org>,live,2026-01-01,leak@cell.org\n\
         ,\"\"\"leak doe\"\"@example.org\",live,2026-01-01,\n\
         ,leak\u{ff20}example\u{3002}org,live,2026-01-02,\n\
         leak@id.org,x,live,2026-01-03,\n",
    );
    assert_eq!(place.run(&["ingest", "survey", &survey])["appended"], 3);

    let text = "by leak@example.org, \"leak doe\"@example.org, leak\u{ff20}example.org, leak%40example.org";
    let grants = json!([
        {"type": "Project", "id": "p:1", "name": text, "description": text, "website": format!("https://x.org/?by={text}"),
         "email": "leak@mail.org", "codeRepositories": ["leak@github.com:o/r.git", "https://leak:leak@github.com/o/r"],
         "socials": [{"name": text, "value": "mailto:leak@x.org"}, {"name": "Git", "value": "git@github.com:o/r.git"}],
         "extensions": {"org.stellar.communityfund": {"org.stellar.communityfund.category": text,
             "org.stellar.communityfund.code": "leak@github.com:o/r.git", "org.stellar.communityfund.gitUrl": "leak@github.com:o/r"}}},
        {"type": "GrantPool", "id": "r:1", "name": text, "description": text},
        {"type": "GrantApplication", "id": "a:1", "projectId": "p:1", "projectName": text, "description": text},
        {"type": "Project", "id": "leak@id.org"},
    ]);
    let grants = place.file("grants.json", grants.to_string());
    let said = place.run(&["ingest", "grants", &grants]);
    assert_eq!((&said["appended"], said["refused"].as_array().unwrap().len()), (&json!(3), 1), "{said}");

    let repo = json!({"full_name": "o/r", "stargazers_count": 1, "description": text, "default_branch": "leak@b.org",
        "owner": {"email": "leak@owner.org"}, "license": text, "parent": {"full_name": "leak@x.org/y"},
        "releases": [{"tag_name": "leak@tag.org", "body": text}]});
    let repo = place.file("repo.json", repo.to_string());
    place.run(&[&["ingest", "repo", &repo][..], &REPO].concat());
    place.run(&[&["ingest", "git-log", &history(place)][..], &REPO].concat());

    let index = json!({"name": "crate-1", "vers": "1.0.0", "deps": [{"name": "leak@dep.org", "req": "leak@req.org"}]});
    let npm = json!({"name": "pkg", "dist-tags": {"latest": "1.0.0"}, "author": "Leak <leak@x.org>",
        "repository": {"url": "leak@github.com:o/r.git"}, "license": text,
        "versions": {"1.0.0": {"name": "pkg", "version": "1.0.0", "dependencies": {"leak@dep.org": "leak@req.org"}}},
        "time": {"1.0.0": "2026-01-01T00:00:00Z", "leak@time.org": "2026-01-01T00:00:00Z"}});
    let lines = [
        json!({"kind": "registry", "purl": "pkg:cargo/crate-1", "document": index.to_string()}),
        json!({"kind": "registry", "purl": "pkg:npm/pkg", "document": npm}),
        json!({"kind": "repo", "repo": "pkg:github/o/k", "key": "leak@key.org", "document": {"stars": 1}}),
        json!({"kind": "repo", "repo": "pkg:github/o/leak%40repo.org", "document": {"stars": 1}}),
        json!({"kind": "repo", "repo": "pkg:github/o/k", "project": "leak\u{ff20}p.org", "document": {"stars": 1}}),
    ];
    let lines: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let said = place.ends(0, &["ingest", "batch", &place.file("lines.ndjson", lines)]).json();
    assert_eq!((&said["appended"], said["refused"].as_array().unwrap().len()), (&json!(2), 3), "{said}");
    assert!(
        said["refused"].as_array().unwrap().iter().all(|row| !row["reason"].as_str().unwrap().contains("leak")),
        "{said}"
    );
}

/// What is decided: reasons are cleaned, names are refused.
fn decisions(place: &Place) {
    let why = ["--author", "ann", "--reason", "\"leak doe\"@example.org and leak\u{ff20}example\u{3002}org said so"];
    place.run(&[&["curate", "membership"][..], &REPO, &["--project", "p:1"], &why].concat());
    place
        .run(&[&["curate", "survey-name", "--name", "Leak@Example\u{ff0e}org", "--project", "p:1"][..], &why].concat());
    let value = ["--project", "p:1", "--field", "category", "--value", "leak%40example.org"];
    place.run(&[&["curate", "project"][..], &value, &why].concat());
    let package = ["curate", "publication", "--package", "pkg:generic/leak%40example.org", "--none"];
    let said = place.ends(1, &[&package[..], &why].concat());
    assert!(said.stderr.contains("correction.package holds an e-mail address"), "{said:?}");
    for args in [
        &["publish", "--label", "leak\u{ff20}example.org"][..],
        &["publish", "--label", "\"leak doe\"@example.org"],
        &["publish", "--label", "x", "--actor", "leak@example\u{3002}org"],
        &["ingest", "sbom", "a.json", "--repo", "pkg:github/o/r", "--idempotency-key", "leak%40example.org"],
        &["ingest", "sbom", "a.json", "--repo", "pkg:github/o/r", "--project", "leak\u{ff20}example.org"],
    ] {
        let said = place.ends(2, args);
        assert!(said.stderr.contains("e-mail address"), "{said:?}");
    }
    place.run(&["project"]);
    place.run(&["publish", "--label", "one"]);
    place.run(&["quarantine", "2", "--reason", "asked by leak\u{ff20}example.org"]);
}

#[tokio::test]
async fn no_address_is_anywhere_in_the_database() {
    let place = Place::new().await;
    documents(&place);
    decisions(&place);
    place.run(&["project"]);
    assert_eq!(place.run(&["replay", "--verify"])["verified"], true);

    let dump = dump(place.db.pool()).await;
    assert_eq!(leaks(&dump, LEAK), Vec::<String>::new());
    assert!(
        leaks(&dump, "<email>").len() > 9 && dump.contains("pkg:generic/x/%3Cemail%3E"),
        "what was planted is there"
    );
    assert!(
        dump.contains("lib.git@v1.2.release") && dump.contains("pkg:npm/%40scope/name"),
        "what is no address stays"
    );
    let links = log::count(place.db.pool(), NPM_LINK).await;
    assert_eq!(links, 1, "the link of a registry is read as one, whoever is its user");

    let mut kept = Vec::new();
    artifacts(&place.data(), &mut kept);
    let (own, foreign): (Vec<String>, Vec<String>) =
        kept.into_iter().partition(|text| text.contains("CycloneDX") || text.contains("spdxVersion"));
    assert_eq!(
        (own.len(), own.iter().all(|text| text.contains(LEAK))),
        (2, true),
        "bills of materials are kept verbatim"
    );
    assert!(foreign.len() > 5);
    assert_eq!(
        foreign.iter().filter(|text| text.to_lowercase().contains(LEAK)).collect::<Vec<_>>(),
        Vec::<&String>::new()
    );
}
