//! The supervisor: a process of its own that runs the server and stops it after its last user.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::binaries::Binaries;
use super::error::{AtPath, EmbeddedError};
use super::folder::{Folder, Hold};
use super::identity::RunAs;
use super::rights::{Purpose, Superuser};
use super::{SUPERUSER, SUPERVISOR_LOCK, USERS_LOCK, postmaster, socket};

/// Exit code of a supervisor that found another one at work.
pub(super) const SUPERVISED_ALREADY: u8 = 3;
/// Exit code of a supervisor whose server was killed.
pub(super) const SERVER_KILLED: u8 = 4;
/// How long an orderly stop may take before the server is told to drop everything.
const STOP_LIMIT: Duration = Duration::from_secs(60);
/// Pause before the server is told again. A server that has only just been started ignores the signal where its
/// parents do, as in a background job, until it listens to signals; one that is stopping knows already.
const TOLD_AGAIN: Duration = Duration::from_secs(1);

/// Settings of the server. Given on the command line they win over every file in the cluster.
const SETTINGS: [&str; 8] = [
    "listen_addresses=",
    "unix_socket_permissions=0700",
    "fsync=on",
    "timezone=UTC",
    "log_timezone=UTC",
    "logging_collector=off",
    "max_connections=200", // commands that run at once share it
    "cluster_name=pg-atlas",
];

/// Everything that must be known to run the server of a folder.
#[derive(Debug)]
pub(super) struct Plan {
    binaries: Binaries,
    run_as: RunAs,
    cluster: PathBuf,
    socket: PathBuf,
}

impl Plan {
    /// Decides, or says why the server cannot run here. Hands the folder over where that is needed (see `identity`).
    pub(super) fn make(folder: &mut Folder) -> Result<Self, EmbeddedError> {
        let binaries = Binaries::choose(folder)?;
        let run_as = RunAs::choose(folder)?;
        let cluster = folder.cluster(binaries.major);
        let socket = socket::folder_for(folder)?;
        Ok(Self { binaries, run_as, cluster, socket })
    }

    /// Makes the cluster under another name and renames it, so that a crash leaves all of it or nothing.
    fn initialise(&self, folder: &Folder, purpose: Purpose) -> Result<(), EmbeddedError> {
        let unfinished = folder.root.join(format!("cluster-{}.tmp-{}", self.binaries.major, std::process::id()));
        let initdb = self.binaries.bin.join("initdb");
        let mut command = self.run_as.command(&initdb, "KILL");
        command.args(["--auth=trust", "--no-locale", "--encoding=UTF8", "--data-checksums", "--no-sync"]);
        command.args(["--username", SUPERUSER, "--pgdata"]).arg(&unfinished);
        let status = command.status().at(&initdb)?;
        if !status.success() {
            return Err(io::Error::other(format!("initdb: {status}"))).at(&unfinished);
        }
        self.superuser(&unfinished).furnish(folder, purpose)?;
        // One flush of the file system does what initdb does file by file, in a twentieth of the time.
        flush_filesystem(&File::open(&unfinished).at(&unfinished)?).at(&unfinished)?;
        fs::rename(&unfinished, &self.cluster).at(&self.cluster)?;
        File::open(&folder.root).and_then(|root| root.sync_all()).at(&folder.root)
    }

    /// The superuser of a cluster, while no server runs on it.
    fn superuser<'a>(&'a self, cluster: &'a Path) -> Superuser<'a> {
        Superuser { run_as: &self.run_as, postgres: self.binaries.bin.join("postgres"), cluster }
    }

    /// The server, in the foreground.
    fn server(&self) -> Command {
        let mut command = self.run_as.command(&self.binaries.bin.join("postgres"), "INT");
        command.arg("-D").arg(&self.cluster).args(["-p", &socket::PORT.to_string()]);
        for setting in SETTINGS {
            command.args(["-c", setting]);
        }
        command.arg("-c").arg(socket_setting(&self.socket));
        command
    }
}

/// Runs the server of a data folder until the last user has left. `say` writes a line to its log.
pub(super) fn run(data: &Path, purpose: Purpose, say: fn(&str)) -> Result<ExitCode, EmbeddedError> {
    // Signals of the user's terminal are for the command, not for the server that others may share. Fails only for a
    // process that leads a group already, hence is safe from them anyway.
    let _ = rustix::process::setsid();
    let mut folder = Folder::open(data)?;
    let Some(_lock) = folder.try_lock(SUPERVISOR_LOCK, Hold::Exclusive)? else {
        return Ok(ExitCode::from(SUPERVISED_ALREADY));
    };
    let plan = Plan::make(&mut folder)?;
    remove_unfinished(&folder);
    if plan.cluster.exists() {
        postmaster::stop_leftovers(&plan.cluster);
        plan.superuser(&plan.cluster).hand_over(&folder)?;
    } else {
        plan.initialise(&folder, purpose)?;
    }
    socket::clear(&plan.socket);

    let postgres = plan.binaries.bin.join("postgres");
    let mut server = plan.server().spawn().at(&postgres)?;
    let users = folder.file(USERS_LOCK)?;
    let pid = i32::try_from(server.id()).ok().and_then(Pid::from_raw);
    thread::spawn(move || stop_after_last_user(&users, pid, say));
    let status = server.wait().at(&postgres)?;
    let _ = fs::remove_dir(&plan.socket); // not empty after a crash; the next start clears it
    if status.success() {
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(signal) = status.signal() {
        say(&format!("the server was ended by signal {signal}"));
        return Ok(ExitCode::from(SERVER_KILLED));
    }
    Err(io::Error::other(format!("ended unexpectedly: {status}"))).at(&postgres)
}

/// Blocks until nobody holds the lock, then stops the server. New users wait for the lock until this process is gone.
fn stop_after_last_user(users: &File, server: Option<Pid>, say: fn(&str)) {
    let signal = |signal| server.map(|pid| kill_process(pid, signal));
    if let Err(error) = users.lock() {
        say(&format!("cannot wait for the users, stopping: {error}"));
    }
    let asked = Instant::now();
    // The lock must outlast the server: both go with the process.
    loop {
        signal(if asked.elapsed() < STOP_LIMIT { Signal::INT } else { Signal::QUIT });
        thread::sleep(TOLD_AGAIN);
    }
}

/// Removes what interrupted starts left of clusters that were never used.
fn remove_unfinished(folder: &Folder) {
    for entry in fs::read_dir(&folder.root).into_iter().flatten().flatten() {
        if entry.file_name().to_str().is_some_and(|name| name.starts_with("cluster-") && name.contains(".tmp-")) {
            let _ = fs::remove_dir_all(entry.path()); // garbage; the next start tries again
        }
    }
}

/// The value is a list of folders to the server, so the folder is quoted.
fn socket_setting(folder: &Path) -> OsString {
    let mut setting = b"unix_socket_directories=\"".to_vec();
    for &byte in folder.as_os_str().as_bytes() {
        setting.extend(std::iter::repeat_n(byte, if byte == b'"' { 2 } else { 1 }));
    }
    setting.push(b'"');
    OsString::from_vec(setting)
}

#[cfg(target_os = "linux")]
fn flush_filesystem(folder: &File) -> rustix::io::Result<()> {
    rustix::fs::syncfs(folder)
}

#[cfg(not(target_os = "linux"))]
fn flush_filesystem(_: &File) -> rustix::io::Result<()> {
    rustix::fs::sync();
    Ok(())
}
