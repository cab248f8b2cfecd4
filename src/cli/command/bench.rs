//! `bench`: what things cost, against a reference in the same run.

use crate::cli::failure::{Failure, Result};
use crate::cli::flags::{Bench, Common, CriticalityArgs, SeedsArg};
use crate::cli::output::Output;
#[cfg(feature = "ingest")]
use crate::cli::session::deps;
use crate::service::bench::criticality::{self, BenchOptions, Seeds};
use crate::service::bench::root;
#[cfg(feature = "ingest")]
use crate::service::bench::{append, generate, lag, readers};

/// `bench`.
pub(crate) async fn run(
    #[cfg_attr(not(feature = "ingest"), allow(unused_variables, reason = "only what appends needs a database"))]
    common: &Common,
    what: Bench,
) -> Result<Output> {
    #[cfg(feature = "ingest")]
    let deps = || deps(common);
    let report = match what {
        #[cfg(feature = "ingest")]
        Bench::Append => append::batch(&deps()?).await,
        #[cfg(feature = "ingest")]
        Bench::AppendSingle => append::single(&deps()?).await,
        #[cfg(feature = "ingest")]
        Bench::Rebuild(size) => readers::rebuild(&deps()?, size.into()).await,
        #[cfg(feature = "ingest")]
        Bench::Replay(size) => readers::replay(&deps()?, size.into()).await,
        #[cfg(feature = "ingest")]
        Bench::Lag(asked) => {
            let program = std::env::current_exe().map_err(Failure::environment)?;
            let follower = |url: &str| {
                let mut command = tokio::process::Command::new(program);
                // In its database `public` is alone, whose tenant this program may be.
                command.args(["project", "--follow", "--quiet", "--tenant", "public"]).env("DATABASE_URL", url);
                command
            };
            lag::run(&deps()?, asked.appends, asked.into(), follower).await
        }
        #[cfg(feature = "ingest")]
        Bench::Generate(size) => generate::run(&deps()?, size.into()).await,
        Bench::Root => root::run().await,
        Bench::Criticality(asked) => {
            return Output::of(&criticality::run(&asked.into()).map_err(Failure::refused)?);
        }
    };
    Ok(Output::Object(report?))
}

impl From<CriticalityArgs> for BenchOptions {
    fn from(CriticalityArgs { edges, nodes, seeds, threads, repeat }: CriticalityArgs) -> Self {
        let seeds = match seeds {
            SeedsArg::Leaves => Seeds::Leaves,
            SeedsArg::All => Seeds::All,
        };
        Self { edges, nodes, seeds, threads: threads.into(), repeat: repeat.into() }
    }
}
