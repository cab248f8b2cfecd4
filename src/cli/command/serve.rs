//! `serve`: the service over HTTP, until SIGINT or SIGTERM, which are a good end.

use std::net::SocketAddr;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

use crate::cli::failure::{Failure, Result};
use crate::cli::flags::Common;
use crate::cli::flags::serve::{Serve, ServicePart};
use crate::cli::interrupt::Stopping;
use crate::cli::output::{self, Output, OutputFormat};
use crate::cli::session;
use crate::http::server::{self, Listeners};
use crate::service::Deps;
use crate::service::run::parts::Parts;

/// What is said once it answers.
#[derive(Serialize, Deserialize)]
struct Listening {
    listening: String,
}

/// `serve`.
pub(crate) async fn run(common: &Common, how: &Serve) -> Result<Output> {
    let answers = if how.runs(ServicePart::Api) { Some(listener(how.listen).await?) } else { None };
    let metrics = match how.metrics_listen {
        Some(place) => Some(listener(place).await?),
        None => None,
    };
    let deps = session::deps(common)?;
    let parts = Parts {
        sequencer: how.runs(ServicePart::Sequencer),
        projector: how.runs(ServicePart::Projector),
        ..Parts::ALL
    };
    serve(common, deps, Listeners { answers, metrics }, parts, how.read_only).await
}

/// A place to listen at.
pub(crate) async fn listener(place: SocketAddr) -> Result<TcpListener> {
    let bound = TcpListener::bind(place).await;
    bound.with_context(|| format!("cannot listen on {place}")).map_err(Failure::environment)
}

/// Serves until a signal, which is a good end.
pub(crate) async fn serve(
    common: &Common,
    deps: Deps,
    listeners: Listeners,
    parts: Parts,
    read_only: bool,
) -> Result<Output> {
    let stopping = Stopping::begin(|_| {})?;
    let format = OutputFormat::or_default(common.format);
    let announce = |address: String| match Output::of(&Listening { listening: address }) {
        Ok(said) => output::print(&said, format),
        Err(failure) => Err(failure),
    };
    server::run(deps, listeners, parts, read_only, &stopping.stop, announce).await?;
    Ok(Output::None)
}
