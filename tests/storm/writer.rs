//! One writer: appends this way and that until the time is over, and remembers every answer.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use ingest::{Append, AppendError, AppendOutcome, Log};

use super::STREAMS;
use crate::support::events;
use crate::support::log::context;
use crate::support::random::Random;

/// An answer: this fact is at this place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ack {
    pub(crate) event: String,
    pub(crate) position: u64,
    pub(crate) sequence: u64,
    pub(crate) number: u64,
    pub(crate) repo: String,
}

impl Ack {
    /// One line; the full stop tells a whole line from one that was cut off.
    pub(crate) fn line(&self) -> String {
        format!("ack {} {} {} {} {} .", self.event, self.position, self.sequence, self.number, self.repo)
    }

    /// Reads a whole line; anything else is nothing.
    pub(crate) fn parse(line: &str) -> Option<Self> {
        let words: Vec<&str> = line.split(' ').collect();
        let ["ack", event, position, sequence, number, repo, "."] = words.as_slice() else { return None };
        Some(Self {
            event: (*event).to_owned(),
            position: position.parse().ok()?,
            sequence: sequence.parse().ok()?,
            number: number.parse().ok()?,
            repo: (*repo).to_owned(),
        })
    }
}

/// What a writer has to tell.
#[derive(Clone, Debug, Default)]
pub(crate) struct Told {
    pub(crate) acks: Vec<Ack>,
    /// How often an append did not come to an answer, and why.
    pub(crate) troubles: BTreeMap<String, u64>,
}

struct Writer {
    log: Log,
    id: u64,
    sent: u64,
    random: Random,
    /// Whether each answer is printed at once, for a process that may be killed.
    aloud: bool,
    told: Told,
}

/// Writes until the time is over.
pub(crate) async fn write(log: Log, seed: u64, id: u64, until: Instant, aloud: bool) -> Told {
    let random = Random::new(seed ^ (id << 32));
    let mut writer = Writer { log, id, sent: 0, random, aloud, told: Told::default() };
    while Instant::now() < until {
        writer.step().await;
    }
    writer.told
}

impl Writer {
    /// A fact nobody else sends.
    fn fact(&mut self) -> (String, u64) {
        self.sent += 1;
        (format!("storm/{}", self.random.below(STREAMS)), self.id * 1_000_000_000 + self.sent)
    }

    async fn step(&mut self) {
        let size = match self.random.below(10) {
            0..6 => 1,
            6..9 => 2 + self.random.below(11),
            _ => 100,
        };
        let facts: Vec<(String, u64)> = (0..size).map(|_| self.fact()).collect();
        match self.random.below(4) {
            // Cancelled somewhere on the way; never sent again.
            0 => {
                let patience = Duration::from_micros(self.random.below(12_000));
                let answer = tokio::time::timeout(patience, send(&self.log, &facts, None)).await;
                if let Ok(answer) = answer {
                    self.hear(&facts, answer);
                } else {
                    self.trouble("cancelled");
                }
            }
            // Sent again under its key until there is an answer: what a careful client does.
            1 => {
                let key = format!("{}/{}", self.id, self.sent);
                for _ in 0..200 {
                    let answer = send(&self.log, &facts, Some(&key)).await;
                    if self.hear(&facts, answer) {
                        return;
                    }
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                panic!("{key} got no answer in 200 tries");
            }
            _ => {
                let answer = send(&self.log, &facts, None).await;
                self.hear(&facts, answer);
            }
        }
    }

    /// Remembers an answer. False: there was none.
    fn hear(&mut self, facts: &[(String, u64)], answer: Result<Vec<AppendOutcome>, AppendError>) -> bool {
        let outcomes = match answer {
            Ok(outcomes) => outcomes,
            Err(AppendError::Conflict { .. }) => return self.trouble("conflict"),
            Err(AppendError::Database(_)) => return self.trouble("database"),
            Err(AppendError::Unplaced(_)) => return self.trouble("unplaced"),
            Err(error) => panic!("{error}"),
        };
        for ((repo, number), outcome) in facts.iter().zip(outcomes) {
            let place = outcome.place();
            let ack = Ack {
                event: place.event.clone(),
                position: place.position,
                sequence: place.sequence,
                number: *number,
                repo: repo.clone(),
            };
            if self.aloud {
                println!("{}", ack.line());
            }
            self.told.acks.push(ack);
        }
        true
    }

    fn trouble(&mut self, what: &str) -> bool {
        if self.aloud {
            println!("trouble {what} .");
        }
        *self.told.troubles.entry(what.to_owned()).or_default() += 1;
        false
    }
}

async fn send(log: &Log, facts: &[(String, u64)], key: Option<&str>) -> Result<Vec<AppendOutcome>, AppendError> {
    let append = |(repo, number): &(String, u64)| Append {
        event: events::repo(repo, *number),
        observed_at: None,
        key: key.map(|key| format!("{key}/{number}")),
    };
    if let [fact] = facts {
        return Ok(vec![log.append(append(fact), &context()).await?]);
    }
    let outcomes = log.append_batch(facts.iter().map(append).collect(), &context()).await?;
    outcomes.into_iter().map(|outcome| outcome.map_err(AppendError::Refused)).collect()
}
