//! The storm: many writers and sequencers on the same streams, killed, cut off, cancelled and rolled back at random.
//! When it is over, nothing that was acknowledged is missing, nothing is there twice, and every invariant of the log
//! holds.
//!
//! `PG_ATLAS_STORM_SECONDS` makes it longer, `PG_ATLAS_STORM_SEED` repeats its draws (not its schedule).

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use domain::Event;
use sqlx::PgPool;

use crate::support::log::{Stored, check, count};
use crate::support::{Db, events};

pub(crate) mod chaos;
pub(crate) mod process;
pub(crate) mod writer;

use process::Process;
use writer::Ack;

/// How long it blows by itself, in seconds.
const SECONDS: u64 = 8;
/// Writers in each of two child processes.
const WRITERS_PER_CHILD: u64 = 6;
/// Writers in the test's own process.
const WRITERS_HERE: u64 = 4;
/// Streams they share.
const STREAMS: u64 = 40;

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

/// What a child process does; does nothing when run as a test.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child() {
    process::child().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_and_nothing_is_there_twice() {
    let seconds = setting("PG_ATLAS_STORM_SECONDS").unwrap_or(SECONDS);
    let seed = setting("PG_ATLAS_STORM_SEED").unwrap_or_else(|| uuid::Uuid::now_v7().as_u128() as u64 >> 16);
    println!("storm of {seconds} s, seed {seed}");
    let db = Db::create().await;
    let elsewhere = Db::empty().await;
    // Who looks on is not hit: a connection cut just before it is used would fail the story, not the log.
    let onlooker = PgPool::connect_with(db.options().application_name("onlooker")).await.unwrap();
    let until = Instant::now() + Duration::from_secs(seconds);
    let part = |percent: u64| Duration::from_millis(seconds * 10 * percent);

    // A transaction in another database of the same server writes all the time and ends after the storm.
    let foreign = chaos::open_writer(&elsewhere).await;
    let cut = tokio::spawn(chaos::cut_connections(db.options(), seed, until));
    let aborted = tokio::spawn(chaos::abort_transactions(db.options(), seed, STREAMS, until));
    let log = ingest::Log::new(ingest::connect(db.options()), domain::TenantId::PUBLIC);
    let here: Vec<_> =
        (0..WRITERS_HERE).map(|n| tokio::spawn(writer::write(log.clone(), seed, n, until, false))).collect();

    let start =
        |role: &str, number: u64| Process::start(role, (&db.bare(), domain::TenantId::PUBLIC), seed, number, until);
    let mut writers = vec![start("writers", 100), start("writers", 200)];
    let mut sequencers = vec![start("sequencer", 0), start("sequencer", 1)];
    let mut ended = vec![];
    for (n, victim) in ["sequencer", "writers", "sequencer", "writers"].into_iter().enumerate() {
        tokio::time::sleep(part(20)).await;
        let flock = if victim == "sequencer" { &mut sequencers } else { &mut writers };
        let mut process = flock.remove(0);
        if n == 0 {
            // Stopped in the middle of whatever it does, then gone.
            process.stop();
            tokio::time::sleep(part(5)).await;
        }
        process.kill();
        flock.push(start(victim, 1_000 * (n as u64 + 1)));
        ended.push(process);
    }
    let before_the_end = count(&onlooker, "SELECT next_position - 1 FROM log.head").await;

    let mut acks: Vec<Ack> = vec![];
    let mut troubles: BTreeMap<String, u64> = BTreeMap::new();
    for task in here {
        let told = task.await.unwrap();
        acks.extend(told.acks);
        told.troubles.into_iter().for_each(|(what, n)| *troubles.entry(what).or_default() += n);
    }
    for process in writers.iter_mut().chain(&mut sequencers) {
        process.wait();
    }
    for process in writers.into_iter().chain(sequencers).chain(ended) {
        let told = process.told();
        acks.extend(told.acks);
        told.troubles.into_iter().for_each(|(what, n)| *troubles.entry(what).or_default() += n);
    }
    let (cut, aborted) = (cut.await.unwrap(), aborted.await.unwrap());
    // Still under the foreign transaction: it must not hold anything up.
    ingest::Log::new(onlooker.clone(), domain::TenantId::PUBLIC).drain().await.unwrap();
    let stored = check(&onlooker).await;
    chaos::close_writer(foreign).await;

    println!(
        "{} events in {} appends, {} acknowledged, {before_the_end} sequenced before the end; {cut} connections cut, \
         {aborted} transactions aborted, 2 writing and 2 sequencing processes killed; troubles {troubles:?}",
        stored.len(),
        count(&onlooker, "SELECT count(*) FROM log.append").await,
        acks.len(),
    );
    assert!(before_the_end > 0, "sequencing goes on beside a foreign transaction");
    assert!(acks.len() > 100, "the storm must do some work to mean anything");
    compare(&stored, &acks);
}

/// Every acknowledged event is where it was said to be, and no fact is there twice.
pub(crate) fn compare(stored: &[Stored], acks: &[Ack]) {
    let mut numbers: BTreeMap<u64, u64> = BTreeMap::new();
    for event in stored {
        let Event::RepoObserved(facts) = event.event() else { panic!("only host facts were sent") };
        let number = facts.stars.unwrap();
        if let Some(other) = numbers.insert(number, event.position) {
            panic!("number {number} is at {other} and at {}", event.position);
        }
    }
    for ack in acks {
        let event = &stored[ack.position as usize - 1];
        assert_eq!(event.name(), ack.event, "position {} answered and kept", ack.position);
        assert_eq!(event.envelope.sequence, ack.sequence, "sequence at position {}", ack.position);
        assert_eq!(event.event(), events::repo(&ack.repo, ack.number), "facts at position {}", ack.position);
    }
}
