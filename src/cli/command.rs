//! One module a command: parse what is asked, call one use case, render the answer.

#[cfg(feature = "ingest")]
mod add;
#[cfg(feature = "serve")]
mod alerts;
#[cfg(feature = "ingest")]
mod artifact;
mod audit;
#[cfg(feature = "ingest")]
mod backup;
mod bench;
#[cfg(feature = "ingest")]
mod curate;
#[cfg(feature = "ingest")]
mod demo;
#[cfg(feature = "ingest")]
mod doctor;
mod edges;
#[cfg(feature = "ingest")]
mod erase;
mod events;
mod export;
mod formula;
mod history;
#[cfg(feature = "ingest")]
mod ingest;
#[cfg(feature = "ingest")]
mod init;
#[cfg(feature = "ingest")]
mod key;
#[cfg(feature = "ingest")]
mod manual;
mod project;
#[cfg(feature = "ingest")]
mod publish;
#[cfg(feature = "ingest")]
mod quarantine;
mod rebuild;
mod replay;
mod scores;
#[cfg(feature = "serve")]
mod serve;
mod status;
#[cfg(feature = "ingest")]
mod tenant;
mod triage;
mod why;

use crate::cli::failure::Result;
use crate::cli::flags::{Command, Common, TriageCommand};
use crate::cli::output::Output;
use crate::cli::session;
use crate::service::ask::events::EventsQuery;
use crate::service::ask::point::PointQuery;
use crate::service::ask::why::WhyQuery;

/// Runs a command. Answers its result and the exit code that goes with it.
pub(crate) async fn run(common: &Common, command: Command) -> Result<(Output, u8)> {
    let deps = || session::deps(common);
    let done = |output: Output| (output, 0);
    match command {
        #[cfg(feature = "ingest")]
        Command::Demo(how) => demo::run(common, how).await.map(done),
        #[cfg(feature = "ingest")]
        Command::Init { dir } => init::run(&dir).map(done),
        #[cfg(feature = "ingest")]
        Command::Add(asked) => add::run(common, asked).await.map(done),
        #[cfg(feature = "ingest")]
        Command::Ingest(what) => ingest::run(common, what).await,
        Command::Project { follow } => project::run(common, follow).await.map(done),
        #[cfg(feature = "serve")]
        Command::Serve(how) => serve::run(common, &how).await.map(done),
        #[cfg(feature = "ingest")]
        Command::Key(what) => key::run(deps, what).await.map(done),
        Command::Status => status::run(&deps()?).await.map(done),
        Command::Scores(asked) => scores::run(common, asked).await.map(done),
        Command::Why { id, metric, from, as_of } => {
            let asked = WhyQuery { id, metric, from, at: PointQuery { as_of, formula: None } };
            why::run(common, &asked).await.map(done)
        }
        Command::Edges { of, level, why, as_of } => {
            edges::run(&deps()?, of, level, why.as_deref(), as_of).await.map(done)
        }
        Command::Events { from, to, stream, limit } => {
            events::run(common, &EventsQuery { from, to, stream, limit }).await.map(done)
        }
        Command::Replay { at, verify, label } => replay::run(&deps()?, at, verify, label).await,
        #[cfg(feature = "ingest")]
        Command::Publish { label, actor } => publish::run(&deps()?, &label, actor.as_deref()).await.map(done),
        Command::Rebuild { cancel: true, .. } => rebuild::cancel(&deps()?).await.map(done),
        Command::Rebuild { projection, formula, promote, actor, .. } => {
            rebuild::run(common, &deps()?, projection, formula, promote, actor).await
        }
        Command::Rollback { projection, actor } => {
            rebuild::rollback(&deps()?, projection, actor.as_deref()).await.map(done)
        }
        Command::History { id, metric } => history::run(&deps()?, &id, metric.as_deref()).await.map(done),
        Command::Export(what) => export::run(common, what).await.map(done),
        Command::Formula(what) => formula::run(common, what).await.map(done),
        Command::Triage(TriageCommand::List) => triage::list(&deps()?).await.map(done),
        #[cfg(feature = "ingest")]
        Command::Triage(TriageCommand::Resolve { id, resolution, by }) => {
            curate::resolve(&deps()?, &id, resolution, by).await.map(done)
        }
        Command::Conflicts => triage::conflicts(&deps()?).await.map(done),
        #[cfg(feature = "ingest")]
        Command::Curate(what) => curate::run(&deps()?, what).await.map(done),
        #[cfg(feature = "ingest")]
        Command::Quarantine { position, reason, lift, actor } => {
            quarantine::run(&deps()?, position, &reason, lift, actor.as_deref()).await.map(done)
        }
        #[cfg(feature = "ingest")]
        Command::Erase(what) => erase::run(&deps()?, what).await.map(done),
        #[cfg(feature = "ingest")]
        Command::Artifact(what) => artifact::run(common, what).await,
        Command::Audit(what) => audit::run(common, what).await,
        #[cfg(feature = "ingest")]
        Command::Backup(what) => backup::run(common, what).await,
        #[cfg(feature = "ingest")]
        Command::Doctor => doctor::run(common).await,
        #[cfg(feature = "serve")]
        Command::Alerts(what) => alerts::run(common, what).await,
        #[cfg(feature = "ingest")]
        Command::Migrate { roles } => project::migrate(&deps()?, roles).await.map(done),
        #[cfg(feature = "ingest")]
        Command::Tenant(what) => tenant::run(&deps()?, what).await.map(done),
        #[cfg(feature = "ingest")]
        Command::Completions { shell } => manual::completions(shell).map(done),
        #[cfg(feature = "ingest")]
        Command::Man { dir } => manual::man(&dir).map(done),
        Command::Bench(what) => bench::run(common, what).await.map(done),
        // Answered before a runtime exists.
        Command::Supervise { .. } | Command::EmbeddedPing(_) => Ok(done(Output::None)),
    }
}
