//! The stores in turn, each run in a database of its own.

use anyhow::Result;
use ingest::bench::batch::BATCH;
use ingest::bench::{Scratch, settings};
use serde_json::{Value, json};
use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;

use crate::bulk::{self, Bulk};
use crate::meter::Spent;
use crate::{framework, message_store, singly};

/// A store's runs.
struct Column<'a> {
    name: &'static str,
    run: Box<dyn AsyncRun + 'a>,
    spent: Vec<Spent>,
}

/// A run in a database that has our tables and is otherwise empty.
trait AsyncRun {
    fn run<'a>(&'a self, pool: &'a PgPool) -> std::pin::Pin<Box<dyn Future<Output = Result<Spent>> + 'a>>;
}

impl<F: AsyncFn(&PgPool) -> Result<Spent>> AsyncRun for F {
    fn run<'a>(&'a self, pool: &'a PgPool) -> std::pin::Pin<Box<dyn Future<Output = Result<Spent>> + 'a>> {
        Box::pin(self(pool))
    }
}

impl<'a> Column<'a> {
    fn new(name: &'static str, run: impl AsyncFn(&PgPool) -> Result<Spent> + 'a) -> Self {
        Self { name, run: Box::new(run), spent: vec![] }
    }
}

/// Everything that a database is asked for.
pub(crate) async fn all(server: &PgConnectOptions, rounds: usize) -> Result<Value> {
    let many = Bulk::make()?;
    let items = singly::items(many.events.clone())?;
    let batches = vec![
        Column::new("ours", async |pool| bulk::ours(&many, pool).await),
        Column::new("bare rows", async |pool| bulk::bare(&many, pool).await),
        Column::new("postgres-es", async |pool| framework::bulk(&items, BATCH, pool).await),
        Column::new("functions", async |pool| message_store::bulk(&items, BATCH, pool).await),
    ];
    let batches = in_turn(server, rounds, items.len(), batches).await?;
    let shares = singly::shares()?;
    let one = vec![
        Column::new("ours", async |pool| singly::ours(&shares, pool).await),
        Column::new("postgres-es", async |pool| framework::singly(&shares, pool).await),
        Column::new("functions", async |pool| message_store::singly(&shares, pool).await),
    ];
    let one = in_turn(server, rounds, shares.iter().map(Vec::len).sum(), one).await?;
    Ok(json!({"server": settings(server).await?, "batch": batches, "single": one}))
}

/// Runs the stores there and back, so that a machine that slows down does so for all of them. The medians, by store.
async fn in_turn(
    server: &PgConnectOptions,
    rounds: usize,
    events: usize,
    mut stores: Vec<Column<'_>>,
) -> Result<Value> {
    for round in 0..rounds {
        for n in 0..stores.len() {
            let last = stores.len() - 1;
            let store = &mut stores[if round % 2 == 0 { n } else { last - n }];
            let scratch = Scratch::create(server).await?;
            let spent = store.run.run(scratch.pool()).await;
            scratch.drop().await?;
            store.spent.push(spent?);
        }
    }
    let of = |store: &Column<'_>| {
        let micros = |spent: fn(&Spent) -> std::time::Duration| {
            let mut each: Vec<f64> = store.spent.iter().map(|s| spent(s).as_secs_f64() * 1e6 / events as f64).collect();
            each.sort_by(f64::total_cmp);
            each.get(each.len().saturating_sub(1) / 2).copied()
        };
        let rates: Vec<f64> = store.spent.iter().map(|spent| events as f64 / spent.wall.as_secs_f64()).collect();
        json!({
            "store": store.name, "events": events, "runs_per_second": rates, "wall_us": micros(|s| s.wall),
            "client_cpu_us": micros(|s| s.client), "server_cpu_us": micros(|s| s.server),
        })
    };
    Ok(stores.iter().map(of).collect())
}
