//! One at a time appends for all: whoever comes while others are appended waits, and then all who wait are one
//! transaction. So many small documents cost the log little more than one.

use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use domain::number::fit;
use ingest::append::TRIES;
use ingest::source::Reading;
use ingest::source::gitlog::Person;
use ingest::{Append, AppendContext, AppendError, Refusal};
use serde_json::{Map, Value};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use super::intake::{EventFate, Foresight, Intake};
use super::one::OneIngested;
use super::{Circumstances, Destination, failures};
use crate::service::act::placed::Placed;
use crate::service::{Deps, Error, Result};

/// Most documents that wait, and bytes of them: 256 MiB; further ones are turned away.
const MOST_WAITING: usize = 1_024;
const BYTES_WAITING: usize = 256 * 1024 * 1024;
/// Most documents of one transaction, and about how many bytes of them.
const MOST_TOGETHER: usize = 128;
const BYTES_TOGETHER: usize = 32 * 1024 * 1024;

/// A document that waits, read.
struct QueuedDocument {
    append: Append,
    context: AppendContext,
    document: Option<Bytes>,
    people: Vec<Person>,
    warnings: Vec<String>,
    summary: Map<String, Value>,
    answer: oneshot::Sender<Result<OneIngested>>,
    /// Held until it is appended, also when whoever handed it in has gone.
    _room: OwnedSemaphorePermit,
}

impl QueuedDocument {
    /// About how many bytes it holds.
    fn bytes(&self) -> usize {
        self.document.as_ref().map_or(0, Bytes::len)
    }
}

/// The way to whoever appends.
#[derive(Clone, Debug)]
pub(super) struct AppendQueue {
    sender: mpsc::Sender<QueuedDocument>,
    /// Bytes that still may wait.
    room: Arc<Semaphore>,
}

impl AppendQueue {
    /// The way to one who begins now, and ends when nobody has the way any more.
    pub(super) fn to(deps: Deps) -> Self {
        let (sender, receiver) = mpsc::channel(MOST_WAITING);
        tokio::spawn(append_waiting(deps, receiver));
        Self { sender, room: Arc::new(Semaphore::new(BYTES_WAITING)) }
    }

    /// Appends what was read of one document, when it is its turn. Who goes away meanwhile leaves it to be appended.
    pub(super) async fn append(
        &self,
        reading: Reading,
        circumstances: &Circumstances,
        context: AppendContext,
    ) -> Result<OneIngested> {
        let Reading { events, documents, people, warnings, summary, .. } = reading;
        let Some(read) = events.into_iter().next() else {
            return Err(Error::refused("the document holds no facts"));
        };
        let Circumstances { observed_at, key, .. } = circumstances.clone();
        let append = Append { event: read.event, observed_at, key };
        let (answer, answered) = oneshot::channel();
        let document = documents.into_iter().next();
        let full = || Error::busy("too many documents wait to be appended");
        let bytes = document.as_ref().map_or(0, |document| fit(document.len(), "bytes of a document"));
        let room = Arc::clone(&self.room).try_acquire_many_owned(bytes).map_err(|_| full())?;
        let waiting = QueuedDocument { append, context, document, people, warnings, summary, answer, _room: room };
        self.sender.try_send(waiting).map_err(|_| full())?;
        answered.await.map_err(|_| Error::unavailable("whoever appends has ended"))?
    }
}

async fn append_waiting(deps: Deps, mut queue: mpsc::Receiver<QueuedDocument>) {
    let mut intake = None;
    while let Some(first) = queue.recv().await {
        let (mut bytes, mut together) = (first.bytes(), vec![first]);
        while together.len() < MOST_TOGETHER && bytes < BYTES_TOGETHER {
            let Ok(next) = queue.try_recv() else { break };
            bytes += next.bytes();
            together.push(next);
        }
        // A fault of our own ends with those whom it meets: who comes next has another way into the log.
        let appended = tokio::spawn(append(deps.clone(), intake.take(), together));
        intake = appended.await.ok().flatten();
    }
}

/// Nobody knows whether these are in the log; told again, each is there once.
fn turn_away(deps: &Deps, together: Vec<QueuedDocument>, error: &Error) {
    tracing::warn!(%error, tenant = %deps.tenant_name(), documents = together.len(), "documents cannot be appended");
    failures::count(deps, together.len());
    for waiting in together {
        // Whoever waited may have gone.
        let _ = waiting.answer.send(Err(Error::busy("documents cannot be appended now")));
    }
}

/// Appends them by this way into the log, or a new one, and gives it back.
async fn append(deps: Deps, intake: Option<Intake>, together: Vec<QueuedDocument>) -> Option<Intake> {
    let intake = match intake {
        Some(intake) => intake,
        None => match Intake::open(&Destination::Open(deps.clone()), None).await {
            Ok(intake) => intake,
            Err(error) => {
                turn_away(&deps, together, &error);
                return None;
            }
        },
    };
    match settle(&intake, &together).await {
        Ok(settled) => answer(together, settled),
        Err(error) => turn_away(&deps, together, &error),
    }
    Some(intake)
}

/// Tells each what became of it.
fn answer(together: Vec<QueuedDocument>, settled: Vec<(Option<EventFate>, Vec<String>)>) {
    for (mut waiting, (fate, odd)) in together.into_iter().zip(settled) {
        waiting.warnings.extend(odd);
        let told = match fate {
            Some(Ok(outcome)) => Ok(OneIngested::at(Placed::from(&outcome), waiting.summary, waiting.warnings)),
            Some(Err(refusal)) => Err(AppendError::from(refusal).into()),
            None => Err(AppendError::Conflict { what: "stream".to_owned() }.into()),
        };
        let _ = waiting.answer.send(told);
    }
}

/// A future that may go from thread to thread, which the compiler does not see by itself.
fn sent<'a, T>(future: impl Future<Output = T> + Send + 'a) -> Pin<Box<dyn Future<Output = T> + Send + 'a>> {
    Box::pin(future)
}

/// What became of each, and what was odd; none where others came between too often.
async fn settle(intake: &Intake, together: &[QueuedDocument]) -> Result<Vec<(Option<EventFate>, Vec<String>)>> {
    let appends: Vec<Append> = together.iter().map(|waiting| waiting.append.clone()).collect();
    let odd = sent(intake.odd_projects(&appends)).await?;
    let mut settled: Vec<(Option<EventFate>, Vec<String>)> = odd.into_iter().map(|odd| (None, odd)).collect();
    for ((_, odd), append) in settled.iter_mut().zip(&appends) {
        odd.extend(sent(intake.other_key(&append.event)).await?);
    }
    let mut open: Vec<usize> = (0..together.len()).collect();
    for _ in 0..TRIES {
        let told: Vec<Append> = open.iter().map(|n| appends[*n].clone()).collect();
        let documents: Vec<Bytes> = open.iter().filter_map(|n| together[*n].document.clone()).collect();
        let foreseen = sent(intake.foresee(told)).await?;
        let foreseen = foreseen.into_iter().zip(&open);
        let foreseen: Vec<Foresight> =
            foreseen.map(|(item, n)| item.and_then(|item| item.by(&together[*n].context))).collect();
        intake.keep(&foreseen, documents).await?;
        let fates = sent(intake.append(foreseen)).await?;
        let mut overtaken = Vec::new();
        for (fate, n) in fates.into_iter().zip(open) {
            match fate {
                Err(Refusal::Overtaken(_)) => overtaken.push(n),
                fate => settled[n].0 = Some(fate),
            }
        }
        if overtaken.is_empty() {
            break;
        }
        open = overtaken;
    }
    let people: Vec<Person> = together.iter().flat_map(|waiting| waiting.people.clone()).collect();
    sent(intake.remember(&people)).await?;
    Ok(settled)
}
