//! Where other programs hand documents in: many at once, read by few, appended by one.

use std::sync::Arc;

use ingest::source::{Reading, Reads};
use ingest::token::TokenVerifier;
pub use ingest::token::{Submitter, TokenRefusal};
use ingest::{AppendContext, input};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::batch::{BatchIngested, BatchInput, batch};
use super::failures::counted;
use super::queue::AppendQueue;
use super::{Circumstances, Destination, DocumentSubject, Ingested, OneIngested, Submission, existing_key};
use crate::service::aside::aside;
use crate::service::deps::context;
use crate::service::watch::Unwatched;
use crate::service::{Deps, Error, Result, Settings};

/// Largest document that is handed in, in bytes, packed or not: 64 MiB.
pub const MAX_DOCUMENT_BYTES: u64 = 64 * 1024 * 1024;

/// The desk.
#[derive(Clone)]
pub struct Desk {
    /// None where there is no database.
    open: Option<(Deps, AppendQueue)>,
    tokens: Option<Arc<TokenVerifier>>,
    /// Whoever reads a document has one of these.
    readers: Arc<Semaphore>,
}

impl Desk {
    /// The desk of an atlas; what goes on behind it ends when nobody has the desk any more. To be called where there is
    /// a runtime.
    ///
    /// # Errors
    /// When the settings name no address of keys that could be one.
    pub fn of(deps: &Deps) -> Result<Self> {
        let desk = Self::without_database(deps.settings())?;
        Ok(Self { open: Some((deps.clone(), AppendQueue::to(deps.clone()))), ..desk })
    }

    /// The desk of another tenant. Tokens are for it alone: their audience ends in its place within the service.
    #[must_use]
    pub fn beside(&self, deps: &Deps) -> Self {
        let place = format!("/t/{}", deps.tenant_name());
        let tokens = self.tokens.as_ref().map(|tokens| Arc::new(tokens.within(&place)));
        Self { open: Some((deps.clone(), AppendQueue::to(deps.clone()))), tokens, readers: Arc::clone(&self.readers) }
    }

    /// One that only looks at what is handed in.
    ///
    /// # Errors
    /// As [`Desk::of`].
    pub fn without_database(settings: &Settings) -> Result<Self> {
        let tokens = TokenVerifier::of(|name| settings.variable(name));
        let tokens = tokens.map_err(|error| Error::invalid(error.variable, error))?;
        let readers = std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Self { open: None, tokens: tokens.map(Arc::new), readers: Arc::new(Semaphore::new(readers)) })
    }

    /// The atlas.
    pub(in crate::service::act) fn deps(&self) -> Result<&Deps> {
        let open = self.open.as_ref().map(|(deps, _)| deps);
        open.ok_or_else(|| Error::unavailable("Database is not configured."))
    }

    /// Whoever a token says is submitting.
    ///
    /// # Errors
    /// Why it is not believed.
    pub async fn submitter(&self, token: &str) -> std::result::Result<Submitter, TokenRefusal> {
        match &self.tokens {
            Some(tokens) => tokens.verify(token).await,
            None => {
                let reason = "this server takes no tokens: PG_ATLAS_API_URL is not set";
                Err(TokenRefusal::Invalid(reason.to_owned()))
            }
        }
    }

    /// A place among those who read.
    async fn reader(&self) -> Result<OwnedSemaphorePermit> {
        Arc::clone(&self.readers).acquire_owned().await.map_err(Error::unavailable)
    }

    /// Reads on a thread of its own, when there is one free. Who goes away meanwhile leaves it at that, and the place
    /// is taken until it has ended.
    pub(in crate::service::act) async fn reading<T: Send + 'static>(
        &self,
        read: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let reader = self.reader().await?;
        let read = tokio::task::spawn_blocking(move || {
            let _reader = reader;
            read()
        });
        read.await.map_err(|_| Error::refused("the document cannot be read"))?
    }

    /// Where documents go that are taken as a command takes them.
    fn destination(&self, rehearsal: bool) -> Result<Destination> {
        let deps = self.deps()?;
        Ok(if rehearsal {
            Destination::Rehearsal(deps.settings().clone(), Arc::new(Unwatched))
        } else {
            Destination::Open(deps.clone())
        })
    }

    /// Unpacks a document, and no more of it than may be.
    ///
    /// # Errors
    /// [`Error::Refused`] when it is damaged, [`Error::Invalid`] of `body` when it is too large.
    pub async fn unpacked(&self, body: Vec<u8>) -> Result<Vec<u8>> {
        self.reading(move || {
            input::read_from(&body[..], "the document", MAX_DOCUMENT_BYTES).map_err(|error| match error {
                error @ input::InputError::TooLarge { .. } => Error::invalid("body", error),
                error => Error::refused(error),
            })
        })
        .await
    }

    /// Appends what was read of one document, together with whatever else is handed in.
    pub(in crate::service::act) async fn append(
        &self,
        reading: Reading,
        circumstances: &Circumstances,
        context: AppendContext,
    ) -> Result<OneIngested> {
        let (_, queue) = self.open.as_ref().ok_or_else(|| Error::unavailable("Database is not configured."))?;
        queue.append(reading, circumstances, context).await
    }

    /// Takes a document of this kind in, or only says what would become of it.
    ///
    /// # Errors
    /// As [`Submission::take`].
    pub async fn take(
        &self,
        kind: &str,
        about: &DocumentSubject,
        circumstances: Circumstances,
        document: Vec<u8>,
        rehearsal: bool,
    ) -> Result<Ingested> {
        let submission = Submission::of_kind(kind, about)?;
        let documents = vec![("document".to_owned(), document)];
        let many = ingest::source::named(kind).is_some_and(|kind| matches!(kind.reads, Reads::Records(_)));
        if many || rehearsal {
            let (to, reader) = (self.destination(rehearsal)?, self.reader().await?);
            let taken = aside(async move || {
                let _reader = reader;
                submission.take(&to, documents, false, &circumstances).await
            });
            return counted(self.deps()?, taken.await);
        }
        let (observed_at, data_dir) = (circumstances.observed_at, self.deps()?.data_dir().to_owned());
        let reading = self.reading(move || submission.read(documents, observed_at, || existing_key(&data_dir))).await?;
        let context = context(circumstances.actor.as_deref());
        Ok(Ingested::One(self.append(reading, &circumstances, context).await?))
    }

    /// Takes many documents in, one a line.
    ///
    /// # Errors
    /// As [`batch`].
    pub async fn batch(
        &self,
        lines: impl std::io::Read + Send + 'static,
        circumstances: &Circumstances,
        rehearsal: bool,
    ) -> Result<BatchIngested> {
        let lines = BatchInput::stream(lines, "the lines", None);
        counted(self.deps()?, batch(&self.destination(rehearsal)?, lines, false, circumstances).await)
    }
}
