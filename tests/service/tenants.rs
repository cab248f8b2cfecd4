//! Several tenants behind one service: nothing of one in the answers of another.

use super::*;

/// Everything that a tenant could be seen by, each without `/t/TENANT`.
const TARGETS: &[&str] = &[
    "/metadata",
    "/projects",
    "/repos",
    "/contributors",
    "/gitlog",
    "/ingest/sbom",
    "/repos/pkg:github/acme/secret",
    "/repos/pkg:github/acme/secret/depends-on",
    "/repos?as_of=1",
];

#[test]
fn nothing_of_one_tenant_is_in_what_another_is_answered() {
    let program = Program::fresh();
    program.sbom("acme/open", &document(), &[]);
    program.line("tenant create acme").ok();
    program.line("tenant create empty").ok();
    let history = one_commit(&program.data().join("history"));
    program.sbom("acme/secret", &document(), &["--tenant", "acme"]);
    program.run(["ingest", "git-log", &history, "--repo", "pkg:github/acme/secret", "--tenant", "acme"]).ok();
    let service = Service::of(&mut program.command(), &[]);
    let repos = |of: &str| {
        let items = service.ok(&format!("{of}/repos"))["items"].clone();
        items
            .as_array()
            .unwrap()
            .iter()
            .map(|repo| repo["canonical_id"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    for _ in 0..2 {
        assert_eq!(repos(""), ["pkg:github/acme/open"]);
        assert_eq!(repos("/t/public"), ["pkg:github/acme/open"]);
        assert_eq!(repos("/t/acme"), ["pkg:github/acme/secret"]);
        assert_eq!(repos("/t/empty"), [""; 0]);
        assert_eq!(service.ok("/t/acme/contributors")["items"][0]["name"], "Ann");
        assert_eq!(service.ok("/contributors")["total"], 0);
    }
    for target in TARGETS {
        for other in ["", "/t/empty"] {
            let said = service.asked(&format!("{other}{target}"), &[]).2;
            // The complaint repeats what was asked for.
            let said = said.replace("Repo 'pkg:github/acme/secret' not found.", "");
            assert!(!said.contains("secret") && !said.contains("Ann"), "{other}{target}: {said}");
        }
        // What one tenant was answered is news to the other.
        let tag = service.header(&format!("/t/acme{target}"), "etag");
        let Some(tag) = tag else { continue };
        assert_eq!(service.asked(&format!("/t/acme{target}"), &[&format!("If-None-Match: {tag}")]).0, 304, "{target}");
        for other in ["", "/t/public", "/t/empty"] {
            let (status, ..) = service.asked(&format!("{other}{target}"), &[&format!("If-None-Match: {tag}")]);
            assert_ne!(status, 304, "{other}{target}");
        }
    }
    // A document of one is no document of the other, whatever its number.
    assert_eq!(service.get("/t/acme/ingest/sbom/1").0, 200);
    assert_eq!(service.get("/t/empty/ingest/sbom/1").0, 404);
    assert_eq!(service.ok("/ingest/sbom/1")["repository_claim"], "acme/open");
    // One that there is not is a path that means nothing.
    let nothing = service.get("/nothing");
    for path in ["/t/other/repos", "/t/other", "/t/", "/t/acme", "/t/acme/nothing", "/t/ACME/repos", "/t/../repos"] {
        assert_eq!(service.get(path), nothing, "{path}");
    }
    assert_eq!(service.end(), Some(0));
}

#[test]
fn what_comes_into_another_tenants_log_is_answered_while_it_is_served() {
    let program = Program::fresh();
    program.line("tenant create acme").ok();
    let service = Service::of(&mut program.command(), &["--tenant", "acme"]);
    assert_eq!(service.ok("/repos")["total"], 0);
    assert_eq!(service.ok("/t/public/repos")["total"], 0);
    program.sbom("acme/tool", &document(), &[]);
    service.until("/t/public/repos/pkg:github/acme/tool", |status, _| status == 200);
    assert_eq!(service.ok("/repos")["total"], 0);
    assert_eq!(service.ok("/t/acme/repos")["total"], 0);
    assert_eq!(service.end(), Some(0));
}

#[test]
fn whoever_asks_for_tenants_that_there_are_not_opens_no_connections() {
    let program = Program::fresh();
    let service = Service::of(&mut program.command(), &[]);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut conn = runtime.block_on(PgConnection::connect(&program.url())).unwrap();
    let mut opened = || {
        let sql = "SELECT sessions FROM pg_stat_database WHERE datname = current_database()";
        runtime.block_on(sqlx::query_scalar::<_, i64>(sql).fetch_one(&mut conn)).unwrap()
    };
    assert_eq!(service.get("/t/nobody/repos").0, 404);
    let before = opened();
    for n in 0..60 {
        assert_eq!(service.get(&format!("/t/nobody-{n}/repos")).0, 404);
    }
    let opened = opened() - before;
    assert!(opened < 20, "{opened} connections were opened");
    assert_eq!(service.end(), Some(0));
}
