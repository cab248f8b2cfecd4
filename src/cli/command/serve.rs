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
use crate::http::client::ClientLimits;
use crate::http::server::{self, Listeners, ServiceTasks};
use crate::service::Deps;
use crate::service::run::parts::Parts;

/// What is said once it answers.
#[derive(Serialize, Deserialize)]
struct Listening {
    listening: String,
}

/// `serve`.
pub(crate) async fn run(common: &Common, how: &Serve) -> Result<Output> {
    let settings = session::settings(common);
    let tasks = ServiceTasks {
        answers: how.runs(ServicePart::Api),
        takes: how.runs(ServicePart::Ingest),
        parts: Parts {
            sequencer: how.runs(ServicePart::Sequencer),
            signer: how.runs(ServicePart::Sequencer),
            projector: how.runs(ServicePart::Projector),
            ..Parts::ALL
        },
        writes: !how.read_only,
        limits: ClientLimits::of(&settings, how.rate, how.listen.ip())?,
    };
    let answers = if tasks.listens() { Some(listener(how.listen).await?) } else { None };
    if how.no_database {
        let stopping = Stopping::begin(|_| {})?;
        let said = |address| announce(common, address);
        server::run_without_database(&settings, answers, tasks.limits, &stopping.stop, said).await?;
        return Ok(Output::None);
    }
    let metrics = match how.metrics_listen {
        Some(place) => Some(listener(place).await?),
        None => None,
    };
    serve(common, session::deps(common)?, Listeners { answers, metrics }, tasks).await
}

/// Says the address.
fn announce(common: &Common, listening: String) -> Result<()> {
    output::print(&Output::of(&Listening { listening })?, OutputFormat::or_default(common.format))
}

/// A place to listen at.
pub(crate) async fn listener(place: SocketAddr) -> Result<TcpListener> {
    let bound = TcpListener::bind(place).await;
    bound.with_context(|| format!("cannot listen on {place}")).map_err(Failure::environment)
}

/// Serves until a signal, which is a good end.
pub(crate) async fn serve(common: &Common, deps: Deps, listeners: Listeners, tasks: ServiceTasks) -> Result<Output> {
    let stopping = Stopping::begin(|_| {})?;
    server::run(deps, listeners, tasks, &stopping.stop, |address| announce(common, address)).await?;
    Ok(Output::None)
}
