//! Any point and any formula: what was, and what would be.

use super::*;

#[test]
fn what_was_is_answered_as_of_a_position_a_time_and_a_label() {
    let program = Program::fresh();
    program.sbom("acme/first", &document(), &[]);
    program.json("publish --label one");
    program.sbom("acme/second", &document(), &[]);
    let service = Service::of(&mut program.command(), &[]);
    let total = |target: &str| service.ok(target)["total"].clone();
    assert_eq!(total("/repos"), 2);
    for then in ["1", "label:one", "1&formula=atlas-1"] {
        assert_eq!(total(&format!("/repos?as_of={then}")), 1, "{then}");
    }
    assert_eq!(total("/repos?as_of=0"), 0);
    assert_eq!(total("/repos?as_of=2000-01-01"), 0);
    assert_eq!(total("/repos?as_of=2100-01-01T00:00:00Z"), 2);
    assert_eq!(total("/repos?formula=atlas-1"), 2);
    assert_eq!(total("/repos?as_of="), 2, "what is empty is not asked for");
    for (target, status) in [
        ("/repos?as_of=99", 422),
        ("/repos?as_of=yesterday", 422),
        ("/repos?as_of=label:two", 404),
        ("/repos?formula=nothing", 404),
        ("/repos?formula=sha256:1", 422),
        ("/repos?formula=sha256:000000000000", 404),
    ] {
        let (found, body) = service.get(target);
        assert!(found == status && body["detail"].is_string(), "{target}: {found} {body}");
    }
    assert_eq!(service.end(), Some(0));
}

#[test]
fn an_answer_that_is_known_is_not_sent_again_until_something_moves() {
    let program = Program::fresh();
    program.sbom("acme/tool", &document(), &[]);
    let service = Service::of(&mut program.command(), &[]);
    let (now, then) = ("/repos", "/repos?as_of=1");
    let tags: Vec<String> = [now, then].iter().map(|target| service.header(target, "etag").unwrap()).collect();
    assert_ne!(tags[0], tags[1]);
    let known = |target: &str, tag: &str| service.asked(target, &[&format!("If-None-Match: \"x\", {tag}")]);
    for (target, tag) in [now, then].iter().zip(&tags) {
        let (status, head, body) = known(target, tag);
        assert_eq!((status, body.as_str()), (304, ""), "{head}");
        assert!(head.contains(&format!("etag: {tag}")) && head.contains("no-cache"), "{head}");
    }
    assert_eq!(known("/projects", &tags[0]).0, 200, "another answer of the same snapshot");
    program.sbom("acme/later", &document(), &[]);
    service.until(now, |_, body| body["total"] == 2);
    assert_eq!((known(now, &tags[0]).0, known(then, &tags[1]).0), (200, 304));
    assert_eq!(service.end(), Some(0));
}

#[test]
fn an_erased_name_is_gone_from_what_was_and_from_what_clients_kept() {
    let program = Program::fresh();
    let history = one_commit(&program.data().join("history"));
    program.run(["ingest", "git-log", &history, "--repo", "pkg:github/acme/tool"]).ok();
    program.sbom("acme/tool", &document(), &[]);
    let service = Service::of(&mut program.command(), &[]);
    let then = "/contributors?as_of=1";
    let (people, tag) = (service.ok(then), service.header(then, "etag").unwrap());
    assert_eq!(people["items"][0]["name"], "Ann");
    program.run(["erase", "contributor", people["items"][0]["email_hash"].as_str().unwrap()]).ok();
    service.until(then, |_, people| people["items"][0]["name"].as_str().unwrap().starts_with("anonymous-"));
    assert_eq!(service.asked(then, &[&format!("If-None-Match: {tag}")]).0, 200);
    assert_eq!(service.end(), Some(0));
}

#[test]
fn another_formula_is_evaluated_on_what_is_held() {
    let program = Program::fresh();
    program.sbom("acme/tool", &document(), &[]);
    let service = Service::of(&mut program.command(), &[]);
    let hash =
        program.json("formula list").as_array().unwrap().iter().find(|one| one["name"] == "atlas-1").unwrap()["hash"]
            .as_str()
            .unwrap()
            .to_owned();
    let by_name = service.ok("/repos?formula=atlas-1");
    assert_eq!(service.ok(&format!("/repos?formula=sha256:{}", &hash[..12])), by_name);
    assert_eq!(service.end(), Some(0));
}
