//! What this atlas answers beside the contract of others: the same as its command line.

use super::*;

/// An atlas with a project of two repositories, of which one depends on the other and both on a package.
pub(super) fn program() -> Program {
    let program = Program::fresh();
    let depends = |on: &str| {
        let mut document = document();
        document["packages"][0]["name"] = json!(on);
        document["packages"][0]["externalRefs"][0]["referenceLocator"] = json!(format!("pkg:{on}@1.0"));
        document
    };
    program.sbom("acme/app", &depends("github/acme/lib"), &["--project", "p:one"]);
    program.sbom("acme/lib", &depends("npm/left"), &["--project", "p:one"]);
    let facts = program.file("facts.json", json!({"stargazers_count": 7, "forks_count": 2}).to_string().as_bytes());
    program.run(["ingest", "repo", facts.to_str().unwrap(), "--repo", "pkg:github/acme/lib"]).ok();
    let history = one_commit(&program.data().join("history"));
    program.run(["ingest", "git-log", &history, "--repo", "pkg:github/acme/lib"]).ok();
    program.json("publish --label one");
    program.json("project");
    program
}

#[test]
fn answers_are_those_of_the_command_line_and_say_where_they_stand() {
    let program = program();
    let service = Service::of(&mut program.command(), &[]);
    let head = program.json("status")["head"].clone();
    for (target, line) in [
        ("/scores?level=repo", "scores --level repo"),
        ("/scores?level=external", "scores --level external"),
        ("/scores", "scores"),
        ("/scores?level=repo&formula=atlas-1", "scores --level repo --formula atlas-1"),
        ("/scores?level=repo&as_of=1", "scores --level repo --as-of 1"),
        ("/scores?level=repo&sort=name:desc", "scores --level repo --sort name:desc"),
        ("/edges", "edges"),
        ("/edges?of=pkg:npm/left", "edges --of pkg:npm/left"),
        ("/edges?as_of=1", "edges --as-of 1"),
        ("/triage", "triage list"),
        ("/conflicts", "conflicts"),
        ("/formulas", "formula list"),
        ("/history/pkg:github%2Facme%2Flib", "history pkg:github/acme/lib"),
        ("/history/pkg:github/acme/lib?metric=pony_factor", "history pkg:github/acme/lib --metric pony_factor"),
        (
            "/edges/why?from=pkg:github/acme/app&to=pkg:github/acme/lib",
            "edges --why pkg:github/acme/app pkg:github/acme/lib",
        ),
    ] {
        let answer = service.ok(target);
        assert_eq!(answer["items"], program.json(line), "{target}");
        assert_eq!(answer["at"]["head"], head, "{target}: {answer}");
        assert!(answer["at"]["formula"]["hash"].as_str().is_some_and(|hash| hash.len() == 64), "{target}: {answer}");
        assert_eq!(
            answer["at"]["lag"].as_u64().unwrap() + answer["at"]["position"].as_u64().unwrap(),
            head.as_u64().unwrap()
        );
    }
    for (target, line) in [
        ("/formulas/seed", "formula show seed"),
        ("/formulas/diff?a=seed&b=atlas-1", "formula diff seed atlas-1"),
        ("/why/pony_factor/pkg:github/acme/lib", "why pkg:github/acme/lib pony_factor"),
        ("/why/criticality_score/pkg:npm/left", "why pkg:npm/left criticality_score"),
        ("/why/criticality_score/pkg:npm/left?from=1", "why pkg:npm/left criticality_score --from 1"),
    ] {
        let (mut answer, mut told) = (service.ok(target), program.json(line));
        assert_eq!(answer["at"]["position"], head, "{target}");
        answer.as_object_mut().unwrap().remove("at");
        // What is missing is said in words of each front.
        for value in [&mut answer, &mut told] {
            value.as_object_mut().unwrap().remove("missing");
        }
        assert_eq!(answer, told, "{target}");
    }
    assert_eq!(service.end(), Some(0));
}

#[test]
fn one_score_has_its_place_and_what_it_rests_on() {
    let program = program();
    let service = Service::of(&mut program.command(), &[]);
    let lib = service.ok("/scores/pkg%3Agithub%2Facme%2Flib");
    assert_eq!((&lib["level"], &lib["id"]), (&json!("repo"), &json!("pkg:github/acme/lib")));
    assert_eq!(lib["ranks"]["pony_factor"], json!({"rank": 1, "of": 2, "percentile": 50.0}), "{lib}");
    let rests = &lib["rests_on"];
    assert_eq!(
        (&rests["direct_dependents"], &rests["contributors"], &rests["stars"]),
        (&json!(1), &json!(1), &json!(7))
    );
    assert_eq!(service.ok("/scores/p:one")["rests_on"]["repos"], 2);
    let (status, said) = service.get("/scores/pkg:github/acme/libb");
    assert_eq!(status, 404);
    assert!(said["detail"].as_str().unwrap().contains("pkg:github/acme/lib"), "{said}");
    assert_eq!(
        (&said["status"], &said["title"], &said["type"]),
        (&json!(404), &json!("Not Found"), &json!("about:blank"))
    );
    assert_eq!(service.end(), Some(0));
}

#[test]
fn what_several_repositories_of_a_project_name_counts_once() {
    let program = Program::fresh();
    let naming = |purls: &[&str]| {
        let mut document = document();
        let package = document["packages"][0].clone();
        let packages = purls.iter().enumerate().map(|(n, purl)| {
            let mut package = package.clone();
            package["SPDXID"] = json!(format!("SPDXRef-{n}"));
            package["externalRefs"][0]["referenceLocator"] = json!(format!("{purl}@1.0"));
            package
        });
        document["packages"] = packages.collect();
        document
    };
    for repo in ["acme/one", "acme/two"] {
        program.sbom(repo, &naming(&["pkg:npm/left"]), &["--project", "p:one"]);
    }
    program.sbom("other/app", &naming(&["pkg:github/acme/one", "pkg:github/acme/two"]), &[]);
    let service = Service::of(&mut program.command(), &[]);
    let rests = service.ok("/scores/p:one")["rests_on"].clone();
    assert_eq!((&rests["direct_dependents"], &rests["direct_dependencies"]), (&json!(1), &json!(1)), "{rests}");
    assert_eq!(service.end(), Some(0));
}

#[test]
fn a_text_is_found_in_ids_and_names_whatever_the_case() {
    let program = Program::fresh();
    let mut document = document();
    document["packages"][0]["externalRefs"][0]["referenceLocator"] = json!("pkg:cargo/AcmeTool@1.0");
    program.sbom("acme/app", &document, &[]);
    let service = Service::of(&mut program.command(), &[]);
    for target in [
        "/scores?level=external&q=pkg:cargo/acmetool",
        "/scores?level=external&q=CARGO/ACME",
        "/packages?q=cargo/acmet",
    ] {
        let found = service.ok(target);
        assert_eq!((&found["total"], &found["items"][0]["id"]), (&json!(1), &json!("pkg:cargo/AcmeTool")), "{target}");
    }
    assert_eq!(service.end(), Some(0));
}

#[test]
fn packages_are_listed_looked_up_and_fall() {
    let program = program();
    let service = Service::of(&mut program.command(), &[]);
    let left = service.ok("/packages/pkg%3Anpm%2Fleft");
    assert_eq!(
        (&left["ecosystem"], &left["dependents_count"], &left["repo"]),
        (&json!("npm"), &json!(1), &Value::Null)
    );
    assert_eq!(service.ok("/packages/pkg:npm/left@2.0/has-dependents")["items"][0]["id"], "pkg:github/acme/lib");
    assert_eq!(service.ok("/packages?ecosystem=npm&q=LEF")["items"][0]["id"], "pkg:npm/left");
    assert_eq!(service.ok("/packages?ecosystem=cargo")["total"], 0);
    let falls = service.ok("/packages/pkg:npm/left/blast-radius");
    assert_eq!(falls["distances"], json!([{"distance": 1, "vertices": 1}, {"distance": 2, "vertices": 1}]), "{falls}");
    assert_eq!(falls["projects"], json!([{"id": "p:one", "name": "p:one", "distance": 1, "repos": 2}]), "{falls}");
    let falls = service.ok("/repos/pkg%3Agithub%2Facme%2Flib/blast-radius");
    assert_eq!(falls["fallen"]["items"][0]["id"], "pkg:github/acme/app", "{falls}");
    let asked = json!({"purls": ["pkg:npm/left@1.2.3", "pkg:github/Acme/Lib", "pkg:npm/none", "nonsense"]});
    let (status, found) = service.post("/lookup", &asked.to_string());
    let found: Vec<_> =
        found["items"].as_array().unwrap().iter().map(|one| (one["found"].clone(), one["id"].clone())).collect();
    let known = |found: bool, id: Value| (json!(found), id);
    let expected = [
        known(true, json!("pkg:npm/left")),
        known(true, json!("pkg:github/acme/lib")),
        known(false, json!("pkg:npm/none")),
        known(false, Value::Null),
    ];
    assert_eq!((status, &found[..]), (200, &expected[..]));
    let many = json!({"purls": vec!["pkg:npm/left"; 5_001]}).to_string();
    for (body, status) in [("", 422), ("{}", 422), ("[1]", 422), (many.as_str(), 422), (&"[".repeat(200_000), 422)] {
        assert_eq!(service.post("/lookup", body).0, status, "{}", &body[..body.len().min(40)]);
    }
    assert_eq!(service.get("/lookup").0, 405);
    assert_eq!(service.end(), Some(0));
}

#[test]
fn pages_go_on_behind_what_was_seen() {
    let program = program();
    let service = Service::of(&mut program.command(), &[]);
    for list in ["/scores?level=repo&sort=criticality_score:desc", "/edges?", "/packages?"] {
        let whole = service.ok(list);
        let mut seen = Vec::new();
        let mut next = Value::String(String::new());
        while let Some(text) = next.as_str() {
            let page = service.ok(&format!("{list}&limit=1&next={text}"));
            seen.extend(page["items"].as_array().unwrap().clone());
            next = page["next"].clone();
        }
        assert_eq!(Value::from(seen), whole["items"], "{list}");
        assert_eq!(service.ok(&format!("{list}&limit=1&offset=1"))["items"][0], whole["items"][1], "{list}");
        assert_eq!(service.get(&format!("{list}&next=nonsense")).0, 422);
        assert_eq!(service.get(&format!("{list}&limit=0")).0, 422);
    }
    for refused in ["/scores?sort=nothing", "/scores?level=person", "/scores?status=dead", "/edges/why?from=a"] {
        assert_eq!(service.get(refused).0, 422, "{refused}");
    }
    assert_eq!(service.get("/scores?project=p:none").0, 404);
    assert_eq!(service.end(), Some(0));
}

#[test]
fn a_formula_is_tried_and_kept_nowhere() {
    let program = program();
    let service = Service::of(&mut program.command(), &[]);
    let seed = service.ok("/formulas/seed")["document"].as_str().unwrap().to_owned();
    let draft = seed.replace("name = \"seed\"", "name = \"draft\"");
    let (status, same) = service.post("/formulas/try", &draft);
    assert_eq!((status, &same["changed"], &same["after"]["formula"]), (200, &json!([]), &json!("draft")), "{same}");
    let (status, refused) = service.post("/formulas/try", &draft.replace("flat", "round"));
    assert_eq!(status, 422);
    assert!(refused["detail"].as_str().unwrap().contains("line "), "{refused}");
    assert_eq!(service.post("/formulas/try", &"#".repeat(65 << 10)).0, 413);
    assert_eq!(service.get("/formulas/draft").0, 404);
    // A name is no file.
    for name in ["%2Fetc%2Fpasswd", "x.toml", "..%2Fx.toml"] {
        assert_eq!(service.get(&format!("/formulas/{name}")).0, 404, "{name}");
    }
    assert_eq!(service.get("/formulas/diff?a=seed&b=/etc/passwd").0, 404);
    assert_eq!(service.end(), Some(0));
}

#[test]
fn exports_and_badges_are_those_of_the_snapshot() {
    let program = program();
    let service = Service::of(&mut program.command(), &[]);
    for (target, args) in [
        ("/export/graph?format=graphml", ["export", "graph", "--as", "graphml"]),
        ("/export/edges?format=csv", ["export", "graph", "--as", "csv"]),
        ("/export/scores?format=csv", ["export", "scores", "--as", "csv"]),
    ] {
        let (status, head, body) = service.asked(target, &[]);
        assert_eq!((status, body), (200, program.run(args).ok().stdout), "{target}");
        assert!(head.contains("pg-atlas-position: "), "{head}");
    }
    assert_eq!(service.ok("/export/scores")["items"], program.run(["export", "scores", "--as", "json"]).ok().json());
    let lines = service.asked("/export/edges?format=ndjson", &[]).2;
    assert_eq!(lines.lines().count(), service.ok("/edges")["total"].as_u64().unwrap() as usize);
    assert_eq!(service.asked("/export/history?format=csv&id=pkg:github/acme/lib", &[]).0, 200);
    assert_eq!((service.get("/export/edges?format=graphml").0, service.get("/export/nothing").0), (422, 404));
    let shields = service.ok("/badge/json/pony_factor/pkg:github/acme/lib");
    assert_eq!(shields, json!({"schemaVersion": 1, "label": "pony factor", "message": "1", "color": "orange"}));
    assert_eq!(service.ok("/badge/json/adoption_score/pkg:github/acme/app")["message"], "unknown");
    let (status, head, svg) = service.asked("/badge/svg/pony_factor/pkg:github/acme/lib", &[]);
    assert!(status == 200 && head.contains("image/svg+xml") && svg.contains("pony factor: 1"), "{head}\n{svg}");
    assert_eq!((service.get("/badge/json/none/p:one").0, service.get("/badge/json/pony_factor/p:none").0), (404, 404));
    assert_eq!(service.end(), Some(0));
}
