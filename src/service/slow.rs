//! Statements that take long: a line in the log for each, and their number.

use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sqlx::ConnectOptions as _;
use sqlx::postgres::PgConnectOptions;
use tracing::field::{Field, Visit};
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, Filter};

use super::environment;

/// From what time on a statement is slow, in milliseconds, where the environment does not say.
pub const SLOW_MILLISECONDS: u64 = 100;
/// The variable that says it otherwise, in milliseconds.
const VARIABLE: &str = "PG_ATLAS_SLOW_STATEMENT_MS";
/// Where the driver tells of statements.
pub const TARGET: &str = "sqlx::query";
/// The field that it gives those that were slow.
const MARK: &str = "slow_threshold";

/// Slow statements of this process, as far as [`Slow`] listens.
static SEEN: AtomicU64 = AtomicU64::new(0);

/// How many statements were slow since the process began, where [`Slow`] listens.
#[must_use]
pub fn seen() -> u64 {
    SEEN.load(Ordering::Relaxed)
}

/// These options, so that slow statements are told of as warnings. A value of the variable that is no number is passed
/// over: a diagnostic keeps nobody from his work.
pub(super) fn logged(options: PgConnectOptions) -> PgConnectOptions {
    static THRESHOLD: OnceLock<Duration> = OnceLock::new();
    let threshold = THRESHOLD.get_or_init(|| {
        let set = environment::variable(VARIABLE).ok().flatten().and_then(|text| text.parse().ok());
        Duration::from_millis(set.unwrap_or(SLOW_MILLISECONDS))
    });
    options.log_slow_statements(log::LevelFilter::Warn, *threshold)
}

/// Counts slow statements: a layer for whoever keeps a log.
#[derive(Clone, Copy, Debug, Default)]
pub struct Slow;

impl<S: Subscriber> Layer<S> for Slow {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut marked = Marked(false);
        event.record(&mut marked);
        if marked.0 {
            SEEN.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// What [`Slow`] is to hear.
#[derive(Clone, Copy, Debug, Default)]
pub struct Statements;

impl<S> Filter<S> for Statements {
    fn enabled(&self, metadata: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        metadata.target() == TARGET && *metadata.level() <= tracing::Level::WARN
    }
}

/// Whether an event is of a slow statement.
struct Marked(bool);

impl Visit for Marked {
    fn record_debug(&mut self, field: &Field, _: &dyn fmt::Debug) {
        self.0 |= field.name() == MARK;
    }
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::layer::SubscriberExt as _;

    #[test]
    fn slow_statements_are_counted_and_others_are_not() {
        let subscriber =
            tracing_subscriber::registry().with(tracing_subscriber::Layer::with_filter(super::Slow, super::Statements));
        let before = super::seen();
        tracing::subscriber::with_default(subscriber, || {
            tracing::warn!(target: "sqlx::query", slow_threshold = ?1, "as the driver says it");
            tracing::warn!(target: "sqlx::query", elapsed = ?1, "one that was not slow");
            tracing::warn!(slow_threshold = ?1, "of another");
        });
        assert_eq!(super::seen() - before, 1);
    }
}
