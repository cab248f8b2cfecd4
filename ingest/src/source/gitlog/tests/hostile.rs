//! Repositories that want something done: whatever they configure, nothing runs and nobody waits for ever.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use super::support::*;
use crate::source::gitlog::git::Git;
use crate::source::gitlog::*;

/// Settings that make some git command start a program or read another file.
const SETTINGS: [(&str, &str); 22] = [
    ("core.fsmonitor", "RUN"),
    ("core.sshCommand", "RUN"),
    ("core.gitProxy", "RUN"),
    ("core.pager", "RUN"),
    ("core.editor", "RUN"),
    ("core.askPass", "RUN"),
    ("core.alternateRefsCommand", "RUN"),
    ("core.hooksPath", "HOOKS"),
    ("credential.helper", "!RUN"),
    ("uploadpack.packObjectsHook", "RUN"),
    ("diff.external", "RUN"),
    ("diff.evil.textconv", "RUN"),
    ("filter.evil.process", "RUN"),
    ("gpg.program", "RUN"),
    ("log.showSignature", "true"),
    ("alias.log", "!RUN"),
    ("alias.ls-tree", "!RUN"),
    ("pager.log", "RUN"),
    ("mailmap.file", "MAILMAP"),
    ("remote.origin.url", "ext::RUN"),
    ("remote.origin.uploadpack", "RUN"),
    ("remote.origin.promisor", "true"),
];

const HOOKS: [&str; 6] = ["post-checkout", "reference-transaction", "pre-auto-gc", "post-merge", "update", "fsmonitor"];

/// A repository with one commit of Ann's in which everything that can be set is set. A program that runs makes the
/// canary.
fn hostile() -> (Repo, std::path::PathBuf) {
    let repo = Repo::new("main");
    let canary = repo.beside("canary");
    let program = repo.beside("run.sh");
    fs::write(&program, format!("#!/bin/sh\ntouch '{}'\nexit 1\n", canary.display())).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    repo.write(".gitattributes", "* diff=evil filter=evil\n", ANN, "2025-01-01T12:00:00Z");
    let signed =
        b"author Ann Author <ann@example.org> 1735732800 +0000\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n x\n \
                   -----END PGP SIGNATURE-----";
    repo.raw_commit(signed, "main");
    let mailmap = repo.beside("mailmap");
    fs::write(&mailmap, "Mallory <mallory@example.org> <ann@example.org>\n").unwrap();
    let hooks = repo.beside("hooks");
    for folder in [&hooks, &repo.path().join(".git/hooks")] {
        fs::create_dir_all(folder).unwrap();
        for name in HOOKS {
            fs::copy(&program, folder.join(name)).unwrap();
        }
    }
    let run = program.to_str().unwrap();
    let mut config = String::new();
    for (name, value) in SETTINGS {
        let value = value.replace("RUN", run).replace("HOOKS", hooks.to_str().unwrap());
        let value = value.replace("MAILMAP", mailmap.to_str().unwrap());
        let (section, key) = name.rsplit_once('.').unwrap();
        let section = section.split_once('.').map_or(format!("[{section}]"), |(a, b)| format!("[{a} \"{b}\"]"));
        config += &format!("{section}\n\t{key} = \"{value}\"\n");
    }
    // Half of it directly, half through an included file.
    let included = repo.beside("included");
    fs::write(&included, &config).unwrap();
    let path = repo.path().join(".git/config");
    let own = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("{own}{config}[include]\n\tpath = {}\n", included.display())).unwrap();
    (repo, canary)
}

#[test]
fn what_a_repository_configures_does_not_run() {
    let (repo, canary) = hostile();
    // The control: for plain git the trap works.
    let _ = repo.command().args(["status"]).output().unwrap();
    assert!(canary.exists(), "the trap is not set");
    fs::remove_file(&canary).unwrap();

    let parsed = read_path(repo.path()).unwrap();
    assert_eq!(is_author(&parsed, "ann@example.org"), Some(false), "the foreign mailmap has no say");
    assert_eq!(parsed.totals.commits, 2);
    assert!(!canary.exists());

    let bare = repo.beside("bare.git");
    fs::rename(repo.path().join(".git"), &bare).unwrap();
    read_path(&bare).unwrap();
    assert!(!canary.exists());
    let url = format!("file://{}", bare.display());
    read_argument(&url, &options("2026-01-01")).unwrap();
    assert!(!canary.exists());
}

#[test]
fn objects_that_are_missing_are_not_fetched_by_its_rules() {
    let (repo, canary) = hostile();
    let config = repo.path().join(".git/config");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, format!("{text}[extensions]\n\tpartialClone = origin\n")).unwrap();
    repo.git(&["-c", "core.hooksPath=/dev/null", "update-ref", "refs/heads/main", "main~1"]);
    let tree = repo.git(&["rev-parse", "main^{tree}"]);
    fs::remove_file(repo.path().join(".git/objects").join(&tree[..2]).join(&tree[2..])).unwrap();
    let _ = fs::remove_file(&canary);
    let error = read_path(repo.path()).unwrap_err();
    assert!(error.to_string().contains(".mailmap"), "{error}");
    assert!(!canary.exists());
}

#[test]
fn arguments_that_want_a_program_run_none() {
    let folder = tempfile::tempdir().unwrap();
    let canary = folder.path().join("canary");
    let touch = format!("touch {}", canary.display());
    let mut arguments = vec![format!("--upload-pack={touch}"), format!("-u{touch}"), format!("ext::sh -c {touch}")];
    arguments.push(format!("ssh://-oProxyCommand={touch}/x"));
    arguments.push(format!("https://-oProxyCommand={touch}/x"));
    arguments.push(format!("`{touch}`"));
    arguments.push(format!("$({touch})"));
    for argument in &arguments {
        read_argument(argument, &options("2026-01-01")).unwrap_err();
    }
    assert!(!canary.exists());

    // A path that looks like one is a path when written as one.
    let repo = Repo::new("main");
    repo.commit(ANN, "2025-01-01T12:00:00Z");
    let odd = folder.path().join("--upload-pack=touch canary;$(x)");
    fs::rename(repo.path(), &odd).unwrap();
    assert_eq!(read_path(&odd).unwrap().totals.commits, 1);
    assert!(!canary.exists());
}

#[test]
fn pipes_and_links_in_place_of_files_hold_nobody_up() {
    let fifo = |path: &Path| assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
    for name in ["config", "packed-refs", "refs/heads/other", "refs/remotes/origin/x", "info/grafts", "shallow"] {
        let repo = Repo::new("main");
        repo.commit(ANN, "2025-01-01T12:00:00Z");
        let path = repo.path().join(".git").join(name);
        let _ = fs::remove_file(&path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fifo(&path);
        assert_eq!(read_path(repo.path()).unwrap().totals.commits, 1, "{name}");
    }
    let repo = Repo::new("main");
    repo.commit(ANN, "2025-01-01T12:00:00Z");
    fs::remove_file(repo.path().join(".git/HEAD")).unwrap();
    fifo(&repo.path().join(".git/HEAD"));
    assert_eq!(read_path(repo.path()).unwrap().branch.as_deref(), Some("main"));

    // A link could lead out of the repository, round in a circle, or to a secret.
    let heads = repo.path().join(".git/refs/heads");
    symlink("/etc/passwd", heads.join("secret")).unwrap();
    symlink(&heads, heads.join("circle")).unwrap();
    assert_eq!(read_path(repo.path()).unwrap().totals.commits, 1);

    let pack = repo.path().join(".git/objects/pack/pack-0000000000000000000000000000000000000000");
    fs::write(pack.with_extension("pack"), "").unwrap();
    fifo(&pack.with_extension("idx"));
    let impatient = Options { timeout: Duration::from_secs(2), ..options("2026-01-01") };
    match read_argument(repo.path(), &impatient) {
        Err(GitLogError::Timeout { limit, .. }) => assert_eq!(limit, impatient.timeout),
        Ok(parsed) => assert_eq!(parsed.totals.commits, 1, "git did not look at it"),
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn links_to_other_repositories_are_not_followed() {
    let other = Repo::new("main");
    other.commit(BOB, "2025-01-01T12:00:00Z");
    let repo = Repo::new("main");
    repo.commit(ANN, "2025-01-01T12:00:00Z");
    let objects = repo.path().join(".git/objects");
    fs::write(objects.join("info/alternates"), format!("{}/.git/objects\n", other.path().display())).unwrap();
    assert!(refusal(read_path(repo.path())).contains("borrows objects"));
    fs::remove_dir_all(&objects).unwrap();
    symlink(other.path().join(".git/objects"), &objects).unwrap();
    assert!(refusal(read_path(repo.path())).contains("borrows objects"));
}

#[test]
fn a_mailmap_that_is_no_file_is_none() {
    let repo = Repo::new("main");
    symlink("/etc/passwd", repo.path().join(".mailmap")).unwrap();
    repo.git(&["add", ".mailmap"]);
    repo.commit(ANN, "2025-01-01T12:00:00Z");
    assert_eq!(read_path(repo.path()).unwrap().totals.commits, 1);
    fs::remove_file(repo.path().join(".mailmap")).unwrap();
    fs::create_dir(repo.path().join(".mailmap")).unwrap();
    repo.write(".mailmap/x", "Ann <other@example.org> <ann@example.org>\n", ANN, "2025-01-02T12:00:00Z");
    assert_eq!(is_author(&read_path(repo.path()).unwrap(), "ann@example.org"), Some(false));
}

#[test]
fn git_sees_our_configuration_alone() {
    let git = Git::new(&options("2026-01-01"), "").unwrap();
    git.init("sha1", "files").unwrap();
    let listed = git.ask("listing", &["config", "--list", "--show-origin", "--name-only"]).unwrap();
    let listed = String::from_utf8(listed.output("listing").unwrap()).unwrap();
    let folder = git.file("").display().to_string();
    for line in listed.lines() {
        assert!(line.starts_with(&format!("file:{folder}")), "{line}");
    }
    assert!(listed.contains("core.hookspath"));
    assert_eq!(fs::metadata(git.file("")).unwrap().permissions().mode() & 0o777, 0o700);
    assert!(!git.repository().join("hooks").exists(), "no templates");
}
