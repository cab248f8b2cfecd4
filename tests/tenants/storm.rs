//! Two tenants under storm and kills at once, and one whose log no program can read on.

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use super::commands::Atlas;
use super::*;
use crate::storm::process::Process;
use crate::storm::writer::{self, Ack};
use crate::storm::{chaos, compare};

/// How long it blows, in seconds.
const SECONDS: u64 = 6;

/// `project --follow` of a tenant.
fn follower(atlas: &Atlas<'_>, tenant: &str) -> Child {
    let mut command = atlas.command(tenant, &["project", "--follow", "--quiet"]);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_tenants_under_storm_and_kills_are_dense_and_nothing_crosses() {
    let place = Place::new().await;
    let owner = Login::owner(&place.db).await;
    let atlas = Atlas::of(&place, &owner.options());
    atlas.run("public", &["tenant", "create", "second"]);
    let seed = uuid::Uuid::now_v7().as_u128() as u64 >> 16;
    println!("seed {seed}");
    let until = Instant::now() + Duration::from_secs(SECONDS);
    let cut = tokio::spawn(chaos::cut_connections(place.db.options(), seed, until));
    let tenants = [TenantId::PUBLIC, second()];
    let names = ["public", "second"];
    let pools = tenants.map(|tenant| owner.pool(tenant));
    let mut here = Vec::new();
    for (pool, tenant) in pools.iter().zip(tenants) {
        let log = Log::new(pool.clone(), tenant);
        for n in 0..2 {
            let number = u64::from(tenant.number().unsigned_abs()) * 10_000 + n;
            here.push((tenant, tokio::spawn(writer::write(log.clone(), seed, number, until, false))));
        }
    }
    let start = |role: &str, tenant: TenantId, number: u64| {
        let number = u64::from(tenant.number().unsigned_abs()) * 10_000 + number;
        (tenant, Process::start(role, (&owner.options(), tenant), seed, number, until))
    };
    let mut running: Vec<(TenantId, Process)> = Vec::new();
    let mut ended: Vec<(TenantId, Process)> = Vec::new();
    for tenant in tenants {
        running.extend([start("writers", tenant, 100), start("sequencer", tenant, 0)]);
    }
    let mut followers = names.map(|name| follower(&atlas, name));
    for round in 0..4_usize {
        tokio::time::sleep(Duration::from_millis(SECONDS * 150)).await;
        // A writer of one tenant, then a sequencer of the other, and so on; with each a follower.
        let (tenant, mut process) = running.remove(0);
        process.kill();
        let role = if round % 2 == 0 { "writers" } else { "sequencer" };
        running.push(start(role, tenant, 1_000 * (round as u64 + 1)));
        ended.push((tenant, process));
        let at = round % 2;
        followers[at].kill().unwrap();
        followers[at].wait().unwrap();
        followers[at] = follower(&atlas, names[at]);
    }
    let mut acks: Vec<(TenantId, Vec<Ack>)> = Vec::new();
    for (tenant, task) in here {
        acks.push((tenant, task.await.unwrap().acks));
    }
    for (_, process) in &mut running {
        process.wait();
    }
    acks.extend(running.into_iter().chain(ended).map(|(tenant, process)| (tenant, process.told().acks)));
    println!("{} connections cut", cut.await.unwrap());
    for follower in &mut followers {
        follower.kill().unwrap();
        follower.wait().unwrap();
    }
    for ((tenant, name), other) in tenants.into_iter().zip(names).zip([second(), TenantId::PUBLIC]) {
        // Sessions that the storm did not hit.
        let options = owner.options().options([tenant.setting()]);
        let onlooker = PgPool::connect_with(options).await.unwrap();
        Log::new(onlooker.clone(), tenant).drain().await.unwrap();
        let stored = check(&onlooker).await;
        let own: Vec<Ack> = acks.iter().filter(|(of, _)| *of == tenant).flat_map(|(_, acks)| acks.clone()).collect();
        println!("{name}: {} events, {} acknowledged", stored.len(), own.len());
        assert!(own.len() > 50, "{name}: the storm must do some work to mean anything");
        compare(&stored, &own);
        // Nobody wrote into the log of the other.
        let numbers = stored.iter().map(|event| match event.event() {
            domain::Event::RepoObserved(facts) => facts.stars.unwrap() / 1_000_000_000 / 10_000,
            other => panic!("{other:?}"),
        });
        let of_other = u64::from(other.number().unsigned_abs());
        assert_eq!(numbers.filter(|number| *number == of_other).count(), 0, "{name}");
        atlas.run(name, &["project"]);
        assert_eq!(atlas.run(name, &["status"])["head"], stored.len() as u64);
        assert_eq!(atlas.run(name, &["replay", "--verify"])["verified"], true);
        assert_eq!(atlas.run(name, &["rebuild"])["equal_to_live"], true);
        assert_eq!(atlas.run(name, &["audit", "verify"])["ok"], true);
        onlooker.close().await;
    }
    for pool in pools {
        pool.close().await;
    }
    owner.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_poison_of_one_tenant_stops_its_own_projection_alone() {
    let place = Place::new().await;
    let owner = Login::owner(&place.db).await;
    let atlas = Atlas::of(&place, &owner.options());
    atlas.run("public", &["tenant", "create", "second"]);
    let pools = [TenantId::PUBLIC, second()].map(|tenant| (owner.pool(tenant), tenant));
    let logs = [0, 1].map(|n| Log::new(pools[n].0.clone(), pools[n].1));
    let mut followers = ["public", "second"].map(|name| follower(&atlas, name));
    for log in &logs {
        append(log, events::repo("a/b", 1)).await;
    }
    crate::kills::poison::poison(&logs[1], "2026-01-01T00:00:00Z").await;
    for log in &logs {
        append(log, events::repo("a/b", 2)).await;
    }
    let standing = "SELECT count(*) FROM atlas.live l JOIN atlas.build b ON b.tenant_id = l.tenant_id AND b.id = l.build \
                     WHERE b.position = 2";
    crate::support::wait::until(&pools[0].0, "the other goes on", standing, 4).await;
    let ended = followers[1].wait().unwrap();
    assert_eq!(ended.code(), Some(1), "it stops at what it cannot read");
    let said = atlas.ends("second", 1, &["project"]).stderr;
    assert!(said.contains("position 2") && said.contains("pg-atlas quarantine 2"), "{said}");
    append(&logs[0], events::repo("a/b", 3)).await;
    let further = "SELECT count(*) FROM atlas.live l JOIN atlas.build b ON b.tenant_id = l.tenant_id AND b.id = l.build \
                    WHERE b.position = 3";
    crate::support::wait::until(&pools[0].0, "and on", further, 4).await;
    assert!(followers[0].try_wait().unwrap().is_none(), "its follower never noticed");
    followers[0].kill().unwrap();
    followers[0].wait().unwrap();
    atlas.run("second", &["quarantine", "2", "--reason", "for the story"]);
    atlas.run("second", &["project"]);
    for name in ["public", "second"] {
        assert_eq!(atlas.run(name, &["replay", "--verify"])["verified"], true);
    }
    for (pool, _) in pools {
        pool.close().await;
    }
    owner.drop().await;
}
