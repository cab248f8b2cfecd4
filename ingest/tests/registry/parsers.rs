use domain::digest::Digest;
use domain::facts::registry::{Downloads, RegistryCrawled};
use ingest::source::registry::{Parsed, parse, parse_crates_index, parse_npm, parse_pypi};
use serde_json::{Value, json};

use crate::samples::{CRATES, NPM, PYPI, assert_no_address, encoded, purl};

fn dependencies(facts: &RegistryCrawled) -> Vec<(&str, &str)> {
    facts.dependencies.iter().map(|d| (d.purl.as_str(), d.requirement.as_deref().unwrap_or(""))).collect()
}

fn versions(facts: &RegistryCrawled) -> Vec<&str> {
    facts.releases.iter().map(|release| release.version.as_str()).collect()
}

/// What holds for every answer that was read.
fn checked(parsed: Parsed) -> Parsed {
    assert_eq!(parsed.facts.document.sha256, Digest::of(&parsed.cleaned));
    assert_eq!(parsed.facts.document.bytes, parsed.cleaned.len() as u64);
    assert_no_address(std::str::from_utf8(&parsed.cleaned).expect("text"));
    encoded(parsed.facts.clone());
    let again = parse(&purl(&parsed.facts.purl), &parsed.cleaned).expect("read");
    assert_eq!(again, parsed, "what is stored reads back as itself");
    parsed
}

fn npm(document: &Value) -> Parsed {
    checked(parse_npm(&purl("pkg:npm/x"), &serde_json::to_vec(document).expect("a tree")).expect("read"))
}

fn npm_dependencies(declared: &Value) -> Parsed {
    npm(&json!({
        "name": "x", "dist-tags": {"latest": "1.0.0"},
        "versions": {"1.0.0": {"dependencies": declared}},
    }))
}

#[test]
fn npm_packages() {
    let asked = purl("pkg:npm/@stellar/stellar-base@14.0.0");
    let Parsed { facts, next, warnings, cleaned } = checked(parse_npm(&asked, NPM.as_bytes()).unwrap());
    assert_eq!(warnings, [""; 0]);
    assert_eq!(facts.purl, "pkg:npm/%40stellar/stellar-base");
    assert_eq!(facts.spelled, "@stellar/stellar-base");
    assert_eq!(facts.latest_version.as_deref(), Some("15.0.0"));
    assert_eq!(versions(&facts).len(), 4);
    assert!(facts.releases.iter().all(|release| release.released.is_some()) && facts.releases.is_sorted());
    assert_eq!(facts.license.as_deref(), Some("Apache-2.0"));
    assert_eq!(facts.repository.as_deref(), Some("https://github.com/stellar/js-stellar-base.git"));
    assert!(dependencies(&facts).contains(&("pkg:npm/%40noble/curves", "^1.9.7")));
    assert_eq!(next.len(), facts.dependencies.len());
    assert!(!String::from_utf8(cleaned).unwrap().contains("canary"), "persons go, not only their addresses");
}

#[test]
fn npm_downloads_are_kept_with_their_window() {
    let document = |downloads: Value| json!({"responses": {"packument": {"name": "x"}, "downloads": downloads}});
    let month = json!({"downloads": 7, "start": "2026-01-01", "end": "2026-01-30", "package": "x"});
    assert_eq!(npm(&document(month)).facts.downloads, Some(Downloads { count: 7, days: 30 }));
    let week = json!({"downloads": 7, "start": "2026-01-01", "end": "2026-01-07"});
    assert_eq!(npm(&document(week)).facts.downloads_30d(), Some(30));
    for bad in [json!({"downloads": -1}), json!({"downloads": 7, "package": "y"}), json!([]), json!({"error": "none"})]
    {
        assert_eq!(npm(&document(bad)).facts.downloads, None);
    }
}

#[test]
fn npm_requirements_of_every_kind() {
    let Parsed { facts, next, warnings, .. } = npm_dependencies(&json!({
        "@Scope/Name": "^1.0.0",
        "author": "*",
        "alias": "npm:@real/name@^2.0.0",
        "plain-alias": "npm:real",
        "short": "owner/name",
        "clone": "git+ssh://git@github.com:Owner/Other.git#v1",
        "tagged": "next",
        "empty": "",
        "local": "file:../x",
        "work": "workspace:*",
        "ball": "https://example.org/x.tgz",
        "bad name": "1",
        "number": 1,
    }));
    let expected = [
        ("pkg:github/owner/name", "owner/name"),
        ("pkg:github/owner/other", "git+ssh://git@github.com:Owner/Other.git#v1"),
        ("pkg:npm/%40Scope/Name", "^1.0.0"),
        ("pkg:npm/%40real/name", "^2.0.0"),
        ("pkg:npm/author", "*"),
        ("pkg:npm/empty", ""),
        ("pkg:npm/real", ""),
        ("pkg:npm/tagged", "next"),
    ];
    assert_eq!(dependencies(&facts), expected);
    assert_eq!(next.len(), 6, "a crawl goes on at packages, not at repositories");
    assert_eq!(next.iter().find(|purl| purl.id == "pkg:npm/%40Scope/Name").unwrap().spelled, "@Scope/Name");
    for place in ["local", "work", "ball", "bad name", "number"] {
        let place = format!("dependencies.{place}: ");
        assert!(warnings.iter().any(|warning| warning.starts_with(&place)), "{place} {warnings:?}");
    }
}

#[test]
fn npm_documents_with_gaps() {
    assert_eq!(npm(&json!({"name": "x"})).warnings.len(), 1);
    let unpublished = json!({"name": "x", "time": {"unpublished": {"name": "ann", "maintainers": ["canary@x.org"]}}});
    let refused = parse_npm(&purl("pkg:npm/x"), &serde_json::to_vec(&unpublished).unwrap()).unwrap_err();
    assert_eq!(refused.to_string(), "pkg:npm/x: it was unpublished; what was known of it stays");
    let reborn =
        json!({"name": "x", "time": {"unpublished": {}}, "versions": {"2.0.0": {}}, "dist-tags": {"latest": "2.0.0"}});
    assert_eq!(npm(&reborn).facts.latest_version.as_deref(), Some("2.0.0"));
    let missing = npm(&json!({"name": "x", "dist-tags": {"latest": "2.0.0"}, "versions": {"1.0.0": {}}}));
    assert_eq!(missing.facts.latest_version.as_deref(), Some("2.0.0"));
    assert!(missing.warnings[0].starts_with("versions.2.0.0: "));
    let old = npm(&json!({"name": "x", "licenses": [{"type": "MIT"}, "BSD"], "repository": "o/r"})).facts;
    assert_eq!((old.license.as_deref(), old.repository.as_deref()), (Some("MIT OR BSD"), Some("o/r")));
    let home = npm(&json!({"name": "x", "repository": "https://example.org", "homepage": "https://github.com/o/r"}));
    assert_eq!(home.facts.repository.as_deref(), Some("https://github.com/o/r"));
    let dead =
        npm(&json!({"name": "x", "repository": {"url": "https://example.org"}, "homepage": "https://example.com"}));
    assert_eq!(dead.facts.repository.as_deref(), Some("https://example.org"));
}

#[test]
fn a_token_in_a_link_is_not_kept() {
    let parsed = npm(&json!({"name": "x", "repository": {"url": "git+https://ghp_s3cret@github.com/o/r.git"}}));
    assert_eq!(parsed.facts.repository.as_deref(), Some("git+https://github.com/o/r.git"));
    assert!(!String::from_utf8(parsed.cleaned).unwrap().contains("s3cret"));
}

#[test]
fn rust_crates() {
    let Parsed { facts, next, warnings, .. } =
        checked(parse_crates_index(&purl("pkg:cargo/stellar-xdr"), CRATES.as_bytes()).unwrap());
    assert_eq!(warnings, [""; 0]);
    assert_eq!(facts.latest_version.as_deref(), Some("30.0.0"));
    assert_eq!(facts.releases[0].version, "0.0.1", "a yanked version was published all the same");
    assert_eq!(facts.releases[0].released.unwrap().to_string(), "2022-07-29T20:52:08.000000Z");
    // Optional ones that default features switch on, and the one that is not optional; no dev or build dependencies.
    let expected = [
        ("pkg:cargo/escape-bytes", "^0.1.1"),
        ("pkg:cargo/ethnum", "^1.5.3"),
        ("pkg:cargo/hex", "^0.4.3"),
        ("pkg:cargo/sha2", "^0.10.9"),
        ("pkg:cargo/stellar-strkey", "^1.0.0"),
    ];
    assert_eq!(dependencies(&facts), expected);
    assert_eq!(next.len(), 5);
    assert_eq!((facts.repository, facts.license, facts.downloads), (None, None, None));
}

#[test]
fn rust_crates_with_metadata() {
    let index = json!([
        {"name": "x", "vers": "1.0.0-rc.1", "deps": []},
        {"name": "x", "vers": "0.9.0", "deps": [
            {"name": "renamed", "package": "real_one", "req": "^1", "kind": null},
            {"name": "windows", "req": "*", "kind": "normal", "target": "cfg(windows)"},
            {"name": "elsewhere", "req": "*", "kind": "normal", "registry": "https://registry.example"},
            {"name": "test", "req": "*", "kind": "dev"},
            {"req": "*"},
        ]},
        {"name": "x", "vers": "0.10.0", "yanked": true},
        {"name": "x", "vers": "one"},
        {"name": "y", "vers": "9.0.0"},
        null,
    ]);
    let answers = json!({"responses": {"index": index, "crate": {
        "crate": {"name": "x", "repository": "https://github.com/o/x", "recent_downloads": 91},
        "versions": [
            {"num": "0.9.0", "created_at": "2026-01-01T00:00:00.5+00:00", "license": "MIT", "published_by": {"login": "canary"},
             "audit_actions": [{"user": {"login": "canary"}}]},
        ],
    }}});
    let parsed = parse_crates_index(&purl("pkg:cargo/X"), &serde_json::to_vec(&answers).unwrap()).unwrap();
    let Parsed { facts, warnings, cleaned, .. } = checked(parsed);
    assert_eq!((facts.purl.as_str(), facts.latest_version.as_deref()), ("pkg:cargo/x", Some("0.9.0")));
    assert_eq!(dependencies(&facts), [("pkg:cargo/real_one", "^1"), ("pkg:cargo/windows", "*")]);
    assert_eq!(versions(&facts), ["0.10.0", "1.0.0-rc.1", "one", "0.9.0"], "those without date come first");
    assert_eq!(facts.license.as_deref(), Some("MIT"));
    assert_eq!(facts.repository.as_deref(), Some("https://github.com/o/x"));
    assert_eq!((facts.downloads, facts.downloads_30d()), (Some(Downloads { count: 91, days: 90 }), Some(30)));
    assert!(!String::from_utf8(cleaned).unwrap().contains("canary"));
    let found = |text: &str| warnings.iter().any(|warning| warning.contains(text));
    assert!(found("index[4]") && found("index[5]") && found("one: ") && found("`elsewhere`") && found("deps[4]"));
}

#[test]
fn a_broken_line_of_the_index_costs_that_line() {
    let text = format!("{CRATES}{{\"name\":\"stellar-xdr\",\"vers\":\n");
    let parsed = parse_crates_index(&purl("pkg:cargo/stellar-xdr"), text.as_bytes()).unwrap();
    assert_eq!(parsed.facts.releases.len(), 5);
    assert_eq!(parsed.warnings.len(), 1);
}

#[test]
fn python_packages() {
    let Parsed { facts, next, warnings, cleaned } =
        checked(parse_pypi(&purl("pkg:pypi/Stellar_SDK"), PYPI.as_bytes()).unwrap());
    assert_eq!(warnings, [""; 0]);
    assert_eq!((facts.purl.as_str(), facts.spelled.as_str()), ("pkg:pypi/stellar-sdk", "stellar-sdk"));
    assert_eq!(facts.latest_version.as_deref(), Some("16.1.1"));
    assert_eq!(versions(&facts), ["0.1.10", "9.4.0", "16.0.0", "16.1.1"]);
    assert_eq!(facts.license.as_deref(), Some("Apache-2.0"));
    assert_eq!(facts.repository.as_deref(), Some("https://github.com/StellarCN/py-stellar-base"));
    let found = dependencies(&facts);
    assert!(found.contains(&("pkg:pypi/requests", ">=2.0.0")) && found.contains(&("pkg:pypi/toml", ">=0.10.2")));
    assert!(!found.iter().any(|(purl, _)| purl.contains("aiohttp")), "extras are not asked for");
    assert_eq!((found.len(), next.len()), (8, 8));
    let text = String::from_utf8(cleaned).unwrap();
    assert!(!text.contains("canary") && !text.contains("Canary") && text.contains("Contact: <<email>>"));
}

#[test]
fn python_packages_with_gaps() {
    let read =
        |document: Value| checked(parse_pypi(&purl("pkg:pypi/x"), &serde_json::to_vec(&document).unwrap()).unwrap());
    let bare =
        read(json!({"info": {"name": "X", "license": "text\nof a licence", "home_page": "https://github.com/o/r"}}));
    assert_eq!((bare.facts.license, bare.facts.repository.as_deref()), (None, Some("https://github.com/o/r")));
    let links = read(json!({"info": {"name": "x", "license": "MIT", "project_urls": {
        "Documentation": "https://github.com/o/docs", "Homepage": "https://example.org", "Source Code": "https://gitlab.com/g/r",
    }}}));
    assert_eq!(links.facts.repository.as_deref(), Some("https://gitlab.com/g/r"));
    let count = json!({"responses": {"project": {"info": {"name": "x"}}, "downloads": {"data": {"last_month": 12}}}});
    assert_eq!(read(count).facts.downloads_30d(), Some(12));
    let odd = read(json!({
        "info": {"name": "x", "version": "1\u{0}", "requires_dist": ["a", 1, "", "!", "B_b (==1) ; python_version > '3'"]},
        "releases": {"1.0": [{"upload_time_iso_8601": "2026-01-02T00:00:00Z"}, {"upload_time_iso_8601": "2026-01-01T00:00:00Z"}, 7], "2.0": [], "3\u{0}": null},
    }));
    assert_eq!(dependencies(&odd.facts), [("pkg:pypi/a", ""), ("pkg:pypi/b-b", "==1")]);
    assert_eq!(versions(&odd.facts), ["1.0"], "without a file there is no release");
    assert_eq!(odd.facts.releases[0].released.unwrap().to_string(), "2026-01-01T00:00:00.000000Z");
    assert_eq!(odd.warnings.len(), 5, "{:?}", odd.warnings);
}

#[test]
fn documents_about_something_else_are_refused() {
    for (asked, document) in [
        ("pkg:npm/stellar-base", NPM),
        ("pkg:cargo/stellar", CRATES),
        ("pkg:pypi/stellar", PYPI),
        ("pkg:npm/x", "{\"error\":\"not found\"}"),
        ("pkg:npm/x", "[]"),
        ("pkg:pypi/x", "{\"info\":[]}"),
        ("pkg:cargo/x", "[]"),
        ("pkg:cargo/x", "[{}]"),
        ("pkg:cargo/x", ""),
        ("pkg:npm/x", "<html>"),
        ("pkg:npm/x", "{\"responses\":{}}"),
        ("pkg:golang/x.org/y", NPM),
    ] {
        assert!(parse(&purl(asked), document.as_bytes()).is_err(), "{asked}");
    }
}

fn pypi(info: &Value) -> Parsed {
    let document = serde_json::to_vec(&json!({"info": info})).expect("a tree");
    checked(parse_pypi(&purl("pkg:pypi/x"), &document).expect("read"))
}

#[test]
fn what_a_warning_says_was_left_out_was_left_out() {
    let parsed = npm_dependencies(&json!({"a": 7, "b": ["1"], "c": "x".repeat(2000), "d": null, "e": "1"}));
    assert_eq!(dependencies(&parsed.facts), [("pkg:npm/d", ""), ("pkg:npm/e", "1")]);
    assert_eq!(parsed.warnings.len(), 3);
    let parsed = pypi(&json!({"name": "x", "requires_dist": [
        "bad name!", "x-y>=1", "n @ https://h/a;b.whl ; os_name == 'nt'", "z; extra != 'z'", "w; extra == 'z'",
    ]}));
    let expected = [("pkg:pypi/n", "@ https://h/a;b.whl"), ("pkg:pypi/x-y", ">=1"), ("pkg:pypi/z", "")];
    assert_eq!(dependencies(&parsed.facts), expected);
    assert_eq!(parsed.warnings, ["requires_dist[0]: left out: `bad name!` is no requirement"]);
}

#[test]
fn a_package_that_depends_on_itself_says_so_and_does_not() {
    let npm = npm_dependencies(&json!({"x": "1", "alias": "npm:x@2", "y": "1"}));
    assert_eq!(dependencies(&npm.facts), [("pkg:npm/y", "1")]);
    assert_eq!(npm.warnings, ["dependencies: dependencies of pkg:npm/x on itself, left out: 2"]);
    assert_eq!(npm.next.len(), 1);
    let pypi = pypi(&json!({"name": "X", "requires_dist": ["x[all]>=1", "y"]}));
    assert_eq!(dependencies(&pypi.facts), [("pkg:pypi/y", "")]);
    assert_eq!(pypi.warnings, ["dependencies: dependencies of pkg:pypi/x on itself, left out: 1"]);
    let index = json!({"name": "x", "vers": "1.0.0", "deps": [{"name": "me", "package": "x", "req": "*"}]});
    let crates = parse_crates_index(&purl("pkg:cargo/x"), &serde_json::to_vec(&index).unwrap()).unwrap();
    assert!(crates.facts.dependencies.is_empty() && crates.warnings.len() == 1, "{:?}", crates.warnings);
}

#[test]
fn names_of_python_packages_are_one_however_they_are_spelled() {
    let document = json!({"info": {"name": "Zope..Interface", "requires_dist": ["foo.bar", "Foo__Bar"]}});
    let parsed = parse_pypi(&purl("pkg:pypi/zope-interface"), &serde_json::to_vec(&document).unwrap()).unwrap();
    assert_eq!(parsed.facts.purl, "pkg:pypi/zope-interface");
    assert_eq!(dependencies(&parsed.facts), [("pkg:pypi/foo-bar", "")]);
}

#[test]
fn links_of_python_packages_by_their_labels() {
    for (info, repository) in [
        // A claim is one on any host, and a homepage counts only without.
        (
            json!({"project_urls": {"Source": "https://git.example/o/r", "Homepage": "https://github.com/o/r"}}),
            Some("https://git.example/o/r"),
        ),
        (
            json!({"project_urls": {"Source (mirror)": "https://git.example/o/r"}, "home_page": "https://github.com/o/r"}),
            Some("https://git.example/o/r"),
        ),
        (
            json!({"project_urls": {"GitHub Repository": "https://github.com/o/r", "Homepage": "https://github.com/o/page"}}),
            Some("https://github.com/o/r"),
        ),
        (
            json!({"project_urls": {"Resources": "https://git.example/o/r", "Homepage": "https://github.com/o/r"}}),
            Some("https://github.com/o/r"),
        ),
        (
            json!({"project_urls": {"Repository Issues": "https://git.example/o/r", "Repo": "https://github.com/o/r"}}),
            Some("https://github.com/o/r"),
        ),
        (
            json!({"project_urls": {"Repository": "UNKNOWN", "Homepage": "https://github.com/o/r"}}),
            Some("https://github.com/o/r"),
        ),
        (
            json!({"project_urls": {"Source Code": "n/a"}, "home_page": "https://github.com/o/r/tree/main/py"}),
            Some("https://github.com/o/r/tree/main/py"),
        ),
        (json!({"home_page": "https://example.org"}), None),
        // A tracker is the weakest of all.
        (
            json!({"project_urls": {"Bug Tracker": "https://github.com/o/r/issues"}}),
            Some("https://github.com/o/r/issues"),
        ),
        (
            json!({"project_urls": {"Issues": "https://github.com/o/bugs/issues"}, "home_page": "https://github.com/o/r"}),
            Some("https://github.com/o/r"),
        ),
        (json!({"project_urls": {"Tracker": "https://bugs.example.org"}, "home_page": "UNKNOWN"}), None),
    ] {
        let mut info = info;
        info["name"] = json!("x");
        assert_eq!(pypi(&info).facts.repository.as_deref(), repository, "{info}");
    }
}

#[test]
fn what_the_newest_npm_version_leaves_empty_may_stand_above() {
    for empty in [json!(null), json!(""), json!("  "), json!({}), json!({"type": "git", "url": " "})] {
        let parsed = npm(&json!({
            "name": "x", "dist-tags": {"latest": "1.0.0"}, "versions": {"1.0.0": {"repository": empty, "homepage": empty}},
            "repository": {"url": "https://github.com/o/r"}, "homepage": "https://example.org",
        }));
        assert_eq!(parsed.facts.repository.as_deref(), Some("https://github.com/o/r"));
        assert_eq!(parsed.facts.homepage.as_deref(), Some("https://example.org"));
    }
    let tracked = npm(&json!({"name": "x", "bugs": {"url": "https://github.com/o/r/issues"}})).facts;
    assert_eq!(tracked.repository.as_deref(), Some("https://github.com/o/r/issues"));
    let home = json!({"name": "x", "bugs": "https://github.com/o/bugs", "homepage": "https://github.com/o/r#readme"});
    assert_eq!(npm(&home).facts.repository.as_deref(), Some("https://github.com/o/r#readme"));
}

#[test]
fn a_registrys_own_words_are_kept() {
    let words = |facts: &RegistryCrawled| (facts.description.clone(), facts.homepage.clone());
    let kept = |description: &str, homepage: &str| (Some(description.to_owned()), Some(homepage.to_owned()));
    let document = json!({"name": "x", "description": "Does x; ask ann@x.org", "homepage": "https://example.org"});
    assert_eq!(words(&npm(&document).facts), kept("Does x; ask <email>", "https://example.org"));
    let info = json!({"name": "x", "summary": "Does x", "description": "long", "project_urls": {"homepage": "https://example.org"}});
    assert_eq!(words(&pypi(&info).facts), kept("Does x", "https://example.org"));
    assert_eq!(words(&pypi(&json!({"name": "x", "summary": "UNKNOWN", "home_page": "UNKNOWN"})).facts), (None, None));
    let answers = json!({"responses": {"index": [{"name": "x", "vers": "1.0.0"}], "crate": {"crate": {
        "name": "x", "description": "Does\nx", "homepage": "https://example.org",
    }}}});
    let crates = checked(parse_crates_index(&purl("pkg:cargo/x"), &serde_json::to_vec(&answers).unwrap()).unwrap());
    assert_eq!(words(&crates.facts), kept("Does\nx", "https://example.org"));
}
