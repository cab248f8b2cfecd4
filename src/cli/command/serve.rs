//! `serve`: the service over HTTP, until SIGINT or SIGTERM, which are a good end.

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

use crate::cli::failure::{Failure, Result};
use crate::cli::flags::Common;
use crate::cli::flags::serve::{Serve, ServicePart};
use crate::cli::interrupt::Stopping;
use crate::cli::output::{self, Output, OutputFormat};
use crate::cli::session;
use crate::http::server;
use crate::service::run::parts::Parts;

/// What is said once it answers.
#[derive(Serialize, Deserialize)]
struct Listening {
    listening: String,
}

/// `serve`.
pub(crate) async fn run(common: &Common, how: &Serve) -> Result<Output> {
    let api = if how.runs(ServicePart::Api) {
        let bound = TcpListener::bind(how.listen).await;
        Some(bound.with_context(|| format!("cannot listen on {}", how.listen)).map_err(Failure::environment)?)
    } else {
        None
    };
    let deps = session::deps(common)?;
    let stopping = Stopping::begin(|_| {})?;
    let format = OutputFormat::or_default(common.format);
    let announce = |address: String| match Output::of(&Listening { listening: address }) {
        Ok(said) => output::print(&said, format),
        Err(failure) => Err(failure),
    };
    let parts = Parts {
        sequencer: how.runs(ServicePart::Sequencer),
        projector: how.runs(ServicePart::Projector),
        ..Parts::ALL
    };
    server::run(deps, api, parts, how.read_only, &stopping.stop, announce).await?;
    Ok(Output::None)
}
