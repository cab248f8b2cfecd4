//! Being asked to stop, by a person or by who manages the service.

use std::sync::Arc;

use tokio::sync::watch;

/// A wish to stop. Clones are one wish; once asked for it stays.
#[derive(Clone, Debug)]
pub struct Stop(Arc<watch::Sender<bool>>);

impl Default for Stop {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }
}

impl Stop {
    /// Asks.
    pub fn ask(&self) {
        self.0.send_replace(true);
    }

    /// Whether somebody has asked.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until somebody asks.
    pub async fn asked(&self) {
        // The sender lives as long as this does, so there is nothing else to hear.
        let _ = self.0.subscribe().wait_for(|asked| *asked).await;
    }
}
