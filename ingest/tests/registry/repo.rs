use domain::digest::Digest;
use domain::facts::Subject;
use ingest::source::repo::{Parsed, parse};
use serde_json::{Value, json};

use crate::samples::{REPO, assert_no_address, encoded};

fn subject() -> Subject {
    Subject {
        id: "pkg:github/stellar/js-stellar-sdk".to_owned(),
        spelled: "stellar/js-stellar-sdk".to_owned(),
        project: None,
    }
}

fn read(document: &Value) -> Parsed {
    parse(&serde_json::to_vec(document).expect("a tree"), subject()).expect("read")
}

#[test]
fn reads_what_a_host_serves() {
    let Parsed { facts, cleaned, warnings } = parse(REPO.as_bytes(), subject()).unwrap();
    assert_eq!(warnings, [""; 0]);
    assert_eq!(facts.full_name.as_deref(), Some("pkg:github/stellar/js-stellar-sdk"));
    assert_eq!((facts.stars, facts.forks), (Some(701), Some(342)));
    assert_eq!((facts.private, facts.archived, facts.fork), (Some(false), Some(false), Some(true)));
    assert_eq!(facts.parent.as_deref(), Some("pkg:github/stellar-old/js-sdk"));
    assert_eq!(facts.default_branch.as_deref(), Some("master"));
    assert_eq!(facts.license.as_deref(), Some("Apache-2.0"));
    assert_eq!(facts.pushed_at.unwrap().to_string(), "2026-01-31T09:10:11.000000Z");
    assert_eq!(facts.latest_version.as_deref(), Some("v14.4.0"));
    let releases: Vec<&str> = facts.releases.iter().map(|release| release.version.as_str()).collect();
    assert_eq!(releases, ["v14.3.0", "v14.4.0", "v15.0.0-rc.1"]);
    assert!(facts.description.as_deref().unwrap().ends_with("mail <email>"));

    assert_eq!(facts.document.sha256, Digest::of(&cleaned));
    assert_eq!(facts.document.bytes, cleaned.len() as u64);
    let text = String::from_utf8(cleaned.clone()).unwrap();
    assert_no_address(&text);
    assert!(!text.contains("canary"), "the author of a release is a person");
    encoded(facts.clone());
    // What is stored reads back as the same facts and the same bytes.
    let again = parse(&cleaned, subject()).unwrap();
    assert_eq!((again.facts, again.cleaned), (facts, cleaned));
}

#[test]
fn another_name_is_evidence_of_a_rename() {
    let parsed = read(&json!({"full_name": "New-Owner/New.Name"}));
    assert_eq!(parsed.facts.full_name.as_deref(), Some("pkg:github/new-owner/new.name"));
    assert_eq!(parsed.facts.subject, subject());
    assert!(parsed.warnings.is_empty());
}

#[test]
fn a_wrong_field_is_left_out_and_named() {
    for (field, value) in [
        ("stargazers_count", json!(-1)),
        ("stargazers_count", json!(1.5)),
        ("stargazers_count", json!(9_007_199_254_740_992_u64)),
        ("stargazers_count", json!(1e300)),
        ("forks_count", json!("12")),
        ("forks_count", json!([])),
        ("private", json!("no")),
        ("visibility", json!("hidden")),
        ("archived", json!(0)),
        ("fork", json!({})),
        ("full_name", json!("lonely")),
        ("full_name", json!("a/b/c")),
        ("full_name", json!("a/b\u{0}")),
        ("full_name", json!("../..")),
        ("full_name", json!(7)),
        ("parent", json!("a/b")),
        ("parent", json!({"full_name": "a b/c"})),
        ("default_branch", json!("ma\u{0}in")),
        ("default_branch", json!("x".repeat(2000))),
        ("license", json!(["MIT"])),
        ("license", json!({"spdx_id": 1})),
        ("description", json!("a\u{0}b")),
        ("description", json!(1)),
        ("pushed_at", json!("yesterday")),
        ("latest_release", json!({"name": "no tag"})),
        ("latest_release", json!(3)),
        ("releases", json!({})),
        ("releases", json!(["v1"])),
        ("releases", json!([{"published_at": "2026-01-01T00:00:00Z"}])),
        ("releases", json!([{"tag_name": "v1", "published_at": "never"}])),
    ] {
        let mut document = json!({"default_branch": "main", "stargazers_count": 3, "forks_count": 4});
        document[field] = value.clone();
        let Parsed { facts, warnings, .. } = read(&document);
        assert!(warnings.iter().any(|warning| warning.starts_with(field)), "{field} = {value}: {warnings:?}");
        let others = [facts.stars.is_some(), facts.forks.is_some(), facts.default_branch.is_some()];
        assert!(others.iter().filter(|there| **there).count() >= 2, "{field}: the other fields stay");
        encoded(facts);
    }
}

#[test]
fn what_is_absent_stays_absent() {
    let parsed =
        read(&json!({"fork": false, "license": null, "parent": null, "latest_release": null, "releases": null}));
    assert!(parsed.warnings.is_empty());
    let Value::Object(fields) = serde_json::from_str(&encoded(parsed.facts)).unwrap() else { panic!("an object") };
    assert_eq!(fields.keys().collect::<Vec<_>>(), ["document", "fork", "subject"]);
    assert_eq!(read(&json!({"fork": true, "license": {"spdx_id": "NOASSERTION"}})).facts.license, None);
}

#[test]
fn what_says_nothing_is_refused() {
    for document in [
        json!({}),
        json!({"message": "Not Found", "documentation_url": "https://docs.example.org", "status": "404"}),
        json!({"license": null, "stargazers_count": "many", "releases": []}),
    ] {
        let error = parse(&serde_json::to_vec(&document).unwrap(), subject()).unwrap_err().to_string();
        assert!(error.contains("stargazers_count (or") && error.contains("full_name"), "{error}");
    }
}

#[test]
fn stars_and_forks_go_by_two_names() {
    let counts = |document| {
        let Parsed { facts, .. } = read(&document);
        (facts.stars, facts.forks)
    };
    assert_eq!(counts(json!({"stars": 1, "forks": 2})), (Some(1), Some(2)));
    let both = json!({"stars": 1, "stargazers_count": 3, "forks": 2, "forks_count": 4});
    assert_eq!(counts(both), (Some(3), Some(4)), "the host's own");
    assert_eq!(counts(json!({"stars": 1, "stargazers_count": null})), (Some(1), None));
}

#[test]
fn visibility_stands_in_for_private() {
    assert_eq!(read(&json!({"visibility": "internal"})).facts.private, Some(true));
    assert_eq!(read(&json!({"visibility": "public"})).facts.private, Some(false));
    let both = read(&json!({"visibility": "public", "private": true}));
    assert_eq!(both.facts.private, Some(true));
    assert_eq!(both.warnings.len(), 1);
}

#[test]
fn the_newest_release_stands_in_for_the_latest() {
    let document = json!({"releases": [
        {"tag_name": "v2.0.0-rc", "published_at": "2026-01-03T00:00:00Z", "prerelease": true},
        {"tag_name": "v1.1.0", "published_at": "2026-01-02T00:00:00Z"},
        {"tag_name": "v1.2.0", "published_at": "2026-01-01T00:00:00Z"},
        {"tag_name": "v0.0.1"},
    ]});
    let facts = read(&document).facts;
    assert_eq!(facts.latest_version.as_deref(), Some("v1.1.0"));
    assert_eq!(facts.releases[0].version, "v0.0.1");
}

#[test]
fn no_object_is_refused() {
    for document in ["", "[]", "null", "7", "\"x\"", "{", "{\"a\":1e999}", "\u{feff}{}", &"[".repeat(200)] {
        assert!(parse(document.as_bytes(), subject()).is_err(), "{document}");
    }
    let error = parse(b"[1]", subject()).unwrap_err();
    assert!(error.to_string().contains("found a list"), "{error}");
}

#[test]
fn other_hosts_say_it_in_other_fields() {
    let gitlab = read(&json!({
        "path_with_namespace": "Own/App", "star_count": 5, "forks_count": 1, "visibility": "public", "archived": false,
        "forked_from_project": {"path_with_namespace": "up/app"},
    }));
    assert!(gitlab.warnings.is_empty(), "{:?}", gitlab.warnings);
    assert_eq!(gitlab.facts.full_name.as_deref(), Some("pkg:github/own/app"));
    assert_eq!((gitlab.facts.stars, gitlab.facts.forks, gitlab.facts.fork), (Some(5), Some(1), Some(true)));
    assert_eq!(gitlab.facts.parent.as_deref(), Some("pkg:github/up/app"));
    let gitea = read(&json!({"full_name": "own/app", "stars_count": 5, "forks_count": 1, "private": false}));
    assert_eq!((gitea.facts.stars, gitea.facts.forks), (Some(5), Some(1)));
    let written = read(&json!({"full_name": "own/app", "stargazers_count": 10.0, "forks_count": 1e3}));
    assert_eq!((written.facts.stars, written.facts.forks), (Some(10), Some(1000)));
}

#[test]
fn a_mark_says_how_a_document_is_read() {
    let plain = parse(REPO.as_bytes(), subject()).unwrap();
    let marked = parse(format!("\u{feff}{REPO}").as_bytes(), subject()).unwrap();
    assert_eq!(marked, plain);
    let wide: Vec<u8> = "\u{feff}".encode_utf16().chain(REPO.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let wide = parse(&wide, subject()).unwrap();
    assert_eq!((wide.facts, wide.cleaned), (plain.facts, plain.cleaned));
    assert_eq!(wide.warnings, ["document: text in UTF-16, read as such; UTF-8 is what everybody reads"]);
}
