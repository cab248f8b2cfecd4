//! Which roles of the database a command needs, as docs/OPERATIONS.md lists them: said where a right is missing.

#[cfg(feature = "ingest")]
use crate::cli::flags::{Audit, TenantCommand};
use crate::cli::flags::{Command, FormulaCommand, TriageCommand};

/// What reads the live builds.
const READER: &str = "the role atlas_reader";
/// What reads the log.
const AUDITOR: &str = "the role atlas_auditor";
/// What reads both.
const BOTH: &str = "the roles atlas_auditor and atlas_reader";
/// What makes builds.
const PROJECTOR: &str = "the role atlas_projector";
/// What signs checkpoints.
#[cfg(feature = "ingest")]
const SEQUENCER: &str = "the role atlas_sequencer";
/// What projects and gives positions.
#[cfg(feature = "serve")]
const FOLLOWER: &str = "the roles atlas_sequencer and atlas_projector";
/// What appends.
#[cfg(feature = "ingest")]
const WRITER: &str = "the roles atlas_appender and atlas_sequencer";
/// What appends by what it reads of the live builds.
#[cfg(feature = "ingest")]
const CURATOR: &str = "the roles atlas_appender, atlas_sequencer and atlas_reader";
/// What projects and appends.
const PUBLISHER: &str = "the roles atlas_appender, atlas_sequencer and atlas_projector";
/// What no role may.
#[cfg(feature = "ingest")]
const OWNER: &str = "the owner of the database";

/// The rights that a command needs at most.
pub(crate) fn needed(command: &Command) -> &'static str {
    match command {
        Command::Status | Command::History { .. } | Command::Conflicts | Command::Triage(TriageCommand::List) => READER,
        Command::Scores(asked) if asked.at.as_of.is_none() && asked.at.formula.is_none() => READER,
        Command::Edges { why: None, as_of: None, .. } => READER,
        Command::Formula(FormulaCommand::List | FormulaCommand::Show { .. } | FormulaCommand::Check { .. }) => AUDITOR,
        Command::Events { .. } | Command::Replay { verify: false, .. } => AUDITOR,
        #[cfg(feature = "ingest")]
        Command::Ingest(_) | Command::Add(_) | Command::Quarantine { .. } => WRITER,
        #[cfg(feature = "ingest")]
        Command::Curate(_) | Command::Triage(TriageCommand::Resolve { .. }) => CURATOR,
        Command::Project { .. } | Command::Rebuild { promote: false, .. } => PROJECTOR,
        Command::Rebuild { .. } | Command::Rollback { .. } => PUBLISHER,
        #[cfg(feature = "ingest")]
        Command::Publish { .. } | Command::Demo(_) | Command::Formula(FormulaCommand::Adopt { .. }) => PUBLISHER,
        #[cfg(feature = "ingest")]
        Command::Audit(Audit::Checkpoint { .. }) => SEQUENCER,
        #[cfg(feature = "ingest")]
        Command::Migrate { .. } | Command::Erase(_) | Command::Backup(_) | Command::Audit(Audit::Import { .. }) => {
            OWNER
        }
        #[cfg(feature = "ingest")]
        Command::Tenant(TenantCommand::Create { .. }) | Command::Key(_) => OWNER,
        #[cfg(feature = "serve")]
        Command::Serve(how) if !how.read_only => FOLLOWER,
        _ => BOTH,
    }
}
