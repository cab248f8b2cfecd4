//! The command line: parse, call one use case, render, exit code.

mod command;
#[cfg(feature = "ingest")]
mod confirm;
mod draft;
mod failure;
mod flags;
mod gap;
mod interrupt;
mod manual;
mod output;
mod ping;
mod rights;
mod session;
mod terminal;

use std::borrow::Cow;
use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;

use clap::CommandFactory as _;
use clap::error::{ContextKind, ContextValue};
use domain::redact;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use self::failure::{ENVIRONMENT, Failure};
use self::flags::{Cli, Command};
use self::output::OutputFormat;
use crate::embedded::{self, Purpose};
use crate::service::{Configuration, environment, slow};

pub use self::manual::command;

/// Runs the command that the process was started with. To be called on the main thread: the embedded server is bound to
/// the life of the thread that starts it.
#[must_use]
pub fn main() -> ExitCode {
    // What is explained costs time to put together, which only help and complaints are worth.
    let mut cli = match Cli::started(Cli::command()).or_else(|_| Cli::started(manual::command())) {
        Ok(cli) => cli,
        Err(error) => {
            let code = if error.use_stderr() { ENVIRONMENT } else { 0 };
            let error = with_plain_usage(error);
            // What was mistyped is quoted. Where that must not be repeated, the colours go with it.
            let text = error.render().to_string();
            let _ = match redact::emails(&text) {
                Cow::Owned(clean) if error.use_stderr() => io::stderr().write_all(clean.as_bytes()),
                _ => error.print(),
            };
            return ExitCode::from(code);
        }
    };
    match cli.command {
        // Before anything else runs: the supervisor's server must die with this very thread.
        Command::Supervise { dir, measure } => {
            let purpose = if measure { Purpose::Measuring } else { Purpose::Atlas };
            return embedded::supervise(&dir, purpose, log_line);
        }
        Command::EmbeddedPing(args) => {
            return match ping::run(&args) {
                Ok(()) => ExitCode::SUCCESS,
                Err(failure) => report(&failure),
            };
        }
        _ => {}
    }
    match Configuration::find(cli.common.config.as_deref()) {
        Ok(found) => cli.common.configuration = found,
        Err(error) => return report(&error.into()),
    }
    start_logging(&cli.common, is_lasting(&cli.command));
    output::looks::settle(&cli.common.show);
    let rights = rights::needed(&cli.command);
    let format = OutputFormat::or_default(cli.common.format);
    let run = || -> failure::Result<u8> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(WORKER_THREADS)
            .enable_all()
            .build()
            .map_err(Failure::environment)?;
        let (output, code) = runtime.block_on(command::run(&cli.common, cli.command))?;
        let _within = runtime.enter();
        output::print(&output, format)?;
        Ok(code)
    };
    match run() {
        Ok(code) => ExitCode::from(code),
        Err(failure) => match failure.denied() {
            Some(said) => {
                let advice = anyhow::anyhow!("{said}: this needs {rights} (docs/OPERATIONS.md)");
                report(&Failure { code: failure.code, error: advice })
            }
            None => report(&failure),
        },
    }
}

/// The complaint with the usage of its command. Where the environment gives an option, the parser would list it like
/// one that must be typed.
fn with_plain_usage(mut error: clap::Error) -> clap::Error {
    if error.get(ContextKind::Usage).is_some() {
        let mut command = manual::command();
        command.build();
        let named = std::env::args_os().skip(1).fold(&command, |at, word| at.find_subcommand(&word).unwrap_or(at));
        let usage = named.clone().render_usage();
        error.insert(ContextKind::Usage, ContextValue::StyledStr(usage));
    }
    error
}

/// Whether a command runs until it is stopped.
fn is_lasting(command: &Command) -> bool {
    match command {
        #[cfg(feature = "serve")]
        Command::Serve(_) => true,
        command => matches!(command, Command::Project { follow: true }),
    }
}

/// Writes a line to the server's log, which is where a supervisor's standard error goes.
fn log_line(line: &str) {
    let _ = writeln!(io::stderr(), "supervisor: {line}");
}

/// Threads that drive sockets; the folds run on the calling one.
const WORKER_THREADS: usize = 2;

/// Says why, without the addresses that were typed: what a program complains of is kept by many.
fn report(failure: &Failure) -> ExitCode {
    terminal::tell(&format!("error: {}", redact::emails(&failure.to_string())));
    ExitCode::from(failure.code)
}

/// Logs to stderr. `lasting` is for commands that run until they are stopped: their slow statements are worth a line
/// without being asked for.
fn start_logging(common: &flags::Common, lasting: bool) {
    let level = match (common.quiet, common.verbose) {
        (true, _) => "error",
        (_, 0) => "warn",
        (_, 1) => "info",
        _ => "debug",
    };
    let statements = if !common.quiet && (lasting || common.verbose > 0) { "warn" } else { "error" };
    let usual = format!("{level},sqlx=error,{}={statements}", slow::TARGET);
    // What cannot be read is passed over: a diagnostic keeps nobody from his work.
    let asked = environment::variable("RUST_LOG").ok().flatten();
    let filter: Targets = asked
        .and_then(|asked| asked.parse().ok())
        .unwrap_or_else(|| usual.parse().expect("levels and targets are written as the filter reads them"));
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .with_target(false)
        .with_filter(filter);
    tracing_subscriber::registry().with(lines).with(slow::Slow.with_filter(slow::Statements)).init();
}
