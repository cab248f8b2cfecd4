//! `pg-atlas`: parse, wire, call one function, exit code.

mod cli;
mod commands;
mod connection;
mod database_url;
mod draft;
mod embedded;
mod failure;
mod interrupt;
#[cfg(feature = "ingest")]
mod new_key;
mod output;
mod session;

use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;

use clap::Parser as _;

use crate::cli::{Cli, Command};
use crate::failure::{ENVIRONMENT, Failure};
use crate::output::Format;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let code = if error.use_stderr() { ENVIRONMENT } else { 0 };
            let _ = error.print();
            return ExitCode::from(code);
        }
    };
    match cli.command {
        // Before anything else runs: the supervisor's server must die with this very thread.
        Command::Supervise { dir } => return embedded::supervise(&dir),
        Command::EmbeddedPing(args) => {
            return match embedded::ping(&args) {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => report(&Failure::environment(error)),
            };
        }
        _ => {}
    }
    start_logging(&cli.common);
    let format = Format::or_default(cli.common.format);
    let run = || -> failure::Result<u8> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(WORKER_THREADS)
            .enable_all()
            .build()
            .map_err(Failure::environment)?;
        let (output, code) = runtime.block_on(commands::run(&cli.common, cli.command))?;
        output::print(&output, format)?;
        Ok(code)
    };
    match run() {
        Ok(code) => ExitCode::from(code),
        Err(failure) => report(&failure),
    }
}

/// Threads that drive sockets; the folds run on the calling one.
const WORKER_THREADS: usize = 2;

fn report(failure: &Failure) -> ExitCode {
    let _ = writeln!(io::stderr(), "error: {failure}");
    ExitCode::from(failure.code)
}

fn start_logging(common: &cli::Common) {
    let level = match (common.quiet, common.verbose) {
        (true, _) => "error",
        (_, 0) => "warn",
        (_, 1) => "info",
        _ => "debug",
    };
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(format!("{level},sqlx=error")));
    let colours = io::stderr().is_terminal();
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(colours)
        .with_target(false)
        .init();
}
