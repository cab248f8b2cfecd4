//! What can go wrong with the embedded server. Every variant is a matter of the machine's set-up: exit code 2.

use std::io;
use std::path::{Path, PathBuf};

/// Why the embedded PostgreSQL is not available. The texts are complete sentences for the person at the terminal.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EmbeddedError {
    /// No PostgreSQL server is installed, or not where we look.
    #[error(
        "no PostgreSQL server binaries of version {oldest} or newer found (looked in {looked}). Install them with `scripts/setup` of this project, \
         or on Debian and Ubuntu as root with: apt-get install -y postgresql-common && sed -i \
         's/^#\\? *create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf && \
         apt-get install -y postgresql. Or name their folder in PG_ATLAS_PG_BIN, or a server in DATABASE_URL"
    )]
    NoServer {
        /// The places that were searched, for a person to read.
        looked: String,
        /// The oldest major version that we start.
        oldest: u32,
    },

    /// The data was written by a major version whose binaries are not here.
    #[error(
        "{} holds data of PostgreSQL {cluster}, but this machine has PostgreSQL {found}: install postgresql-{cluster}, \
         name its binaries in PG_ATLAS_PG_BIN, or use another data folder",
        folder.display()
    )]
    OtherVersion {
        /// The folder of the server.
        folder: PathBuf,
        /// Major version of the data.
        cluster: u32,
        /// Major versions that are installed, with their folders.
        found: String,
    },

    /// The data folder belongs to somebody else and we are not root.
    #[error("{} belongs to user {owner} and this is user {user}: run as its owner or use another data folder", path.display())]
    ForeignOwner {
        /// The folder.
        path: PathBuf,
        /// Its owner's user id.
        owner: u32,
        /// Our effective user id.
        user: u32,
    },

    /// There is no user id under which PostgreSQL would agree to run.
    #[error("PostgreSQL cannot run as user id {user}: {reason}")]
    NoIdentity {
        /// Our effective user id.
        user: u32,
        /// What was tried, and what would help.
        reason: &'static str,
    },

    /// Root may not use user namespaces, and the system user that would run the server cannot get to the folder.
    #[error(
        "user namespaces are forbidden here, so the server would run as user {user}, who cannot reach {}: use a \
         data folder whose parent folders are searchable, such as /var/lib/pg-atlas",
        path.display()
    )]
    Unreachable {
        /// The system user.
        user: String,
        /// The folder.
        path: PathBuf,
    },

    /// Another process kept the folder for longer than any start or stop should take.
    #[error("waited {seconds} s for {}: another pg-atlas is starting or stopping the server of this folder", path.display())]
    Busy {
        /// The lock file.
        path: PathBuf,
        /// How long we waited.
        seconds: u64,
    },

    /// The server did not come up.
    #[error("the embedded PostgreSQL did not start: {reason}; the end of {} says:\n{tail}", log.display())]
    Start {
        /// How it ended.
        reason: String,
        /// The log file.
        log: PathBuf,
        /// The last lines that this start wrote there.
        tail: String,
    },

    /// The server that runs was started by a program of before, and is not handed over while it runs.
    #[error(
        "{} is in use by an earlier version of pg-atlas: let its commands end, then this one takes the database over",
        folder.display()
    )]
    EarlierProgram {
        /// The folder of the server.
        folder: PathBuf,
    },

    /// The server runs but refuses us.
    #[error("the embedded PostgreSQL refused the connection")]
    Connect(#[source] sqlx::Error),

    /// Neither a home folder nor an explicit one.
    #[error("no home folder to keep data in: name one in PG_ATLAS_DATA_DIR")]
    NoHome,

    /// The data folder cannot be made or entered.
    #[error("cannot use {} as the data folder; name another", path.display())]
    DataFolder {
        /// The folder.
        path: PathBuf,
        /// The refusal.
        source: io::Error,
    },

    /// The operating system refused something.
    #[error("{}", path.display())]
    Io {
        /// What it was about.
        path: PathBuf,
        /// The refusal.
        source: io::Error,
    },
}

impl EmbeddedError {
    /// Whether another data folder would help.
    pub(crate) fn wants_other_folder(&self) -> bool {
        match self {
            Self::OtherVersion { .. }
            | Self::ForeignOwner { .. }
            | Self::Unreachable { .. }
            | Self::NoHome
            | Self::DataFolder { .. } => true,
            Self::NoServer { .. }
            | Self::NoIdentity { .. }
            | Self::Busy { .. }
            | Self::Start { .. }
            | Self::EarlierProgram { .. }
            | Self::Connect(_)
            | Self::Io { .. } => false,
        }
    }
}

/// Attaches the path to an [`io::Error`], which never names it by itself.
pub(super) trait AtPath<T> {
    /// The same result, its error naming `path`.
    fn at(self, path: &Path) -> Result<T, EmbeddedError>;
}

impl<T, E: Into<io::Error>> AtPath<T> for Result<T, E> {
    fn at(self, path: &Path) -> Result<T, EmbeddedError> {
        self.map_err(|source| EmbeddedError::Io { path: path.to_path_buf(), source: source.into() })
    }
}
