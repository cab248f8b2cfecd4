//! Raw documents go to the artifact store before the events that name them, and only with such an event.
//!
//! The log is asked first what would become of each event: what it has already, or refuses, leaves no document behind,
//! and one that was erased does not come back with a document that is told again. When two bring the same facts in the
//! same moment, both keep what they bring and one of them is the duplicate: then a document may lie there unnamed.

use std::collections::BTreeSet;

use ::ingest::append::{ForeseenAppend, TRIES};
use ::ingest::artifact::{ArtifactError, Store};
use ::ingest::{Append, AppendContext, AppendError, AppendOutcome, Log, Refusal};
use bytes::Bytes;
use domain::digest::Digest;

use crate::cli::failure::{Failure, Result};

/// Keeps those of these documents that an event which is about to be appended names.
pub(crate) async fn documents<D: Into<Bytes>>(
    store: &Store,
    foreseen: &[std::result::Result<ForeseenAppend, Refusal>],
    documents: impl IntoIterator<Item = D>,
) -> Result<()> {
    let named: BTreeSet<Digest> = foreseen.iter().flatten().filter_map(ForeseenAppend::document).collect();
    let documents = documents.into_iter().map(Into::into).filter(|document| named.contains(&Digest::of(document)));
    store.put_all(documents).await.map_err(|error: ArtifactError| Failure::environment(error))
}

/// Appends one event, its document first.
pub(crate) async fn one(
    log: &Log,
    store: &Store,
    append: Append,
    document: Vec<u8>,
    context: &AppendContext,
) -> Result<AppendOutcome> {
    let document = Bytes::from(document);
    for _ in 0..TRIES {
        let foreseen = log.foresee(vec![append.clone()]).await?;
        documents(store, &foreseen, [document.clone()]).await?;
        match log.append_foreseen(foreseen, context).await?.pop() {
            None | Some(Err(Refusal::Overtaken(_))) => {}
            Some(outcome) => return outcome.map_err(|refusal| AppendError::from(refusal).into()),
        }
    }
    Err(AppendError::Conflict { what: "stream".to_owned() }.into())
}
