//! The embedded PostgreSQL: a private server in the data folder, run with the machine's own binaries, shared by the
//! commands that run at once and stopped with the last of them.
//!
//! Every user holds `users.lock` shared. The first one starts this executable again as a *supervisor*, which runs the
//! server as its child and asks for the same lock exclusively: it gets it exactly when the last user is gone, killed
//! ones included, and then stops the server. A killed supervisor takes the server with it (parent death signal); what
//! is left after any other accident is stopped by the next supervisor before it starts a new server. `start.lock` lets
//! one user at a time decide. See [`folder`] for the files.

mod binaries;
mod database;
mod error;
mod folder;
mod home;
mod identity;
mod ping;
mod postmaster;
mod rights;
mod socket;
mod supervisor;

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::{Child, ExitCode, ExitStatus};
use std::time::{Duration, Instant};
use std::{env, thread};

use rustix::process::Pid;
use sqlx::postgres::PgConnectOptions;

use self::database::Readiness;
use self::error::AtPath;
use self::folder::{Folder, Hold, POLL};
use self::postmaster::Postmaster;
use self::supervisor::Plan;

pub(crate) use self::error::EmbeddedError;
pub(crate) use self::home::default_data_dir;
#[cfg(feature = "ingest")]
pub(crate) use self::home::demo_data_dir;
pub(crate) use self::ping::ping;
pub(crate) use self::rights::Purpose;

/// Exit code of every [`EmbeddedError`]: configuration or connection.
pub(crate) const EXIT_CODE: u8 = 2;

/// Name of the superuser of a cluster, as whom nobody comes in.
const SUPERUSER: &str = "atlas";
/// Held shared by users.
const USERS_LOCK: &str = "users.lock";
/// Held exclusively by the one user who decides.
const START_LOCK: &str = "start.lock";
/// Held exclusively by a living supervisor.
const SUPERVISOR_LOCK: &str = "supervisor.lock";
/// How long a start may take, recovery after a crash and the orderly stop of a former server included.
const START_LIMIT: Duration = Duration::from_secs(120);
/// How many starts may end by a kill of supervisor or server before that is no accident.
const KILLED_STARTS_MAX: u32 = 3;
/// Closes what a caller's shell may have opened beside the standard streams, then becomes the given command.
const CLOSE_INHERITED: &str = r#"exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-; exec "$@""#;
/// How much of the log an error shows, in bytes.
const TAIL_BYTES: usize = 4 << 10;

/// A share in the running server. The server stays at least as long as this value or any other of its kind.
#[derive(Debug)]
pub(crate) struct Embedded {
    server: Postmaster,
    /// Kept open for the lock on it.
    _users: File,
}

impl Embedded {
    /// How to connect to the database `pg_atlas`, which exists.
    ///
    /// A pool should have an acquire timeout of a few seconds: after a crash of the server it would wait much longer.
    pub(crate) fn options(&self) -> PgConnectOptions {
        database::options(&self.server.socket)
    }

    /// Process id of the server.
    pub(crate) fn postmaster(&self) -> i32 {
        self.server.pid.as_raw_pid()
    }

    /// Folder of the server's socket.
    pub(crate) fn socket_dir(&self) -> &Path {
        &self.server.socket
    }
}

/// Joins the server of a data folder or starts it, and makes sure that it answers and has the database. Blocks for at
/// most a few minutes; usually 0.1 s to start, 1 s the first time.
pub(crate) fn start(data_dir: &Path) -> Result<Embedded, EmbeddedError> {
    start_for(data_dir, Purpose::Atlas)
}

/// As [`start`], where a folder without a server yet gets one for `purpose`.
pub(crate) fn start_for(data_dir: &Path, purpose: Purpose) -> Result<Embedded, EmbeddedError> {
    let mut folder = Folder::open(data_dir)?;
    let _deciding = folder.lock(START_LOCK, Hold::Exclusive, START_LIMIT)?;
    // From here on no supervisor stops the server; one that is stopping it holds the lock until it is done.
    let users = folder.lock(USERS_LOCK, Hold::Shared, START_LIMIT)?;
    let server = await_server(&mut folder, purpose)?;
    Ok(Embedded { server, _users: users })
}

/// Waits until the server of a data folder has ended, its last user having left.
#[cfg(feature = "ingest")]
pub(crate) fn await_end(data_dir: &Path) -> Result<(), EmbeddedError> {
    Folder::open(data_dir)?.lock(SUPERVISOR_LOCK, Hold::Shared, START_LIMIT).map(drop)
}

/// Runs the server of a data folder until its last user has left: what this executable does when it is started with
/// `supervise DIR`. Must be called on the main thread: the server is bound to the
/// life of the thread that starts it. Returns when the server has ended.
/// `say` writes a line to the server's log.
pub(crate) fn supervise(data_dir: &Path, purpose: Purpose, say: fn(&str)) -> ExitCode {
    supervisor::run(data_dir, purpose, say).unwrap_or_else(|error| {
        say(&format!("{:#}", anyhow::Error::new(error)));
        ExitCode::from(EXIT_CODE)
    })
}

/// Waits for a server that answers, and sees to it that one is being started.
fn await_server(folder: &mut Folder, purpose: Purpose) -> Result<Postmaster, EmbeddedError> {
    let deadline = Instant::now() + START_LIMIT;
    let mark = fs::metadata(folder.log_path()).map_or(0, |log| log.len());
    let mut own: Option<Child> = None;
    let mut doomed: Vec<Pid> = Vec::new();
    let mut killed = 0;
    loop {
        let ended = own.as_mut().map(Child::try_wait).transpose().at(&folder.root)?.flatten();
        if let Some(status) = ended {
            own = None;
            match status.code() {
                Some(code) if code == i32::from(supervisor::SUPERVISED_ALREADY) => {}
                Some(code) if code != i32::from(supervisor::SERVER_KILLED) => {
                    return Err(start_error(folder, mark, &describe(status)));
                }
                _ => killed += 1,
            }
            if killed >= KILLED_STARTS_MAX {
                return Err(start_error(folder, mark, &describe(status)));
            }
        }
        // Our own supervisor may not hold its lock yet, and must not meet us there.
        if own.is_some() || folder.try_lock(SUPERVISOR_LOCK, Hold::Shared)?.is_none() {
            if let Some(server) = answering(folder, &doomed)? {
                return Ok(server);
            }
        } else {
            // What still stands without a supervisor ends, however well it answers: by itself, or by our own.
            doomed = servers(folder)?.into_iter().map(|server| server.pid).collect();
            own = Some(spawn_supervisor(folder, purpose)?);
        }
        if Instant::now() >= deadline {
            return Err(start_error(folder, mark, &format!("not ready after {} s", START_LIMIT.as_secs())));
        }
        thread::sleep(POLL);
    }
}

/// The servers of this folder, the newest first: whoever has left his mark, whether he runs or not.
fn servers(folder: &Folder) -> Result<Vec<Postmaster>, EmbeddedError> {
    Ok(folder.majors()?.into_iter().rev().filter_map(|major| Postmaster::read(&folder.cluster(major))).collect())
}

/// The server of this folder that answers now and is none of the doomed.
fn answering(folder: &Folder, doomed: &[Pid]) -> Result<Option<Postmaster>, EmbeddedError> {
    for server in servers(folder)?.into_iter().filter(|server| server.ready && !doomed.contains(&server.pid)) {
        match database::reach(&server.socket).map_err(EmbeddedError::Connect)? {
            Readiness::Here => return Ok(Some(server)),
            Readiness::NotNow => {}
            Readiness::Earlier => return Err(EmbeddedError::EarlierProgram { folder: folder.root.clone() }),
        }
    }
    Ok(None)
}

/// Starts this executable as the supervisor. What it cannot do is found out here first, where errors have a type.
fn spawn_supervisor(folder: &mut Folder, purpose: Purpose) -> Result<Child, EmbeddedError> {
    Plan::make(folder)?;
    let executable = env::current_exe().at(Path::new("the running executable"))?;
    let log = folder.log_path();
    // An inherited output would keep a pipe open as long as the server runs, and hang whoever reads it to the end.
    let output = folder.log()?;
    let errors = output.try_clone().at(&log)?;
    let mut command = identity::clean_command(Path::new("/bin/sh"));
    command.args(["-c", CLOSE_INHERITED, "sh"]).arg(&executable).arg("supervise").arg(&folder.data);
    if purpose == Purpose::Measuring {
        command.arg("--measure");
    }
    command.stdout(output).stderr(errors).spawn().at(&executable)
}

fn describe(status: ExitStatus) -> String {
    format!("its supervisor ended with {status}")
}

/// The error of a start, with what the log says since `mark`.
fn start_error(folder: &Folder, mark: u64, reason: &str) -> EmbeddedError {
    let log: PathBuf = folder.log_path();
    let mut text = Vec::new();
    let read = File::open(&log).and_then(|mut file| {
        let from = if mark <= file.metadata()?.len() { mark } else { 0 };
        file.seek(SeekFrom::Start(from))?;
        file.read_to_end(&mut text)
    });
    let tail = match read {
        Ok(_) => String::from_utf8_lossy(&text[text.len().saturating_sub(TAIL_BYTES)..]).trim_end().to_owned(),
        Err(error) => format!("(unreadable: {error})"),
    };
    EmbeddedError::Start { reason: reason.to_owned(), log, tail }
}
