//! The service over HTTP: a request is matched, read, answered by one use case, written. Nothing is decided here.

mod answer;
mod cors;
mod query;
mod route;
pub(crate) mod server;
mod upstream;

use std::sync::Arc;

use crate::service::Deps;
use crate::service::run::keeper::HeldSnapshot;

/// What handlers stand on.
#[derive(Clone)]
pub(crate) struct Site {
    /// The atlas.
    pub(crate) deps: Deps,
    /// The snapshot that answers are from.
    pub(crate) held: Arc<HeldSnapshot>,
}
