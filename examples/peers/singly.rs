//! One event an append: the streams in shares, so that no two connections want the same one.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use anyhow::{Result, ensure};
use domain::{Event, TenantId, codec};
use ingest::bench::single::{CONNECTIONS, events};
use ingest::{Append, AppendContext, Log};
use sqlx::PgPool;

use crate::meter::{Meter, Spent};

/// An event as every store takes it.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) event: Event,
    pub(crate) payload: Vec<u8>,
    pub(crate) stream: String,
    /// From 1, within its stream.
    pub(crate) sequence: u64,
}

/// Items with their sequences, in order.
pub(crate) fn items(events: Vec<Event>) -> Result<Vec<Item>> {
    let mut ends: HashMap<String, u64> = HashMap::new();
    let each = events.into_iter().map(|event| {
        let (payload, stream) = (codec::encode(&event)?, event.stream()?.to_string());
        let sequence = ends.entry(stream.clone()).and_modify(|end| *end += 1).or_insert(1);
        Ok(Item { payload, sequence: *sequence, stream, event })
    });
    each.collect()
}

/// The items of a run by connection.
pub(crate) fn shares() -> Result<Arc<Vec<Vec<Item>>>> {
    let mut shares = vec![vec![]; CONNECTIONS];
    let mut turns = HashMap::new();
    for item in items(events()?)? {
        shares[turn(&mut turns, &item.stream) % CONNECTIONS].push(item);
    }
    Ok(Arc::new(shares))
}

/// The how-manieth key this is, in the order in which they first come.
fn turn<K: Clone + Eq + Hash>(turns: &mut HashMap<K, usize>, key: &K) -> usize {
    let next = turns.len();
    *turns.entry(key.clone()).or_insert(next)
}

/// Runs `append` for every item of every share: one after the other within a share, the shares at once.
pub(crate) async fn at_once<F>(
    pool: &PgPool,
    shares: &Arc<Vec<Vec<Item>>>,
    append: impl Fn(Arc<Vec<Vec<Item>>>, usize, usize) -> F + Clone + Send + 'static,
) -> Result<Spent>
where
    F: Future<Output = Result<()>> + Send,
{
    let work = async {
        let tasks = (0..shares.len()).map(|share| {
            let (shares, append) = (Arc::clone(shares), append.clone());
            tokio::spawn(async move {
                for n in 0..shares[share].len() {
                    append(Arc::clone(&shares), share, n).await?;
                }
                anyhow::Ok(())
            })
        });
        for task in tasks.collect::<Vec<_>>() {
            task.await??;
        }
        Ok(())
    };
    Meter::of(pool).await?.measure(work).await
}

/// Appends through our log, each answered with its position.
pub(crate) async fn ours(shares: &Arc<Vec<Vec<Item>>>, pool: &PgPool) -> Result<Spent> {
    let log = Log::new(pool.clone(), TenantId::PUBLIC);
    let append = {
        let log = log.clone();
        move |shares: Arc<Vec<Vec<Item>>>, share: usize, n: usize| {
            let log = log.clone();
            async move {
                let context = AppendContext::new("bench".to_owned(), "peers");
                log.append(Append::from(shares[share][n].event.clone()), &context).await?;
                Ok(())
            }
        }
    };
    let spent = at_once(pool, shares, append).await?;
    let (next, count) = (log.drain().await?, shares.iter().map(Vec::len).sum::<usize>());
    ensure!(next == count as u64 + 1, "the log ends before {next}");
    Ok(spent)
}
