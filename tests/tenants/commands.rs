//! The program under the name of a tenant: made, listed, and shown nothing of the others.

use std::process::Command;

use serde_json::{Value, json};

use super::*;
use crate::support::cli::{Said, ended};
use crate::support::git::one_commit;

/// The program at a database, as a login.
pub(super) struct Atlas<'a> {
    place: &'a Place,
    url: String,
}

impl<'a> Atlas<'a> {
    pub(super) fn of(place: &'a Place, login: &PgConnectOptions) -> Self {
        Self { place, url: login.to_url_lossy().to_string() }
    }

    /// A command of a tenant.
    pub(super) fn command(&self, tenant: &str, args: &[&str]) -> Command {
        let mut command = self.place.command(args);
        command.env("DATABASE_URL", &self.url).env("PG_ATLAS_TENANT", tenant);
        command
    }

    /// Runs a command that ends with this code.
    pub(super) fn ends(&self, tenant: &str, code: i32, args: &[&str]) -> Said {
        ended(code, self.command(tenant, args))
    }

    /// Runs a command that succeeds, and reads its result.
    pub(super) fn run(&self, tenant: &str, args: &[&str]) -> Value {
        self.ends(tenant, 0, args).json()
    }
}

#[tokio::test]
async fn tenants_are_made_once_by_the_owner_and_listed() {
    let place = Place::new().await;
    let owner = Login::owner(&place.db).await;
    let atlas = Atlas::of(&place, &owner.options());
    assert_eq!(atlas.run("public", &["tenant", "create", "acme"]), json!({ "name": "acme", "number": 2 }));
    let said = atlas.ends("public", 3, &["tenant", "create", "acme"]).stderr;
    assert!(said.contains("there is a tenant `acme` already"), "{said}");
    atlas.ends("public", 3, &["tenant", "create", "public"]);
    for wrong in ["", "Acme", "-a", "a/b", "../x", "a b", &"x".repeat(64)] {
        atlas.ends("public", 2, &["tenant", "create", "--", wrong]);
        if !wrong.is_empty() {
            atlas.ends(wrong, 2, &["status"]);
        }
    }
    assert_eq!(atlas.run("acme", &["tenant", "create", "other"])["number"], 3);
    atlas.run("acme", &["ingest", "survey", &demo("survey.csv")]);
    let head = atlas.run("acme", &["status"])["head"].clone();
    let listed = json!([
        { "name": "acme", "head": head },
        { "name": "other", "head": 0 },
        { "name": "public", "head": 0 }
    ]);
    assert_eq!(atlas.run("public", &["tenant", "list"]), listed);
    // A flag goes before the variable, and the file comes last.
    assert_eq!(atlas.run("other", &["--tenant", "acme", "status"])["head"], head);
    assert_eq!(atlas.run("other", &["status"])["head"], 0);
    let file = place.file("atlas.toml", "tenant = 'acme'");
    let mut command = atlas.command("", &["--config", &file, "status"]);
    command.env_remove("PG_ATLAS_TENANT");
    assert_eq!(ended(0, command).json()["head"], head);

    // A schema that somebody has made in the place of the next one is not taken over.
    place.db.pool().execute("CREATE SCHEMA tenant_4").await.unwrap();
    atlas.ends("public", 2, &["tenant", "create", "squatted"]);
    assert_eq!(atlas.run("public", &["tenant", "list"]), listed);
    owner.drop().await;
}

pub(super) fn demo(name: &str) -> String {
    format!("{}/demo/{name}", env!("CARGO_MANIFEST_DIR"))
}

#[tokio::test]
async fn a_tenant_that_is_not_ones_own_is_not_told_from_one_that_there_is_not() {
    let place = Place::new().await;
    let owner = Login::owner(&place.db).await;
    let guest = Login::create(&place.db, "guest").await;
    let atlas = Atlas::of(&place, &owner.options());
    for name in ["acme", "other"] {
        atlas.run("public", &["tenant", "create", name]);
    }
    ingest::roles::grant(place.db.pool()).await.unwrap();
    let sql = format!(
        "GRANT atlas_reader, atlas_auditor, atlas_appender, atlas_sequencer TO {0}; GRANT USAGE ON SCHEMA tenant_2 TO {0}",
        guest.name
    );
    sqlx::raw_sql(&sql).execute(place.db.pool()).await.unwrap();
    let guest_atlas = Atlas::of(&place, &guest.options());
    assert_eq!(guest_atlas.run("acme", &["status"])["head"], 0);
    guest_atlas.run("acme", &["ingest", "survey", &demo("survey.csv")]);
    for args in [&["status"][..], &["scores"], &["events"], &["project"], &["tenant", "list"], &["backup", "create"]] {
        let said = ["other", "nobody"].map(|name| {
            let said = guest_atlas.ends(name, 2, args);
            assert!(said.stdout.is_empty(), "{said:?}");
            assert_eq!(said.stderr, format!("error: this user has no tenant `{name}` here\n"));
            said.stderr.replace(name, "NAME")
        });
        assert_eq!(said[0], said[1]);
    }
    let listed = guest_atlas.run("acme", &["tenant", "list"]);
    let names: Vec<&Value> = listed.as_array().unwrap().iter().map(|row| &row["name"]).collect();
    assert_eq!(names, ["acme", "public"], "the groups are `public`, and the guest is acme");
    let said = guest_atlas.ends("acme", 2, &["tenant", "create", "mine"]).stderr;
    assert!(said.contains("this needs the owner of the database"), "{said}");
    // In a database that never had tenants there are none either.
    let empty = Place::new().await;
    let said = Atlas::of(&empty, &empty.db.bare()).ends("acme", 2, &["status"]).stderr;
    assert_eq!(said, "error: this user has no tenant `acme` here\n");
    guest.drop().await;
    owner.drop().await;
}

/// Facts that name their tenant everywhere.
fn facts_of(place: &Place, tenant: &str) -> [Vec<String>; 4] {
    let sbom = json!({
        "bomFormat": "CycloneDX", "specVersion": "1.5",
        "metadata": { "component": { "bom-ref": "r", "name": format!("{tenant}-app"), "version": "1", "purl": format!("pkg:npm/{tenant}-app@1") } },
        "components": [{ "bom-ref": "d", "type": "library", "name": format!("{tenant}-dep"), "version": "2", "purl": format!("pkg:npm/{tenant}-dep@2") }],
        "dependencies": [{ "ref": "r", "dependsOn": ["d"] }]
    });
    let repo = json!({ "full_name": format!("{tenant}-org/app"), "stargazers_count": tenant.len() });
    let sbom = place.file(&format!("{tenant}.sbom.json"), sbom.to_string());
    let repo = place.file(&format!("{tenant}.repo.json"), repo.to_string());
    let git = one_commit(&place.path(&format!("{tenant}.git")));
    let subject = ["--repo".to_owned(), format!("pkg:github/{tenant}-org/app")];
    let project = ["--project".to_owned(), format!("p:{tenant}")];
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    [
        [&words(&["ingest", "sbom", &sbom])[..], &subject, &project].concat(),
        [&words(&["ingest", "repo", &repo])[..], &subject].concat(),
        [&words(&["ingest", "git-log", &git])[..], &subject].concat(),
        words(&[
            "curate",
            "project",
            "--project",
            &format!("p:{tenant}"),
            "--field",
            "name",
            "--value",
            &format!("{tenant} name"),
            "--reason",
            "it is",
            "--actor",
            "ann",
        ]),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_of_one_tenant_show_no_position_root_name_or_count_of_another() {
    let place = Place::new().await;
    let owner = Login::owner(&place.db).await;
    each_sees_its_own(&place, &Atlas::of(&place, &owner.options()));
    owner.drop().await;
}

/// A superuser is above policies: the statements decide alone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_of_a_superuser_show_as_little_of_another_tenant() {
    let place = Place::new().await;
    each_sees_its_own(&place, &Atlas::of(&place, &place.db.bare()));
}

fn each_sees_its_own(place: &Place, atlas: &Atlas<'_>) {
    let tenants = ["public", "alpha", "omega"];
    for name in &tenants[1..] {
        atlas.run("public", &["tenant", "create", name]);
    }
    // Of different lengths: alpha has more events than omega, and public more than both.
    let mut heads = Vec::new();
    for (tenant, facts) in tenants.into_iter().zip([4, 3, 2]) {
        for fact in facts_of(place, tenant).iter().take(facts) {
            atlas.run(tenant, &fact.iter().map(String::as_str).collect::<Vec<_>>());
        }
        atlas.run(tenant, &["project"]);
        atlas.run(tenant, &["publish", "--label", &format!("{tenant}-label")]);
        heads.push(atlas.run(tenant, &["status"])["head"].as_u64().unwrap());
    }
    assert!(heads[0] > heads[1] && heads[1] > heads[2], "{heads:?}");
    let signed = tenants.map(|tenant| atlas.run(tenant, &["audit", "checkpoint", "--origin", "atlas.example/log"]));
    let origins = ["atlas.example/log", "atlas.example/log/alpha", "atlas.example/log/omega"];
    assert_eq!(signed.each_ref().map(|signed| signed["origin"].as_str().unwrap()), origins);
    let folders = ["", "tenants/alpha", "tenants/omega"].map(|folder| place.data().join(folder));
    for key in ["signing.key", "pseudonym.key"] {
        let texts: Vec<String> =
            folders.iter().filter_map(|folder| std::fs::read_to_string(folder.join(key)).ok()).collect();
        assert!(texts.len() > 1, "{key}");
        assert!(texts.iter().enumerate().all(|(n, text)| !texts[..n].contains(text)), "{key}s are different ones");
    }

    for (n, tenant) in tenants.into_iter().enumerate() {
        let others = || tenants.into_iter().enumerate().filter(move |(other, _)| *other != n);
        let mut foreign: Vec<String> = Vec::new();
        for (other, name) in others() {
            foreign.extend([format!("{name}-"), format!("p:{name}"), format!("{name} name")]);
            foreign.extend(["root", "note"].map(|key| signed[other][key].as_str().unwrap().to_owned()));
            foreign.push(signed[other]["keys"][0].as_str().unwrap().to_owned());
        }
        let bundle = place.path(&format!("{tenant}.bundle")).to_str().unwrap().to_owned();
        let shelf = place.path("shelf").to_str().unwrap().to_owned();
        let (own, far) = (format!("pkg:github/{tenant}-org/app"), (heads[n] + 1).to_string());
        let asked: Vec<Vec<&str>> = vec![
            vec!["status"],
            vec!["scores"],
            vec!["scores", "--level", "repo"],
            vec!["scores", "--level", "external"],
            vec!["scores", "--as-of", "1"],
            vec!["edges"],
            vec!["events"],
            vec!["events", "--from", &far],
            vec!["why", &own],
            vec!["triage", "list"],
            vec!["conflicts"],
            vec!["history", &own],
            vec!["formula", "list"],
            vec!["replay", "--verify"],
            vec!["artifact", "history", &own],
            vec!["artifact", "audit"],
            vec!["audit", "verify"],
            vec!["audit", "export", &bundle, "--artifacts"],
            vec!["backup", "create", "--to", &shelf],
            vec!["backup", "list", "--to", &shelf],
            vec!["export", "graph", "--as", "json"],
            vec!["doctor"],
            vec!["rebuild", "--promote"],
            vec!["rollback"],
            vec!["project"],
        ];
        for args in asked {
            let said = atlas.command(tenant, &args).output().unwrap();
            let text = String::from_utf8_lossy(&[said.stdout, said.stderr].concat()).into_owned();
            assert!(said.status.code() == Some(0), "{tenant} {args:?}: {text}");
            let met: Vec<&String> = foreign.iter().filter(|word| text.contains(word.as_str())).collect();
            assert!(met.is_empty(), "{tenant} {args:?} shows {met:?}: {text}");
        }
        // The two switches above are in the log as well.
        assert_eq!(atlas.run(tenant, &["status"])["head"], heads[n] + 2);
        let events = String::from_utf8(atlas.ends(tenant, 0, &["events"]).stdout).unwrap();
        assert_eq!(events.lines().count() as u64, heads[n] + 2);
        assert_eq!(atlas.run(tenant, &["backup", "list", "--to", &shelf]).as_array().unwrap().len(), 1);
        for (_, other) in others() {
            let theirs = format!("pkg:github/{other}-org/app");
            for args in [&["scores", "--level", "repo", "--id", &theirs][..], &["why", &theirs], &["history", &theirs]]
            {
                let said = atlas.ends(tenant, 1, args).stderr;
                assert!(said.replace(&theirs, "").find(other).is_none(), "{args:?}: {said}");
            }
            atlas.ends(tenant, 1, &["replay", "--verify", "--label", &format!("{other}-label")]);
        }
        // What is packed in the bundle is its own as well.
        assert_eq!(atlas.run(tenant, &["audit", "verify", &bundle])["ok"], true);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_is_backed_up_and_put_back_alone() {
    let place = Place::new().await;
    let atlas = Atlas::of(&place, &place.db.bare());
    for name in ["first", "copy"] {
        atlas.run("public", &["tenant", "create", name]);
    }
    atlas.run("public", &["ingest", "survey", &demo("survey.csv")]);
    for fact in facts_of(&place, "first") {
        atlas.run("first", &fact.iter().map(String::as_str).collect::<Vec<_>>());
    }
    atlas.run("first", &["project"]);
    atlas.run("public", &["project"]);
    let shelf = place.path("shelf").to_str().unwrap().to_owned();
    let made = ["public", "first"].map(|name| atlas.run(name, &["backup", "create", "--to", &shelf]));
    assert_ne!(made[0]["root"], made[1]["root"]);
    let before = ["public", "first"].map(|name| atlas.ends(name, 0, &["events"]).stdout);
    // A tenant that holds something is refused; an empty one takes it, beside the others.
    atlas.ends("first", 1, &["backup", "restore", "--from", &shelf]);
    std::fs::rename(format!("{shelf}/tenants/first"), format!("{shelf}/tenants/copy")).unwrap();
    let restored = atlas.run("copy", &["backup", "restore", "--from", &shelf]);
    assert_eq!((&restored["root"], &restored["verified"]), (&made[1]["root"], &true.into()));
    assert_eq!(restored["live_equal"], true);
    assert_eq!(atlas.ends("copy", 0, &["events"]).stdout, before[1]);
    assert_eq!(
        atlas.ends("copy", 0, &["scores", "--level", "repo"]).stdout,
        atlas.ends("first", 0, &["scores", "--level", "repo"]).stdout
    );
    for (name, before) in ["public", "first"].into_iter().zip(before) {
        assert_eq!(atlas.ends(name, 0, &["events"]).stdout, before);
        assert_eq!(atlas.run(name, &["audit", "verify"])["ok"], true);
    }
    // What is erased of one stays with the other.
    let people = "SELECT count(*) FROM atlas.person";
    assert_eq!(count(place.db.pool(), people).await, 2);
    let hash = sqlx::query_scalar::<_, String>("SELECT encode(pseudonym, 'hex') FROM atlas.person LIMIT 1");
    let hash = hash.fetch_one(place.db.pool()).await.unwrap();
    atlas.run("copy", &["erase", "contributor", &hash]);
    assert_eq!(count(place.db.pool(), people).await, 1);
}
