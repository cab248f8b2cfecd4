//! What the log says when it has grown: one who hears it need not wait until it looks again.

use std::time::Duration;

use sqlx::postgres::PgListener;

use crate::service::Deps;

/// How long a follower waits before it looks at the log again, whatever it hears: polling is the truth.
pub(super) const POLL: Duration = Duration::from_millis(50);

/// An ear on the log. Where there is none, or it has gone deaf, waiting is all there is.
pub(super) struct Hints(Option<PgListener>);

impl Hints {
    /// No ear: the log is looked at, and that is enough.
    pub(super) fn none() -> Self {
        Self(None)
    }

    /// Listens on a connection of its own.
    #[cfg(feature = "ingest")]
    pub(super) async fn listen(deps: &Deps) -> Self {
        let listening = async {
            let mut listener = PgListener::connect_with(&deps.listening_pool().await?).await?;
            // A database that went away is a matter of the connection that does the work.
            listener.eager_reconnect(false);
            listener.listen(&ingest::sequencer::channel(deps.tenant())).await?;
            Ok::<_, crate::service::Error>(listener)
        };
        Self(listening.await.ok())
    }

    /// A program without the append path does not know where the log speaks.
    #[cfg(not(feature = "ingest"))]
    #[allow(clippy::unused_async, reason = "the same signature in every build")]
    pub(super) async fn listen(_: &Deps) -> Self {
        Self::none()
    }

    /// Waits until the log may have grown, and no longer than [`POLL`].
    pub(super) async fn wait(&mut self) {
        let Some(listener) = &mut self.0 else { return tokio::time::sleep(POLL).await };
        let heard = tokio::time::timeout(POLL, listener.try_recv()).await;
        if matches!(heard, Ok(Ok(None) | Err(_))) {
            self.0 = None;
        } else if heard.is_ok() {
            // One look is an answer to all that was said before it.
            while let Ok(Ok(Some(_))) = tokio::time::timeout(Duration::ZERO, listener.try_recv()).await {}
        }
    }
}
