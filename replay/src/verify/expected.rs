//! What a fold gives for the tables that say how things are, made on a thread while those before are read.

use std::panic::resume_unwind;
use std::thread;

use projections::fold::Fold;
use projections::tables::{Content, Projection, Row, Table};
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::task::{JoinHandle, spawn_blocking};

use super::ordered::in_order;
use crate::ReplayError;
use crate::as_of::FoldDigests;
use crate::projector::add_facts;
use crate::threads::joined;

/// Rows that are handed over at once.
const BATCH_ROWS: usize = 1_000;
/// Batches on their way.
const BATCHES: usize = 8;

/// The rows of some tables, one table after the other, each in the order of its key.
pub(super) struct ExpectedTables {
    given: Receiver<Vec<Row>>,
    thread: JoinHandle<(Fold, Result<Option<FoldDigests>, ReplayError>)>,
}

impl ExpectedTables {
    /// Begins to make the rows of these tables, and the digests beside them where they are asked for.
    pub(super) fn of(fold: Fold, tables: Vec<(Projection, &'static Table)>, digests: bool) -> Self {
        let (give, given) = mpsc::channel(BATCHES);
        let thread = spawn_blocking(move || {
            let made = make(&fold, &tables, digests, &give);
            (fold, made)
        });
        Self { given, thread }
    }

    /// The next rows of the table at hand; `None` where it has no more.
    pub(super) async fn next(&mut self) -> Option<Vec<Row>> {
        // Where the thread failed nothing comes, and the end tells why.
        self.given.recv().await.filter(|rows| !rows.is_empty())
    }

    /// No more rows are asked for. Answers the fold, and the digests where they were asked for; that is an error when a
    /// row of a state cannot be written.
    pub(super) async fn end(self) -> (Fold, Result<Option<FoldDigests>, ReplayError>) {
        drop(self.given);
        joined(self.thread).await
    }
}

fn make(
    fold: &Fold,
    tables: &[(Projection, &'static Table)],
    digests: bool,
    give: &Sender<Vec<Row>>,
) -> Result<Option<FoldDigests>, ReplayError> {
    let view = fold.world.view();
    let scores = view.scores(fold.formula());
    thread::scope(|scope| {
        let digests = digests.then(|| scope.spawn(|| FoldDigests::of_view(&view, &scores, fold.formula())));
        let content = Content::of(&view, &scores);
        for (projection, table) in tables {
            let rows = match content.rows_by_key(table) {
                Some(rows) => rows,
                None => {
                    let mut rows = match content.rows(table) {
                        Some(rows) => rows,
                        None => {
                            let mut facts = Vec::new();
                            add_facts(&fold.world, *projection, fold.world.rows(), &mut facts)?;
                            facts
                        }
                    };
                    let key: Vec<usize> = (0..table.key).collect();
                    rows.sort_unstable_by(|a, b| in_order(table, &key, a, b));
                    Box::new(rows.into_iter())
                }
            };
            if !hand_over(rows, give) {
                break;
            }
        }
        Ok(digests.map(|digests| digests.join().unwrap_or_else(|panic| resume_unwind(panic))))
    })
}

/// Hands the rows of a table over, and its end. Answers false when no more are asked for.
fn hand_over(mut rows: impl Iterator<Item = Row>, give: &Sender<Vec<Row>>) -> bool {
    loop {
        let batch: Vec<Row> = rows.by_ref().take(BATCH_ROWS).collect();
        let ends = batch.is_empty();
        if give.blocking_send(batch).is_err() {
            return false;
        }
        if ends {
            return true;
        }
    }
}
