//! Git as a child process that sees a private folder and nothing of the machine's or a repository's configuration.
//!
//! Every reading has a folder of its own, removed at its end. In it lies the one repository git ever works in: made
//! here, configured here, without templates and hooks. A foreign repository is only a place to copy references and
//! borrow objects from ([`super::local`]), so nothing it could configure (aliases, hooks, monitors, filters, ssh and
//! upload commands, included files) is ever read as configuration.

use std::ffi::OsStr;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use super::Options;
use super::error::GitLogError;
use super::process::{Bounds, MAX_FETCHED_BYTES, ProcessEnd, run};

/// Greatest size of what a short command may answer, in bytes: 64 MiB.
pub const MAX_ANSWER_BYTES: usize = 64 * 1024 * 1024;

/// What git gets to see of the environment: where programs are, and whom to trust in the network.
const KEPT_ENVIRONMENT: [&str; 5] = ["PATH", "SSL_CERT_FILE", "SSL_CERT_DIR", "GIT_SSL_CAINFO", "GIT_SSL_CAPATH"];

/// How to get out into the network; what is on this machine is not asked through a proxy.
const PROXIES: [&str; 6] = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"];

/// The only configuration. Where git has a switch that could start a program, write more than asked or look into
/// another place, it is off.
const CONFIGURATION: &str = "\
[core]
\thooksPath = /dev/null
\tattributesFile = /dev/null
\texcludesFile = /dev/null
\tfsmonitor = false
\tcommitGraph = false
\taskPass =
\tpager = cat
[credential]
\thelper =
[protocol]
\tallow = never
\tversion = 2
[protocol \"ext\"]
\tallow = never
[transfer]
\tcredentialsInUrl = die
\tbundleURI = false
[fetch]
\trecurseSubmodules = false
\twriteCommitGraph = false
\tunpackLimit = 1
[submodule]
\trecurse = false
[http]
\tfollowRedirects = initial
\tlowSpeedLimit = 1
\tlowSpeedTime = 120
[gc]
\tauto = 0
[maintenance]
\tauto = false
[log]
\tshowSignature = false
\tmailmap = true
[i18n]
\tlogOutputEncoding = UTF-8
[color]
\tui = false
";

/// A private folder with a repository to work in, and the git that works in it.
#[derive(Debug)]
pub(super) struct Git {
    folder: tempfile::TempDir,
    protocol: &'static str,
    limit: Duration,
    deadline: Instant,
    interrupted: Arc<AtomicBool>,
}

/// What a short command answered.
#[derive(Debug)]
pub(super) struct Answer {
    ended: ProcessEnd,
    output: Vec<u8>,
}

impl Answer {
    /// The output of a command that must succeed.
    pub(super) fn output(self, step: &'static str) -> Result<Vec<u8>, GitLogError> {
        if self.ended.ok { Ok(self.output) } else { Err(self.ended.error(step)) }
    }

    /// Whether the command said yes, where "no" is an answer.
    pub(super) fn is_yes(&self) -> bool {
        self.ended.ok
    }

    /// The first line of a command for which "no" is an answer.
    pub(super) fn line(self) -> Option<String> {
        let text = String::from_utf8(self.output).ok().filter(|_| self.ended.ok)?;
        text.lines().next().map(str::to_owned).filter(|line| !line.is_empty())
    }
}

impl Git {
    /// A new private folder below the options' scratch folder. Git may speak `protocol` alone; an empty one allows
    /// none. All that is run here must end within the options' time from now, and once they say it is interrupted.
    pub(super) fn new(options: &Options, protocol: &'static str) -> Result<Self, GitLogError> {
        let (limit, interrupted) = (options.timeout, Arc::clone(&options.interrupted));
        let scratch = options.scratch.clone().unwrap_or_else(std::env::temp_dir);
        let mut builder = tempfile::Builder::new();
        builder.prefix("pg-atlas-git-").permissions(private());
        // Resolved, because git compares its place with the ceiling below letter by letter.
        let scratch = fs::canonicalize(&scratch).map_err(GitLogError::io(scratch.display().to_string()))?;
        let folder = builder.tempdir_in(&scratch).map_err(GitLogError::io(scratch.display().to_string()))?;
        let git = Self { folder, protocol, limit, deadline: Instant::now() + limit, interrupted };
        let home = git.home();
        let write = || {
            fs::create_dir(&home)?;
            fs::write(home.join(".gitconfig"), CONFIGURATION)
        };
        write().map_err(GitLogError::io("the private folder for git"))?;
        Ok(git)
    }

    fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// A path in the private folder for a file of the caller's.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The repository git works in.
    pub(super) fn repository(&self) -> PathBuf {
        self.folder.path().join("repository.git")
    }

    /// Makes the repository, with the hash (`sha1`, `sha256`) and reference store (`files`, `reftable`) that the
    /// history needs.
    pub(super) fn init(&self, hash: &str, references: &str) -> Result<(), GitLogError> {
        let (hash, references) = (format!("--object-format={hash}"), format!("--ref-format={references}"));
        let mut arguments: Vec<&OsStr> = vec!["init".as_ref(), "--quiet".as_ref(), "--bare".as_ref()];
        arguments.push("--template=".as_ref());
        // Versions of git that lack a switch have the default alone.
        if hash != "--object-format=sha1" {
            arguments.push(hash.as_ref());
        }
        if references != "--ref-format=files" {
            arguments.push(references.as_ref());
        }
        let repository = self.repository();
        arguments.extend(["--".as_ref(), repository.as_os_str()]);
        let step = "preparing a private repository";
        self.run(self.command(), &arguments, step)?.output(step).map(|_| ())
    }

    /// Runs a short command in the repository.
    pub(super) fn ask<A: AsRef<OsStr>>(&self, step: &'static str, arguments: &[A]) -> Result<Answer, GitLogError> {
        self.run(self.in_repository(), arguments, step)
    }

    /// Runs a short command outside of any repository.
    pub(super) fn ask_outside<A: AsRef<OsStr>>(&self, step: &'static str, args: &[A]) -> Result<Answer, GitLogError> {
        self.run(self.command(), args, step)
    }

    /// Runs a command in the repository and hands on its output as it comes.
    pub(super) fn stream<A: AsRef<OsStr>>(
        &self,
        step: &'static str,
        arguments: &[A],
        sink: &mut dyn FnMut(&[u8]) -> Result<(), GitLogError>,
    ) -> Result<(), GitLogError> {
        let ended = run(self.in_repository().args(arguments), step, &self.bounds(), sink)?;
        if ended.ok { Ok(()) } else { Err(ended.error(step)) }
    }

    fn run<A: AsRef<OsStr>>(
        &self,
        mut command: Command,
        arguments: &[A],
        step: &'static str,
    ) -> Result<Answer, GitLogError> {
        let mut output = Vec::new();
        let ended = run(command.args(arguments), step, &self.bounds(), &mut |bytes| {
            if output.len() + bytes.len() > MAX_ANSWER_BYTES {
                return Err(GitLogError::TooLarge {
                    what: "git's answer",
                    limit: MAX_ANSWER_BYTES as u64,
                    unit: "bytes",
                });
            }
            output.extend_from_slice(bytes);
            Ok(())
        })?;
        Ok(Answer { ended, output })
    }

    fn bounds(&self) -> Bounds<'_> {
        let (folder, max_bytes, interrupted) = (self.folder.path(), MAX_FETCHED_BYTES, &*self.interrupted);
        Bounds { deadline: self.deadline, limit: self.limit, folder, max_bytes, interrupted }
    }

    fn in_repository(&self) -> Command {
        let mut command = self.command();
        command.env("GIT_DIR", self.repository());
        command
    }

    fn command(&self) -> Command {
        let home = self.home();
        let mut command = Command::new("git");
        command.current_dir(self.folder.path()).env_clear();
        let proxies = if self.protocol == "https" { &PROXIES[..] } else { &[] };
        for name in KEPT_ENVIRONMENT.iter().chain(proxies) {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command
            .env("HOME", &home)
            .env("GIT_CEILING_DIRECTORIES", self.folder.path())
            .env("XDG_CONFIG_HOME", &home)
            .env("GIT_CONFIG_GLOBAL", home.join(".gitconfig"))
            .env("GIT_CONFIG_SYSTEM", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_ATTR_NOSYSTEM", "1")
            .env("GIT_ALLOW_PROTOCOL", self.protocol)
            .env("GIT_PROTOCOL_FROM_USER", "0")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_ADVICE", "0")
            // What is missing is asked for by name ([`super::tip`]), never by whatever command stumbles over it: from
            // a server whose history has a hole that would ask again without end.
            .env("GIT_NO_LAZY_FETCH", "1")
            .env("GIT_NO_REPLACE_OBJECTS", "1")
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("GIT_PAGER", "cat")
            .env("LC_ALL", "C")
            .env("TZ", "UTC0");
        command
    }
}

fn private() -> fs::Permissions {
    use std::os::unix::fs::PermissionsExt;
    fs::Permissions::from_mode(0o700)
}
