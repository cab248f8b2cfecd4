//! `demo`.

#[cfg(feature = "serve")]
use std::net::SocketAddr;

use clap::Args;

/// How the demo is shown.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct DemoArgs {
    /// Serve it over HTTP afterwards, until it is interrupted
    #[cfg(feature = "serve")]
    #[arg(long)]
    pub(crate) serve: bool,
    /// Where to listen; port 0 takes a free one
    #[cfg(feature = "serve")]
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080", requires = "serve")]
    pub(crate) listen: SocketAddr,
}
