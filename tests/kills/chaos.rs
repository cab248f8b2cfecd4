//! What the world does: clients that are killed and return, projectors that are killed and paused, rebuilds that are
//! killed, a database that goes away.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::Value;

use super::cli::{Cli, End, Running, Said};
use super::inputs::Input;
use super::server::{Loss, Server};
use crate::support::random::Random;

/// Clients that ingest at once.
const CLIENTS: u64 = 4;
/// Of a hundred calls that are not the last resort, so many are killed.
const DOOMED_PERCENT: u64 = 60;
/// Tries of one document before something must be wrong.
const TRIES: u32 = 200;
/// What happens to the database, over and over.
const LOSSES: [Loss; 4] = [Loss::Backend, Loss::Immediate, Loss::Backend, Loss::Postmaster];
/// How often it happens, in the course of the kills that are asked for.
const LOSSES_IN_ALL: u64 = 8;
/// What counts as a kill of one of our processes.
const KILLED: &str = "killed: ";

/// What happened how often, and what was answered.
#[derive(Debug, Default)]
pub(super) struct Tally {
    counts: Mutex<BTreeMap<String, u64>>,
    answers: Mutex<Vec<(usize, Value)>>,
    /// Longest time the database was away, in milliseconds.
    longest_away: AtomicU64,
    /// How long an undisturbed call takes, in milliseconds: the time within which a doomed one is killed.
    typical: AtomicU64,
}

impl Tally {
    fn count(&self, what: impl Into<String>) {
        *self.counts.lock().unwrap().entry(what.into()).or_default() += 1;
    }

    fn killed(&self, what: &str) {
        self.count(format!("{KILLED}{what}"));
    }

    /// Kills of processes and of the database.
    pub(super) fn kills(&self) -> u64 {
        self.counts.lock().unwrap().iter().filter(|(what, _)| what.starts_with(KILLED)).map(|(_, n)| n).sum()
    }

    /// Answers that arrived, with the number of the input.
    pub(super) fn answers(&self) -> Vec<(usize, Value)> {
        self.answers.lock().unwrap().clone()
    }

    /// The figures.
    pub(super) fn print(&self) {
        for (what, n) in self.counts.lock().unwrap().iter() {
            println!("  {n:5} {what}");
        }
        println!("  the database was away for {} ms at most", self.longest_away.load(Ordering::Relaxed));
    }
}

/// Everything that runs at once.
struct World<'a> {
    server: &'a Server,
    cli: &'a Cli,
    inputs: &'a [Input],
    tally: &'a Tally,
    seed: u64,
    wanted: u64,
    /// The next input that nobody has taken.
    next: AtomicUsize,
    /// Whether the clients are done.
    done: AtomicBool,
    /// How often the database was lost.
    losses: AtomicU64,
}

/// Ingests all inputs, with at least `wanted` kills.
pub(super) fn run(server: &Server, cli: &Cli, inputs: &[Input], seed: u64, wanted: u64, tally: &Tally) {
    tally.typical.store(150, Ordering::Relaxed);
    let (next, done, losses) = (AtomicUsize::new(0), AtomicBool::new(false), AtomicU64::new(0));
    let world = World { server, cli, inputs, tally, seed, wanted, next, done, losses };
    thread::scope(|scope| {
        let others =
            [scope.spawn(|| world.projectors()), scope.spawn(|| world.rebuilds()), scope.spawn(|| world.losses())];
        let world = &world;
        let clients: Vec<_> = (0..CLIENTS).map(|n| scope.spawn(move || world.client(n))).collect();
        let ended: Vec<_> = clients.into_iter().map(thread::ScopedJoinHandle::join).collect();
        world.done.store(true, Ordering::Relaxed);
        let ended = ended.into_iter().chain(others.into_iter().map(thread::ScopedJoinHandle::join));
        for end in ended {
            end.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        }
    });
}

fn sleep(milliseconds: u64) {
    thread::sleep(Duration::from_millis(milliseconds));
}

impl World<'_> {
    fn is_done(&self) -> bool {
        self.done.load(Ordering::Relaxed)
    }

    /// Sends inputs that nobody has sent, then any again until there were kills enough.
    fn client(&self, n: u64) {
        let mut random = Random::new(self.seed ^ ((n + 1) << 40));
        loop {
            let at = self.next.fetch_add(1, Ordering::Relaxed);
            if at >= self.inputs.len() {
                break;
            }
            self.insist(at, &mut random);
        }
        while self.tally.kills() < self.wanted || self.losses.load(Ordering::Relaxed) < LOSSES_IN_ALL {
            let at = random.below(self.inputs.len() as u64) as usize;
            self.attempt(at, true, &mut random);
        }
    }

    /// Sends an input until it is answered.
    fn insist(&self, at: usize, random: &mut Random) {
        for attempt in 0..TRIES {
            let doomed = attempt < 8 && random.below(100) < DOOMED_PERCENT;
            if self.attempt(at, doomed, random) {
                return;
            }
            self.tally.count("retries with the same key");
        }
        panic!("{} does not get through", self.inputs[at].key);
    }

    /// Sends an input once; whether it was answered.
    fn attempt(&self, at: usize, doomed: bool, random: &mut Random) -> bool {
        let (input, started) = (&self.inputs[at], Instant::now());
        let running = self.cli.start(&input.args());
        let typical = self.tally.typical.load(Ordering::Relaxed);
        let end = if doomed {
            sleep(random.below(typical));
            running.kill()
        } else {
            End::Exited(running.wait())
        };
        match end {
            End::Killed => self.tally.killed(input.args[1].as_str()),
            End::Exited(Said { code: 2, .. }) => {
                self.tally.count("ingestions that lost the database");
                sleep(200);
            }
            End::Exited(Said { code: 3, .. }) => self.tally.count("conflicts"),
            End::Exited(said) => {
                assert_eq!(said.code, 0, "{}: {said:?}", input.key);
                if !doomed {
                    let took = started.elapsed().as_millis() as u64;
                    self.tally.typical.store((3 * typical + took) / 4 + 1, Ordering::Relaxed);
                }
                self.tally.count("answers");
                self.tally.answers.lock().unwrap().push((at, said.json()));
                return true;
            }
        }
        false
    }

    /// Two at once; one of them is killed or paused now and then.
    fn projectors(&self) {
        let mut random = Random::new(self.seed ^ 0x9201);
        let start = || self.cli.start(&["project", "--follow"]);
        let mut flock = vec![start(), start()];
        while !self.is_done() {
            sleep(200 + random.below(700));
            let victim = flock.remove(random.below(2) as usize);
            if random.below(3) == 0 {
                victim.signal(Signal::STOP);
                self.tally.count("projectors paused");
                sleep(random.below(1500));
                victim.signal(Signal::CONT);
                sleep(random.below(300));
            }
            match victim.kill() {
                End::Killed => self.tally.killed("project --follow"),
                // One that never reached the database says so; one that had it waits.
                End::Exited(said) => {
                    assert!(said.code == 2 && !said.stderr.contains("lost"), "a projector gave up: {said:?}");
                    self.tally.count("projectors that found no database");
                }
            }
            flock.push(start());
        }
        for mut running in flock {
            if !running.ended() {
                assert_eq!(running.stop(Signal::TERM).code, 0);
            }
        }
    }

    /// Now and then a rebuild that is promoted, or a projection run beside the followers; half of them are killed.
    fn rebuilds(&self) {
        let mut random = Random::new(self.seed ^ 0x4EB1);
        while !self.is_done() {
            sleep(200 + random.below(800));
            let (name, args): (_, &[&str]) = match random.below(3) {
                0 => ("project", &["project"]),
                _ => ("rebuild --promote", &["rebuild", "--promote", "--actor", "kills"]),
            };
            let running = self.cli.start(args);
            let end = if random.below(2) == 0 {
                sleep(random.below(600));
                running.kill()
            } else {
                End::Exited(running.wait())
            };
            match end {
                End::Killed => self.tally.killed(name),
                End::Exited(Said { code: 0, .. }) => self.tally.count(format!("done: {name}")),
                End::Exited(Said { code: 2, .. }) => self.tally.count(format!("lost the database: {name}")),
                End::Exited(said) => panic!("{name}: {said:?}"),
            }
        }
    }

    /// The database goes away and comes back, evenly spread over the kills.
    fn losses(&self) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let mut random = Random::new(self.seed ^ 0xDB);
        for (n, how) in (1..=LOSSES_IN_ALL).zip(LOSSES.into_iter().cycle()) {
            // Spread over the inputs too: while there are any, work must be done between two losses.
            let taken = || self.next.load(Ordering::Relaxed) as u64;
            let all = self.inputs.len() as u64;
            while self.tally.kills() < n * self.wanted / (LOSSES_IN_ALL + 1)
                || taken() < all.min(n * all / (LOSSES_IN_ALL + 1))
            {
                if self.is_done() {
                    return;
                }
                sleep(20);
            }
            sleep(random.below(500));
            let started = Instant::now();
            runtime.block_on(self.server.lose(how, random.next()));
            self.tally.longest_away.fetch_max(started.elapsed().as_millis() as u64, Ordering::Relaxed);
            self.tally.killed(how.name());
            self.losses.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// A follower, for stories of few.
pub(super) fn follower(cli: &Cli) -> Running {
    cli.start(&["project", "--follow"])
}
