//! A cluster in other hands than the program's: those of the superuser who made it.

use std::ffi::OsString;
use std::fs::{self, Permissions};
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use sqlx::postgres::PgConnectOptions;
use tempfile::TempDir;

use super::server::{Data, cluster, eventually};

/// The superuser of every cluster.
pub(crate) const SUPERUSER: &str = "atlas";

/// Whoever may run a cluster's binaries.
pub(crate) struct Hands {
    cluster: PathBuf,
    bin: PathBuf,
    words: Vec<OsString>,
}

impl Hands {
    /// On the cluster of a data folder, whose server is stopped.
    pub(crate) fn on(data: &Data) -> Self {
        let cluster = cluster(data.path());
        let version = fs::read_to_string(cluster.join("PG_VERSION")).unwrap();
        Self { bin: binaries(Some(version.trim())), words: words(&cluster), cluster }
    }

    /// On a new cluster in a data folder, as early programs made one: its superuser comes in as whoever he says.
    pub(crate) fn initialise(data: &Data) -> Self {
        let bin = binaries(None);
        let version = Command::new(bin.join("postgres")).arg("--version").output().unwrap();
        let version = String::from_utf8(version.stdout).unwrap();
        let major = version.split_once("(PostgreSQL) ").unwrap().1.split(['.', ' ', '\n']).next().unwrap().to_owned();
        let root = data.path().join("postgres");
        fs::create_dir(&root).unwrap();
        fs::set_permissions(&root, Permissions::from_mode(0o700)).unwrap();
        let hands = Self { words: words(&root), cluster: root.join(format!("cluster-{major}")), bin };
        let mut initdb = hands.command("initdb");
        initdb.args(["--auth=trust", "--no-locale", "--encoding=UTF8", "--data-checksums", "--no-sync"]);
        let made = initdb.args(["--username", SUPERUSER, "--pgdata"]).arg(&hands.cluster).output().unwrap();
        assert!(made.status.success(), "{made:?}");
        hands
    }

    /// On a standby of their running server, in a folder beside it: it follows while it serves.
    pub(crate) fn standby(&self, primary: &Served) -> Self {
        let cluster = self.cluster.with_extension("standby");
        let mut copy = self.command("pg_basebackup");
        copy.args(["--checkpoint=fast", "--write-recovery-conf", "--no-sync", "--username", SUPERUSER, "--host"]);
        let made = copy.arg(primary.socket.path()).arg("--pgdata").arg(&cluster).stderr(Stdio::piped()).output();
        let made = made.unwrap();
        assert!(made.status.success(), "{made:?}");
        Self { cluster, bin: self.bin.clone(), words: self.words.clone() }
    }

    fn command(&self, program: &str) -> Command {
        let mut words = self.words.clone();
        words.push(self.bin.join(program).into());
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).current_dir("/").env("LC_ALL", "C").env_remove("DATABASE_URL");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// What the superuser does and sees while no server runs.
    pub(crate) fn single(&self, database: &str, statements: &[&str]) -> String {
        let mut single = self.command("postgres");
        single.args(["--single", "-j", "-c", "exit_on_error=true", "-D"]).arg(&self.cluster).arg(database);
        let mut single = single.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let script: String = statements.iter().map(|sql| format!("{sql};\n\n")).collect();
        single.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
        let ended = single.wait_with_output().unwrap();
        assert!(ended.status.success(), "{statements:?}: {ended:?}");
        String::from_utf8(ended.stdout).unwrap()
    }

    /// A server for whom the cluster lets in.
    pub(crate) fn serve(&self) -> Served {
        let socket = tempfile::Builder::new().prefix("pg-atlas-hands-").tempdir_in("/tmp").unwrap();
        let mut postgres = self.command("postgres");
        postgres.arg("-D").arg(&self.cluster).arg("-k").arg(socket.path()).args(["-c", "listen_addresses="]);
        let server = postgres.spawn().unwrap();
        let mark = self.cluster.join("postmaster.pid");
        let is_up = |mark: String| mark.contains("ready") || mark.contains("standby");
        eventually("the server is ready", || fs::read_to_string(&mark).is_ok_and(is_up));
        Served { server, socket }
    }
}

/// A server of theirs, stopped when this is dropped.
pub(crate) struct Served {
    server: Child,
    socket: TempDir,
}

impl Served {
    /// How to come in.
    pub(crate) fn options(&self, user: &str, database: &str) -> PgConnectOptions {
        let options = PgConnectOptions::new_without_pgpass().socket(self.socket.path()).username(user);
        options.database(database)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = kill_process(Pid::from_child(&self.server), Signal::INT);
        let _ = self.server.wait();
    }
}

/// The folder of a server's binaries: of this version, else of the newest.
pub(crate) fn binaries(version: Option<&str>) -> PathBuf {
    if let Some(named) = std::env::var_os("PG_ATLAS_PG_BIN") {
        return named.into();
    }
    let places = [("/usr/lib/postgresql", ""), ("/usr", "pgsql-")];
    let found = places.into_iter().flat_map(|(folder, prefix)| {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        entries.filter_map(move |entry| {
            let name = entry.file_name().into_string().ok()?;
            let major = name.strip_prefix(prefix)?.parse::<u32>().ok()?;
            Some((major, entry.path().join("bin")))
        })
    });
    let found = found.filter(|(major, bin)| {
        bin.join("postgres").is_file() && version.is_none_or(|version| version == major.to_string())
    });
    found.max().expect("the server's binaries are in a usual place, or in PG_ATLAS_PG_BIN").1
}

/// What makes whoever runs the tests look like an account that may run the server of what is in this folder.
fn words(folder: &Path) -> Vec<OsString> {
    let owner = fs::metadata(folder).unwrap();
    let user = rustix::process::geteuid().as_raw();
    if user != 0 {
        return vec!["env".into()];
    }
    let id = |flag: &str| {
        let said = Command::new("id").args([flag, "postgres"]).output().unwrap();
        String::from_utf8(said.stdout).unwrap().trim().to_owned()
    };
    let words: Vec<String> = if owner.uid() == 0 {
        let (user, group) = (id("-u"), id("-g"));
        vec![
            "unshare".into(),
            "--user".into(),
            format!("--map-user={user}"),
            format!("--map-group={group}"),
            "--".into(),
        ]
    } else {
        let (user, group) = (owner.uid().to_string(), owner.gid().to_string());
        ["setpriv", "--reuid", &user, "--regid", &group, "--clear-groups", "--"].map(str::to_owned).into()
    };
    words.into_iter().map(OsString::from).collect()
}
