//! The path of one event: a command to the stream's aggregate, through the framework.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use cqrs_es::persist::PersistedEventStore;
use cqrs_es::{AggregateError, CqrsFramework};
use domain::StreamKind;
use uuid::Uuid;

use super::Log;
use crate::aggregate::{
    Atlas, Fact, Formula, KindTag, Package, Project, Repo, Round, Stream, Surroundings, Survey, TypeInside,
};
use crate::append::{AppendOutcome, EventMetadata, Prepared, Settled};
use crate::error::{AppendError, Corrupt, Refusal};
use crate::limits::TRIES;
use crate::repository::LogRepository;

/// Longest pause before the second try, in milliseconds; it doubles with each further one.
const PAUSE_MILLISECONDS: u64 = 8;

pub(crate) async fn append(
    log: &Log,
    prepared: Arc<Prepared>,
    metadata: &EventMetadata,
) -> Result<AppendOutcome, AppendError> {
    let metadata = Arc::new(metadata.clone());
    for attempt in 0..TRIES {
        pause(attempt).await;
        let outcome = match prepared.stream.kind() {
            StreamKind::Repo => once::<Repo>(log, &prepared, &metadata).await?,
            StreamKind::Package => once::<Package>(log, &prepared, &metadata).await?,
            StreamKind::Project => once::<Project>(log, &prepared, &metadata).await?,
            StreamKind::Survey => once::<Survey>(log, &prepared, &metadata).await?,
            StreamKind::Round => once::<Round>(log, &prepared, &metadata).await?,
            StreamKind::Formula => once::<Formula>(log, &prepared, &metadata).await?,
            StreamKind::Atlas => once::<Atlas>(log, &prepared, &metadata).await?,
        };
        if let Some(outcome) = outcome {
            return Ok(outcome);
        }
    }
    Err(AppendError::Conflict { what: prepared.stream.to_string() })
}

/// One try. `Ok(None)`: somebody else wrote to the stream meanwhile, or the server has lost what nobody was told of.
async fn once<K: KindTag>(
    log: &Log,
    prepared: &Arc<Prepared>,
    metadata: &Arc<EventMetadata>,
) -> Result<Option<AppendOutcome>, AppendError> {
    let append_id = Uuid::now_v7();
    let surroundings = Arc::new(Surroundings::default());
    let repository = LogRepository {
        pool: log.pool().clone(),
        tenant: log.tenant(),
        append_id,
        prepared: Arc::clone(prepared),
        metadata: Arc::clone(metadata),
        surroundings: Arc::clone(&surroundings),
    };
    let store =
        PersistedEventStore::<_, Stream<K>>::new_aggregate_store(repository).with_upcasters(vec![Box::new(TypeInside)]);
    let framework = CqrsFramework::new(store, vec![], Arc::clone(&surroundings));
    let fields: HashMap<String, String> = metadata.fields.clone().into_iter().collect();

    // Asked for before the commit: the sequencer may be faster than our answer from the database.
    let ticket = log.sequencer().expect(append_id);
    match framework.execute_with_metadata(prepared.stream.id(), Fact::Handed(Arc::clone(prepared)), fields).await {
        Ok(()) => {}
        Err(AggregateError::AggregateConflict) => return Ok(None),
        Err(error) => return Err(unwrapped(error)),
    }
    match surroundings.found() {
        Some(Settled::New(locus)) => {
            let first = log.placed(locus.append, ticket.redeem().await).await?;
            Ok(first.map(|first| AppendOutcome::Appended(locus.place(first))))
        }
        Some(Settled::Old(locus)) => {
            let first = log.placed(locus.append, log.sequencer().first_position(locus.append).await).await?;
            Ok(first.map(|first| AppendOutcome::Duplicate(locus.place(first))))
        }
        None => Err(Corrupt::stream(&prepared.stream, "the framework stored nothing").into()),
    }
}

/// Our own error out of the framework's.
fn unwrapped(error: AggregateError<Refusal>) -> AppendError {
    match error {
        AggregateError::UserError(refusal) => AppendError::Refused(refusal),
        AggregateError::AggregateConflict => AppendError::Conflict { what: "stream".to_owned() },
        AggregateError::DatabaseConnectionError(error)
        | AggregateError::DeserializationError(error)
        | AggregateError::UnexpectedError(error) => match error.downcast::<AppendError>() {
            Ok(ours) => *ours,
            Err(error) => match error.downcast::<sqlx::Error>() {
                Ok(database) => AppendError::Database(*database),
                Err(error) => Corrupt::new("log.event", error.to_string()).into(),
            },
        },
    }
}

/// Waits a random while before a further try, so that two who met do not meet again.
pub(crate) async fn pause(attempt: u32) {
    if attempt > 0 {
        let longest = PAUSE_MILLISECONDS << attempt.min(10);
        let random = Uuid::now_v7().as_u128() % u128::from(longest * 1000);
        tokio::time::sleep(Duration::from_micros(u64::try_from(random).unwrap_or(longest))).await;
    }
}
