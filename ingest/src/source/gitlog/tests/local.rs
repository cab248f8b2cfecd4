//! Repositories and bundles on this machine.

use std::fs;

use super::support::*;
use crate::source::gitlog::*;

#[test]
fn commits_are_counted_by_author_and_utc_day() {
    let repo = Repo::new("main");
    // 23:30 in New York is the next day in UTC; 00:30 in Tokyo the day before.
    repo.commit(ANN, "2025-03-01T23:30:00-05:00");
    repo.commit("Ann A <ANN@Example.org>", "2025-03-02T10:00:00+00:00");
    repo.commit(BOB, "2025-03-02T00:30:00+09:00");
    repo.commit("dependabot[bot] <49699333+dependabot[bot]@users.noreply.github.com>", "2025-03-03T00:00:00Z");
    repo.commit("Eve <123+Eve-L@users.noreply.github.com>", "2025-03-03T00:00:01Z");
    let parsed = read_path(repo.path()).unwrap();

    assert_eq!(days(&parsed, "ann@example.org"), [("2025-03-02".to_owned(), 2, 0)]);
    assert_eq!(days(&parsed, "bob@corp.example"), [("2025-03-01".to_owned(), 1, 0)]);
    assert_eq!(parsed.totals, Totals { commits: 5, contributors: 3, bots_excluded: 1 });
    assert_eq!(is_author(&parsed, "49699333+dependabot[bot]@users.noreply.github.com"), Some(true));
    assert_eq!(parsed.latest_commit_date().unwrap().to_string(), "2025-03-03T00:00:01.000000Z");
    assert_eq!((parsed.facts.from, parsed.facts.to.to_string()), (None, "2026-01-01".to_owned()));
    assert_eq!(parsed.branch.as_deref(), Some("main"));
    assert_eq!(parsed.warnings, Vec::<String>::new());
    assert_eq!(parsed.facts.pseudonym_key, key().id());
    assert_eq!(parsed.facts.document.sha256, Digest::of(&parsed.export));

    let ann = parsed.facts.authors.iter().find(|a| a.first != a.last).unwrap();
    assert_eq!(ann.first.to_string(), "2025-03-02T04:30:00.000000Z");
    assert_eq!(ann.last.to_string(), "2025-03-02T10:00:00.000000Z");
    let person = |name: &str| parsed.people.iter().find(|person| person.name == name).map(|p| p.login.clone());
    assert_eq!(person("Eve"), Some(Some("Eve-L".to_owned())));
    assert_eq!(person("Ann A"), Some(None), "the newest commit names the person");
    assert_eq!(person("Ann Author"), None);
}

#[test]
fn merges_are_counted_apart() {
    let repo = Repo::new("main");
    repo.commit(ANN, "2025-01-01T12:00:00Z");
    repo.git(&["checkout", "-q", "-b", "topic"]);
    repo.commit(BOB, "2025-01-02T12:00:00Z");
    repo.git(&["checkout", "-q", "main"]);
    repo.merge("topic", ANN, "2025-01-03T12:00:00Z");
    repo.commit(ANN, "2025-01-03T13:00:00Z");
    let parsed = read_path(repo.path()).unwrap();
    let expected = [("2025-01-01".to_owned(), 1, 0), ("2025-01-03".to_owned(), 2, 1)];
    assert_eq!(days(&parsed, "ann@example.org"), expected);
    assert_eq!(parsed.totals.commits, 3, "merges are not counted");
}

#[test]
fn the_mailmap_of_the_tip_is_applied() {
    let repo = Repo::new("main");
    repo.commit("annie <annie@old.example>", "2025-01-01T12:00:00Z");
    repo.commit("renovate <r@old.example>", "2025-01-01T13:00:00Z");
    let map = "Ann Author <ann@example.org> <annie@old.example>\nrenovate-bot <r@old.example>\n";
    repo.write(".mailmap", map, ANN, "2025-01-02T12:00:00Z");
    for bare in [false, true] {
        let path = if bare {
            let path = repo.beside("bare.git");
            repo.git(&["clone", "-q", "--bare", ".", path.to_str().unwrap()]);
            path
        } else {
            // The work tree has no say: only what is committed is part of the history.
            fs::remove_file(repo.path().join(".mailmap")).unwrap();
            repo.path().to_owned()
        };
        let parsed = read_path(&path).unwrap();
        let expected = [("2025-01-01".to_owned(), 1, 0), ("2025-01-02".to_owned(), 1, 0)];
        assert_eq!(days(&parsed, "ann@example.org"), expected);
        assert_eq!(is_author(&parsed, "r@old.example"), Some(true));
        assert_eq!(is_author(&parsed, "annie@old.example"), None);
    }
}

#[test]
fn the_default_branch_is_found() {
    let repo = Repo::new("trunk");
    repo.commit(ANN, "2025-01-01T12:00:00Z");
    assert_eq!(read_path(repo.path()).unwrap().branch.as_deref(), Some("trunk"));

    repo.git(&["branch", "main"]);
    repo.commit(ANN, "2025-01-02T12:00:00Z");
    let parsed = read_path(repo.path()).unwrap();
    assert_eq!((parsed.branch.as_deref(), parsed.totals.commits), (Some("trunk"), 2), "what is checked out");

    repo.git(&["checkout", "-q", "--detach"]);
    repo.commit(ANN, "2025-01-03T12:00:00Z");
    let parsed = read_path(repo.path()).unwrap();
    assert_eq!((parsed.branch.as_deref(), parsed.totals.commits), (Some("main"), 1), "detached: main");

    repo.git(&["branch", "-q", "-D", "main"]);
    let parsed = read_path(repo.path()).unwrap();
    assert_eq!((parsed.branch.as_deref(), parsed.totals.commits), (Some("trunk"), 2), "detached: the only branch");

    repo.git(&["branch", "-q", "-D", "trunk"]);
    let parsed = read_path(repo.path()).unwrap();
    assert_eq!((parsed.branch, parsed.totals.commits), (None, 3), "detached and no branch: the commit");
}

#[test]
fn a_clone_is_read_from_its_origins_default_branch() {
    let origin = Repo::new("dev");
    origin.commit(ANN, "2025-01-01T12:00:00Z");
    let path = origin.beside("clone");
    origin.git(&["clone", "-q", ".", path.to_str().unwrap()]);
    let inside = |arguments: &[&str]| {
        let mut all = vec!["-C", path.to_str().unwrap()];
        all.extend(arguments);
        origin.git(&all)
    };
    inside(&["checkout", "-q", "-b", "feature"]);
    inside(&["commit", "-q", "--allow-empty", "-m", "x", "--author", BOB]);
    let parsed = read_path(&path).unwrap();
    assert_eq!((parsed.branch.as_deref(), parsed.totals.commits), (Some("dev"), 1));

    origin.commit(ANN, "2025-01-02T12:00:00Z");
    inside(&["fetch", "-q"]);
    assert_eq!(read_path(&path).unwrap().totals.commits, 2, "fetched, not merged");

    inside(&["checkout", "-q", "dev"]);
    inside(&["merge", "-q", "origin/dev"]);
    let date = "2025-01-03T12:00:00Z";
    inside(&["commit", "-q", "--allow-empty", "-m", "x", "--author", ANN, "--date", date]);
    assert_eq!(read_path(&path).unwrap().totals.commits, 3, "not pushed yet");

    let tree = origin.beside("linked");
    inside(&["worktree", "add", "-q", "--detach", tree.to_str().unwrap()]);
    assert_eq!(read_path(&tree).unwrap().totals.commits, 3, "a linked work tree is its repository");
}

#[test]
fn every_form_of_a_repository_gives_the_same_facts() {
    let repo = Repo::new("main");
    repo.commit(ANN, "2025-01-01T12:00:00Z");
    repo.commit(BOB, "2025-01-02T12:00:00Z");
    let direct = read_path(repo.path()).unwrap();
    repo.git(&["pack-refs", "--all"]);
    repo.git(&["gc", "-q"]);
    assert_eq!(read_path(repo.path()).unwrap(), direct, "packed");

    let bundle = repo.beside("x.bundle");
    repo.git(&["bundle", "create", "-q", bundle.to_str().unwrap(), "--all"]);
    assert_eq!(read_path(&bundle).unwrap(), direct);
    repo.git(&["bundle", "create", "-q", bundle.to_str().unwrap(), "main"]);
    let guessed = read_path(&bundle).unwrap();
    assert_eq!(guessed.warnings, ["the default branch is a guess: `main`, the only one; --branch names another"]);
    assert_eq!(Parsed { warnings: vec![], ..guessed }, direct, "a bundle without HEAD");

    let bare = repo.beside("b a r e.git");
    repo.git(&["clone", "-q", "--bare", ".", bare.to_str().unwrap()]);
    assert_eq!(read_path(&bare).unwrap(), direct);
    let url = format!("file://{}", bare.display()).replace(' ', "%20");
    assert_eq!(read_argument(&url, &options("2026-01-01")).unwrap(), direct);
}

#[test]
fn other_hashes_and_reference_stores_are_read() {
    for init in ["--object-format=sha256", "--ref-format=reftable"] {
        let known = Repo::new("main").command().args(["init", "-q", init, "../x"]).output().unwrap().status.success();
        if !known {
            println!("skipped: this git does not know {init}");
            continue;
        }
        let repo = Repo::with(&["init", "-q", "-b", "main", init]);
        repo.commit(ANN, "2025-01-01T12:00:00Z");
        assert_eq!(read_path(repo.path()).unwrap().totals.commits, 1, "{init}");
        let bundle = repo.beside("x.bundle");
        repo.git(&["bundle", "create", "-q", bundle.to_str().unwrap(), "main"]);
        assert_eq!(read_path(&bundle).unwrap().totals.commits, 1, "{init}");
    }
    let repo = Repo::new("main");
    repo.git(&["config", "extensions.objectFormat", "md5"]);
    assert!(refusal(read_path(repo.path())).contains("md5"));
}

#[test]
fn a_window_counts_back_from_the_observation_by_utc_days() {
    let repo = Repo::new("main");
    repo.commit(ANN, "2024-02-28T23:59:59Z");
    repo.commit(ANN, "2024-02-29T00:00:00Z");
    repo.commit(BOB, "2024-03-31T23:59:59Z");
    repo.commit(BOB, "2024-04-01T00:00:00Z");
    let options = Options { since_months: Some(1), ..options("2024-03-31T10:00:00Z") };
    let parsed = read_argument(repo.path(), &options).unwrap();
    assert_eq!(days(&parsed, "ann@example.org"), [("2024-02-29".to_owned(), 1, 0)]);
    assert_eq!(days(&parsed, "bob@corp.example"), [("2024-03-31".to_owned(), 1, 0)]);
    assert_eq!(parsed.facts.from.unwrap().to_string(), "2024-02-29");
    assert_eq!(parsed.warnings, ["1 commit dated after 2024-03-31 is left out"]);
    assert_eq!(parsed.latest_commit_date().unwrap().to_string(), "2024-03-31T23:59:59.000000Z");

    let options = Options { observed_at: Timestamp::parse("2030-01-01T00:00:00Z").unwrap(), ..options };
    let parsed = read_argument(repo.path(), &options).unwrap();
    assert_eq!((parsed.facts.authors.len(), parsed.totals.commits), (0, 0), "a quiet month is a fact");
    assert_eq!(parsed.latest_commit_date().unwrap().to_string(), "2024-04-01T00:00:00.000000Z");
}

#[test]
fn odd_commits_are_left_out_and_counted() {
    let repo = Repo::new("main");
    repo.raw_commit(b"author Ann Author <ann@example.org> 1700000000 +0000", "main");
    repo.raw_commit(b"author Nobody <> 1700000000 +0000", "main");
    repo.raw_commit(b"author Bad Clock <clock@x.example> notadate", "main");
    repo.raw_commit(b"author Far Out <far@x.example> 999999999999 +0000", "main");
    repo.raw_commit(b"author Odd Zone <zone@x.example> 1700000000 +9900", "main");
    repo.raw_commit(b"author F\xffn\xfe <\xe9@x.example> 1700000000 +0000", "main");
    let parsed = read_path(repo.path()).unwrap();
    assert_eq!(parsed.totals.commits, 4);
    assert_eq!(parsed.facts.unsigned.len(), 1);
    assert_eq!(days(&parsed, "zone@x.example"), [("2023-11-14".to_owned(), 1, 0)]);
    assert_eq!(days(&parsed, b"\xe9@x.example"), [("2023-11-14".to_owned(), 1, 0)]);
    assert!(parsed.people.iter().any(|person| person.name == "F\u{fffd}n\u{fffd}"));
    assert_eq!(
        parsed.warnings,
        [
            "1 commit without an e-mail address counts as nobody's",
            "2 commits without an author date between the years 1970 and 9999 are left out"
        ]
    );
}

#[test]
fn what_has_no_whole_history_is_refused() {
    let repo = Repo::new("main");
    assert!(refusal(read_path(repo.path())).contains("no commit yet"));
    let bare = repo.beside("empty.git");
    repo.git(&["clone", "-q", "--bare", ".", bare.to_str().unwrap()]);
    assert!(refusal(read_path(&bare)).contains("no commit yet"));
    assert!(refusal(read_path(&repo.beside(""))).contains("no git repository"));

    repo.commit(ANN, "2025-01-01T12:00:00Z");
    repo.commit(ANN, "2025-01-02T12:00:00Z");
    let source = format!("file://{}", repo.path().display());
    let shallow = repo.beside("shallow");
    repo.git(&["clone", "-q", "--depth=1", &source, shallow.to_str().unwrap()]);
    assert!(refusal(read_path(&shallow)).contains("unshallow"));
    let shared = repo.beside("shared");
    repo.git(&["clone", "-q", "--shared", ".", shared.to_str().unwrap()]);
    assert!(refusal(read_path(&shared)).contains("borrows objects"));

    let bundle = repo.beside("part.bundle");
    repo.git(&["bundle", "create", "-q", bundle.to_str().unwrap(), "HEAD~1..main"]);
    let error = read_path(&bundle).unwrap_err();
    assert!(matches!(error, GitLogError::Git { .. }) && error.to_string().contains("prerequisite"), "{error}");
}
