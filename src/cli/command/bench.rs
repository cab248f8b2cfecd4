//! `bench`: what things cost, against a reference in the same run.

use crate::cli::failure::{Failure, Result};
use crate::cli::flags::{Bench, Common, CriticalityArgs, SeedsArg};
use crate::cli::output::Output;
#[cfg(feature = "ingest")]
use crate::cli::session::{deps, settings, watch};
use crate::service::bench::criticality::{self, BenchOptions, Seeds};
use crate::service::bench::root;
#[cfg(feature = "serve")]
use crate::service::bench::serve;
#[cfg(feature = "ingest")]
use crate::service::bench::{append, generate, lag, page, private, readers};

/// `bench`.
pub(crate) async fn run(
    #[cfg_attr(not(feature = "ingest"), allow(unused_variables, reason = "only what appends needs a database"))]
    common: &Common,
    what: Bench,
) -> Result<Output> {
    #[cfg(feature = "ingest")]
    let (settings, watch) = (settings(common), watch(common));
    let report = match what {
        #[cfg(feature = "ingest")]
        Bench::Append => private::on(&settings, watch, append::batch).await,
        #[cfg(feature = "ingest")]
        Bench::AppendSingle => private::on(&settings, watch, append::single).await,
        #[cfg(feature = "ingest")]
        Bench::Rebuild(size) => {
            private::on(&settings, watch, async |deps| readers::rebuild(deps, size.into()).await).await
        }
        #[cfg(feature = "ingest")]
        Bench::Replay(size) => {
            private::on(&settings, watch, async |deps| readers::replay(deps, size.into()).await).await
        }
        #[cfg(feature = "ingest")]
        Bench::Lag(asked) => {
            let program = std::env::current_exe().map_err(Failure::environment)?;
            let follower = |url: &str| {
                let mut command = tokio::process::Command::new(program);
                // In its database `public` is alone, whose tenant this program may be.
                command.args(["project", "--follow", "--quiet", "--tenant", "public"]).env("DATABASE_URL", url);
                command
            };
            private::on(&settings, watch, async |deps| lag::run(deps, asked.appends, asked.log.into(), follower).await)
                .await
        }
        #[cfg(feature = "ingest")]
        Bench::Page(size) => private::on(&settings, watch, async |deps| page::run(deps, size.into()).await).await,
        #[cfg(feature = "serve")]
        Bench::Serve(asked) => {
            let program = std::env::current_exe().map_err(Failure::environment)?;
            let program = |url: &str, what: &[&str]| {
                let mut command = tokio::process::Command::new(&program);
                // In its database `public` is alone, whose tenant this program may be.
                command
                    .args(what)
                    .args(["--quiet", "--tenant", "public", "--format", "ndjson"])
                    .env("DATABASE_URL", url);
                command
            };
            private::on(&settings, watch, async |deps| serve::run(deps, &asked.into(), program).await).await
        }
        #[cfg(feature = "ingest")]
        Bench::Generate(size) => generate::run(&deps(common)?, size.into()).await,
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
