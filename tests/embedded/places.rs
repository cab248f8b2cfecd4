//! Folders, sockets, owners: where the server may live and who may reach it.

use std::fs;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown};
use std::path::Path;
use std::process::Command;

use super::server::{Data, Ping, command, open_files, owner, refused, report};

/// Length in bytes beyond which the kernel takes no path for a socket.
const SOCKET_PATH_MAX: usize = 107;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o777
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[test]
fn everything_is_private_and_nothing_listens_on_the_network() {
    let outer = tempfile::tempdir().unwrap();
    let data = outer.path().join("new/data folder");
    let user = Ping::hold(&data);
    assert_eq!(mode(&data), 0o700);
    assert_eq!(mode(&user.socket), 0o700);
    assert_eq!(mode(&user.socket.join(".s.PGSQL.5432")), 0o700);
    for name in ["users.lock", "start.lock", "supervisor.lock", "server.log"] {
        assert_eq!(mode(&data.join("postgres").join(name)), 0o600, "{name}");
    }

    let open = open_files(user.postmaster);
    assert!(!open.iter().any(|file| file.contains(".lock")), "no lock leaks into the server: {open:?}");
    let inodes: Vec<_> = open.iter().filter_map(|f| f.strip_prefix("socket:[")?.strip_suffix(']')).collect();
    assert!(!inodes.is_empty(), "the server has its Unix socket");
    for protocol in ["tcp", "tcp6"] {
        let table = fs::read_to_string(format!("/proc/{}/net/{protocol}", user.postmaster)).unwrap_or_default();
        let mut sockets = table.lines().filter_map(|line| line.split_whitespace().nth(9));
        assert!(!sockets.any(|inode| inodes.contains(&inode)), "a {protocol} socket is open");
    }
    user.stop();
}

#[test]
fn a_folder_with_other_things_in_it_keeps_its_mode() {
    let data = Data::empty();
    fs::set_permissions(data.path(), fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(data.path().join("notes.txt"), "mine").unwrap();
    report(&mut command(data.path()));
    assert_eq!(mode(data.path()), 0o755);
    assert_eq!(mode(&data.path().join("postgres")), 0o700);
}

#[test]
fn a_long_path_gets_a_short_private_socket_folder() {
    let outer = tempfile::tempdir().unwrap();
    let data = outer.path().join("deep-".repeat(30));
    fs::DirBuilder::new().recursive(true).mode(0o700).create(&data).unwrap();
    let user = Ping::hold(&data);
    let socket = user.socket.clone();
    assert!(!socket.starts_with(&data));
    assert!(socket.join(".s.PGSQL.5432").as_os_str().len() <= SOCKET_PATH_MAX);
    assert_eq!(mode(&socket), 0o700);
    // Who joins takes the folder from the server, also when his environment would suggest another one.
    let other = tempfile::tempdir().unwrap();
    let joined = report(command(&data).env("XDG_RUNTIME_DIR", other.path()));
    assert_eq!(joined["socket_dir"], socket.to_str().unwrap());
    user.stop();
    assert!(!socket.exists(), "the short folder goes with the server");

    let user = Ping::ready(Ping::spawn(command(&data).env("XDG_RUNTIME_DIR", other.path())));
    assert!(user.socket.starts_with(other.path()));
    user.stop();
}

#[test]
fn a_short_folder_that_others_can_write_to_is_not_used() {
    let outer = tempfile::tempdir().unwrap();
    let runtime = tempfile::tempdir().unwrap();
    let data = outer.path().join("deep-".repeat(30));
    let start = || Ping::ready(Ping::spawn(command(&data).env("XDG_RUNTIME_DIR", runtime.path())));
    let user = start();
    let taken = user.socket.clone();
    user.stop();
    fs::create_dir(&taken).unwrap();
    fs::set_permissions(&taken, fs::Permissions::from_mode(0o777)).unwrap();
    let user = start();
    assert!(user.socket != taken && user.socket.starts_with(runtime.path()), "{}", user.socket.display());
    user.stop();
}

#[test]
fn root_runs_the_server_of_somebody_elses_folder_as_that_somebody() {
    if !is_root() {
        println!("skipped: only root can give a folder away");
        return;
    }
    let outer = tempfile::tempdir().unwrap();
    fs::set_permissions(outer.path(), fs::Permissions::from_mode(0o755)).unwrap();
    // One owner with an account, one without.
    for other in [65534, 4321] {
        let data = outer.path().join(other.to_string());
        fs::create_dir(&data).unwrap();
        chown(&data, Some(other), Some(other)).unwrap();
        let user = Ping::hold(&data);
        assert_eq!(owner(user.postmaster), other);
        for name in ["", "users.lock", "start.lock", "supervisor.lock", "server.log", "run"] {
            assert_eq!(fs::metadata(data.join("postgres").join(name)).unwrap().uid(), other, "{name}");
        }
        user.stop();
    }
}

#[test]
fn root_without_user_namespaces_hands_the_folder_to_the_account_of_the_server() {
    let account = Command::new("id").args(["-u", "postgres"]).output().unwrap();
    let Ok(account) = String::from_utf8_lossy(&account.stdout).trim().parse::<u32>() else {
        println!("skipped: no account `postgres`");
        return;
    };
    if !is_root() {
        println!("skipped: only root can become another user");
        return;
    }
    let outer = tempfile::tempdir().unwrap();
    let bin = outer.path().join("bin");
    fs::create_dir(&bin).unwrap();
    fs::write(bin.join("unshare"), "#!/bin/sh\nexit 1\n").unwrap();
    fs::set_permissions(bin.join("unshare"), fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());

    // Private parents cannot be passed: the error says so, and the folder stays root's.
    fs::set_permissions(outer.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let data = outer.path().join("data");
    let error = refused(command(&data).env("PATH", &path));
    assert!(error.contains("cannot reach") && error.contains("/var/lib/pg-atlas"), "{error}");
    assert_eq!(fs::metadata(&data).unwrap().uid(), 0);

    // A cluster that was made inside a namespace moves over, and still works where namespaces are allowed again.
    fs::set_permissions(outer.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let before = Ping::hold(&data);
    assert_eq!(owner(before.postmaster), 0);
    before.stop();
    let user = Ping::ready(Ping::spawn(command(&data).env("PATH", &path)));
    assert_eq!(owner(user.postmaster), account);
    assert_eq!(mode(&data), 0o700);
    user.stop();
    let after = Ping::hold(&data);
    assert_eq!(owner(after.postmaster), account);
    after.stop();
}
