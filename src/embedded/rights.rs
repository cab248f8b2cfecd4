//! Who may come into the server, and as whom: the program alone, as a role that owns the database and is above no
//! policy. The superuser who made the cluster keeps what belongs to the server, and is let in by nobody.
//!
//! What takes a superuser is done before the server runs, by `postgres --single`: no socket, no password. A folder in
//! which the superuser himself did the program's work is handed over once. Every step may be done again, and
//! `pg_hba.conf`, which is replaced in one piece, comes last: it says that all of it is done.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, fchown};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::thread;

use super::database::{DATABASE, PROGRAM};
use super::error::{AtPath as _, EmbeddedError};
use super::folder::{Folder, PRIVATE_FILE};
use super::identity::RunAs;
use crate::owner;

/// The database that every cluster has.
const MAINTENANCE_DATABASE: &str = "postgres";
/// Who is let in. There is no other way than by the socket, whose folder is private.
const ACCESS_FILE: &str = "pg_hba.conf";
/// A statement that ends without an empty line behind it runs together with the next one.
const END: &str = ";\n\n";

/// What a private server is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Somebody's atlas.
    Atlas,
    /// Measuring, in databases that the program makes and drops.
    #[cfg_attr(not(feature = "ingest"), allow(dead_code, reason = "who only reads measures nothing"))]
    Measuring,
}

/// The content of the file that says who is let in.
fn access() -> String {
    format!(
        "# Written by pg-atlas when the database belonged to {PROGRAM}; what is changed here is lost.\n\
         local all {PROGRAM} trust\nlocal all all reject\n"
    )
}

/// The superuser of a cluster that no server runs on.
pub(super) struct Superuser<'a> {
    /// Who runs the server.
    pub(super) run_as: &'a RunAs,
    /// The server's binary.
    pub(super) postgres: PathBuf,
    /// The cluster.
    pub(super) cluster: &'a Path,
}

impl Superuser<'_> {
    /// Makes roles and database in a new cluster, which nobody has used yet and which is not flushed.
    pub(super) fn furnish(&self, folder: &Folder, purpose: Purpose) -> Result<(), EmbeddedError> {
        let mut statements = vec![owner::PRIVATE.to_owned(), format!("CREATE DATABASE {DATABASE} OWNER {PROGRAM}")];
        if purpose == Purpose::Measuring {
            statements.push(format!("ALTER ROLE {PROGRAM} CREATEDB"));
        }
        self.run(MAINTENANCE_DATABASE, &["fsync=off"], &statements)?;
        self.let_the_program_in(folder)
    }

    /// Hands a cluster over whose superuser did the program's work, unless that has been done.
    pub(super) fn hand_over(&self, folder: &Folder) -> Result<(), EmbeddedError> {
        if fs::read(self.cluster.join(ACCESS_FILE)).is_ok_and(|found| found == access().as_bytes()) {
            return Ok(());
        }
        let asked = [owner::PRIVATE.to_owned(), owner::HAS_DATABASE.to_owned()];
        let said = self.run(MAINTENANCE_DATABASE, &[], &asked)?;
        if String::from_utf8_lossy(&said).contains(&format!("datname = \"{DATABASE}\"")) {
            let statements = [
                format!("ALTER DATABASE {DATABASE} OWNER TO {PROGRAM}"),
                format!("SET pg_atlas.owner = '{PROGRAM}'"),
                "SET pg_atlas.owner_of = 'everything'".to_owned(),
                owner::GIVE.to_owned(),
            ];
            self.run(DATABASE, &[], &statements)?;
        } else {
            self.run(MAINTENANCE_DATABASE, &[], &[format!("CREATE DATABASE {DATABASE} OWNER {PROGRAM}")])?;
        }
        self.let_the_program_in(folder)
    }

    /// Runs statements in a database, with these settings; the first that fails is the last. Answers what it said.
    fn run(&self, database: &str, settings: &[&str], statements: &[String]) -> Result<Vec<u8>, EmbeddedError> {
        let mut command = self.run_as.command(&self.postgres, "KILL");
        command.args(["--single", "-j", "-D"]).arg(self.cluster).args(["-c", "exit_on_error=true"]);
        for setting in settings {
            command.args(["-c", setting]);
        }
        command.arg(database).stdin(Stdio::piped()).stdout(Stdio::piped());
        let script: String =
            statements.iter().map(|sql| sql.trim_end().trim_end_matches(';').to_owned() + END).collect();
        let mut child = command.spawn().at(self.cluster)?;
        let mut input = child.stdin.take();
        let ended = thread::scope(|scope| {
            // One that fails reads no more: how it ended says what went wrong.
            scope.spawn(move || input.as_mut().map(|input| input.write_all(script.as_bytes())));
            child.wait_with_output()
        });
        let ended = ended.at(self.cluster)?;
        if !ended.status.success() {
            return Err(io::Error::other(format!("postgres in single-user mode: {}", ended.status))).at(self.cluster);
        }
        Ok(ended.stdout)
    }

    /// Replaces the file that says who is let in.
    fn let_the_program_in(&self, folder: &Folder) -> Result<(), EmbeddedError> {
        let (path, draft) = (self.cluster.join(ACCESS_FILE), self.cluster.join("pg_hba.conf.pg-atlas"));
        let _ = fs::remove_file(&draft); // left by one that was killed
        let mut file = OpenOptions::new().write(true).create_new(true).mode(PRIVATE_FILE).open(&draft).at(&draft)?;
        file.write_all(access().as_bytes()).at(&draft)?;
        if rustix::process::geteuid().is_root() {
            fchown(&file, Some(folder.owner), Some(folder.group)).at(&draft)?;
        }
        file.sync_all().at(&draft)?;
        fs::rename(&draft, &path).at(&path)?;
        File::open(self.cluster).and_then(|cluster| cluster.sync_all()).at(self.cluster)
    }
}
