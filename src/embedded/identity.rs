//! Under which user the server runs.
//!
//! PostgreSQL refuses to run as root and as a user id without an account. A user namespace solves both: inside it the
//! process looks like the system user `postgres` (any user with an account would do), outside it stays who it is, so
//! the files keep their owner. Where namespaces are forbidden, root hands the folder to `postgres` and runs the server
//! as that user. When root works in somebody's folder, the server runs as that owner.

use std::ffi::{OsStr, OsString};
use std::os::unix::fs::{MetadataExt, lchown};
use std::path::Path;
use std::process::{Command, Stdio};
use std::{env, fs};

use super::error::{AtPath, EmbeddedError};
use super::folder::Folder;

/// What a child needs of our environment. The rest stays out: PG* settings would reach the server, and the supervisor
/// outlives the command whose secrets it would inherit.
const KEPT_VARIABLES: [&str; 4] = ["PATH", "LD_LIBRARY_PATH", "XDG_RUNTIME_DIR", "PG_ATLAS_PG_BIN"];
/// Accounts that may stand for us inside a namespace, best first.
const STAND_INS: [&str; 2] = ["postgres", "nobody"];
/// The account that runs the server of root where namespaces are forbidden.
const SERVER_ACCOUNT: &str = "postgres";

/// The words that stand before the server's command line.
#[derive(Debug)]
pub(super) struct RunAs {
    words: Vec<OsString>,
}

/// An entry of the account database.
#[derive(Debug)]
pub(super) struct Account {
    /// Its name.
    pub(super) name: String,
    uid: u32,
    gid: u32,
    /// Its home folder.
    pub(super) home: String,
}

impl RunAs {
    /// Chooses for the owner of `folder`; the folder may have a new owner afterwards (see [`hand_over`]).
    pub(super) fn choose(folder: &mut Folder) -> Result<Self, EmbeddedError> {
        let user = rustix::process::geteuid().as_raw();
        if user == 0 && folder.owner == 0 {
            if let Some(words) = namespace(&[]) {
                return Ok(Self { words });
            }
            hand_over(folder)?;
        }
        let switch = if user == folder.owner { Vec::new() } else { switch_to(folder.owner, folder.group) };
        if account(&folder.owner.to_string()).is_some() {
            return Ok(Self { words: switch });
        }
        let reason = "it has no account, and user namespaces, which would lend it one, are forbidden here";
        namespace(&switch).map(|words| Self { words }).ok_or(EmbeddedError::NoIdentity { user: folder.owner, reason })
    }

    /// A command that runs `program` as that user, killed with `signal` (`INT`, `KILL`) when we die.
    ///
    /// The signal is tied to the calling thread, and is set last because a change of user clears it.
    pub(super) fn command(&self, program: &Path, signal: &str) -> Command {
        let mut words = self.words.clone();
        let leash = ["setpriv", "--pdeathsig", signal, "--"].map(OsString::from);
        if succeeds(&leash) {
            words.extend(leash);
        }
        words.push(program.into());
        command(&words)
    }
}

/// Whether root can run a server without giving files away.
pub(super) fn namespaces_work() -> bool {
    namespace(&[]).is_some()
}

/// Whether the account that runs root's server could search `path` or, as long as it is missing, its nearest parent.
pub(super) fn server_account_reaches(path: &Path) -> bool {
    let existing = path.ancestors().find(|folder| folder.exists());
    existing.zip(account(SERVER_ACCOUNT)).is_some_and(|(folder, server)| searches(&server, folder))
}

/// Looks up an account by name or decimal user id, wherever the system keeps accounts.
pub(super) fn account(key: &str) -> Option<Account> {
    let answer = clean_command(Path::new("getent")).args(["passwd", key]).output();
    let lines = match answer {
        Ok(output) => String::from_utf8_lossy(&output.stdout).into_owned(),
        Err(_) => fs::read_to_string("/etc/passwd").unwrap_or_default(),
    };
    let parse = |line: &str| {
        let mut fields = line.split(':');
        let name = fields.next()?.to_owned();
        let uid = fields.nth(1)?.parse().ok()?;
        let gid = fields.next()?.parse().ok()?;
        let home = fields.nth(1)?.to_owned();
        Some(Account { name, uid, gid, home })
    };
    lines.lines().filter_map(parse).find(|found| found.name == key || found.uid.to_string() == key)
}

/// A command with the little environment that a child of ours needs, started where every user may be.
pub(super) fn clean_command(program: &Path) -> Command {
    let mut command = Command::new(program);
    let kept = KEPT_VARIABLES.into_iter().filter_map(|name| Some((name, env::var_os(name)?)));
    command.env_clear().envs(kept).env("LC_ALL", "C").current_dir("/").stdin(Stdio::null());
    command
}

/// `words` extended so that the command after them runs in a user namespace, if that works here.
fn namespace(words: &[OsString]) -> Option<Vec<OsString>> {
    let stand_in = STAND_INS.into_iter().find_map(account)?;
    let (user, group) = (format!("--map-user={}", stand_in.uid), format!("--map-group={}", stand_in.gid));
    let mut words = words.to_vec();
    words.extend(["unshare", "--user", &user, &group, "--"].map(OsString::from));
    succeeds(&words).then_some(words)
}

/// The words by which root becomes another user for good.
fn switch_to(user: u32, group: u32) -> Vec<OsString> {
    let (user, group) = (user.to_string(), group.to_string());
    ["setpriv", "--reuid", &user, "--regid", &group, "--clear-groups", "--"].map(OsString::from).into()
}

/// Gives root's folder to the account that will run the server. The data folder above goes with it only if it holds
/// nothing else: it is private, and the server must pass through.
fn hand_over(folder: &mut Folder) -> Result<(), EmbeddedError> {
    let reason = "user namespaces are forbidden here, and there is no account `postgres` to run the server instead; \
                  run pg-atlas as a normal user";
    let server = account(SERVER_ACCOUNT).ok_or(EmbeddedError::NoIdentity { user: 0, reason })?;
    if !succeeds(&switch_to(server.uid, server.gid)) {
        let reason = "user namespaces are forbidden here, and root may not become user `postgres` either; \
                      run pg-atlas as a normal user";
        return Err(EmbeddedError::NoIdentity { user: 0, reason });
    }
    if !searches(&server, &folder.data) {
        let mut entries = fs::read_dir(&folder.data).at(&folder.data)?.flatten();
        let ours_alone = entries.all(|entry| entry.path() == folder.root);
        if !ours_alone || folder.data.parent().is_none_or(|parent| !searches(&server, parent)) {
            return Err(EmbeddedError::Unreachable { user: server.name, path: folder.data.clone() });
        }
        lchown(&folder.data, Some(server.uid), Some(server.gid)).at(&folder.data)?;
    }
    give(&folder.root, &server)?;
    (folder.owner, folder.group) = (server.uid, server.gid);
    Ok(())
}

/// Changes the owner of a tree from its leaves up, so that an interrupted change is begun again.
fn give(path: &Path, to: &Account) -> Result<(), EmbeddedError> {
    let metadata = fs::symlink_metadata(path).at(path)?;
    if metadata.is_dir() {
        for entry in fs::read_dir(path).at(path)? {
            give(&entry.at(path)?.path(), to)?;
        }
    }
    if metadata.uid() != to.uid { lchown(path, Some(to.uid), Some(to.gid)).at(path) } else { Ok(()) }
}

/// Whether a user can pass through a folder.
fn searches(user: &Account, folder: &Path) -> bool {
    let mut words = switch_to(user.uid, user.gid);
    words.extend([OsStr::new("test"), OsStr::new("-x"), folder.as_os_str()].map(OsString::from));
    command(&words).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// Whether these words can run a command at all.
fn succeeds(words: &[OsString]) -> bool {
    let mut words = words.to_vec();
    words.push("true".into());
    let mut trial = command(&words);
    trial.stdout(Stdio::null()).stderr(Stdio::null());
    trial.status().is_ok_and(|status| status.success())
}

/// The command that consists of `words`.
fn command(words: &[OsString]) -> Command {
    let (program, arguments) = words.split_first().map_or((OsStr::new("true"), &[][..]), |(p, a)| (p, a));
    let mut command = clean_command(Path::new(program));
    command.args(arguments);
    command
}
