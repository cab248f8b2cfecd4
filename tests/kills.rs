//! The pipeline under what the world does to it: every process of it killed at random moments, the database too.
//!
//! `PG_ATLAS_KILLS=N` asks for at least N kills, `PG_ATLAS_KILLS_SEED` repeats documents and draws (not the schedule).

use std::time::Instant;

use sqlx::{ConnectOptions as _, Connection as _};

use crate::support::Db;
use crate::support::log::count;

mod chaos;
mod cli;
mod clients;
mod compare;
mod inputs;
pub(crate) mod poison;
mod server;
mod signals;
mod standby;
mod versions;

use chaos::Tally;
use server::Server;

/// Kills in one run, unless more are asked for.
const KILLS: u64 = 200;
/// The database of the disturbed run: the embedded server has it already.
const DATABASE: &str = "pg_atlas";

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_killed_nothing_is_lost_and_the_scores_are_those_of_a_calm_day() {
    let seed = setting("PG_ATLAS_KILLS_SEED").unwrap_or_else(|| uuid::Uuid::now_v7().as_u128() as u64 >> 16);
    let wanted = setting("PG_ATLAS_KILLS").unwrap_or(KILLS);
    println!("at least {wanted} kills, seed {seed}");
    let folder = tempfile::tempdir().unwrap();
    let inputs = inputs::make(seed, folder.path());
    let server = Server::start();
    let cli = server.cli(DATABASE);
    let pool = ingest::connect(server.options(DATABASE));
    ingest::migrate(&pool).await.unwrap();

    let (started, tally) = (Instant::now(), Tally::default());
    tokio::task::block_in_place(|| chaos::run(&server, &cli, &inputs, seed, wanted, &tally));
    let stormed = started.elapsed();
    let unsequenced = count(&pool, "SELECT count(*) FROM log.outbox").await;

    // One command brings everything that was left behind to its place.
    let recovering = Instant::now();
    let projected = cli.ok(&["project"]);
    let recovered = recovering.elapsed();
    assert!(projected["projections"].as_array().unwrap().iter().all(|build| build["lag"] == 0), "{projected}");
    let answers = tally.answers();
    let stored = compare::exactly_once(&pool, &inputs, &answers).await;
    assert_eq!(projected["head"], stored.len());

    let (appended, duplicates) = compare::outcomes(&answers);
    println!(
        "{} inputs, {} events, {} kills in {:.1} s; recovered in {:.2} s ({unsequenced} appends left unsequenced); \
         answered: {appended} appended, {duplicates} duplicate",
        inputs.len(),
        stored.len(),
        tally.kills(),
        stormed.as_secs_f64(),
        recovered.as_secs_f64(),
    );
    tally.print();
    assert!(tally.kills() >= wanted);

    let verified = cli.ok(&["replay", "--verify"]);
    assert_eq!(verified["verified"], true, "{verified}");
    let mut conn = server.connect(DATABASE).await;
    compare::live_is_a_rebuild(&mut conn).await;

    // The undisturbed run has a database where nobody is killed.
    let still = Db::empty().await;
    let calm = cli::Cli::new(still.bare().to_url_lossy().to_string(), folder.path());
    let other = ingest::connect(still.options());
    compare::again(&pool, &stored, &inputs, &calm, &other).await;
    calm.ok(&["project"]);
    let replayed = calm.ok(&["replay"]);
    assert_eq!(verified["digest"], replayed["digest"]);
    assert_eq!(verified["state_digest"], replayed["state_digest"]);
    let mut twin = still.options().connect().await.unwrap();
    compare::same_tables(&mut conn, &mut twin).await;

    // A rebuild that is promoted tidies up what killed ones left.
    let rebuilt = cli.ok(&["rebuild", "--promote"]);
    assert_eq!((&rebuilt["equal_to_live"], &rebuilt["promoted"]), (&true.into(), &true.into()), "{rebuilt}");
    compare::no_leftovers(&pool).await;
    println!("all compared after {:.1} s", started.elapsed().as_secs_f64());
    for conn in [conn, twin] {
        conn.close().await.unwrap();
    }
    pool.close().await;
    other.close().await;
}
