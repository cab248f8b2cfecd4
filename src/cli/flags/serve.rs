//! `serve`.

use std::net::SocketAddr;

use clap::{Args, ValueEnum};

/// How to serve.
#[derive(Args, Clone, Debug)]
pub(crate) struct Serve {
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    pub(crate) listen: SocketAddr,
    /// Only these parts of the service
    #[arg(long, value_enum, value_delimiter = ',', value_name = "PARTS")]
    pub(crate) only: Vec<ServicePart>,
    /// Answer questions and write nothing: as a login that may only read
    #[arg(long, conflicts_with = "only")]
    pub(crate) read_only: bool,
    /// Where to tell what is counted, as Prometheus reads it: not where everybody gets to
    #[arg(long, value_name = "ADDR")]
    pub(crate) metrics_listen: Option<SocketAddr>,
    /// Requests that a client may send to a tenant in a minute, 0 for any number; by default any on a listener for this
    /// machine alone, else 6000
    #[arg(long, value_name = "N")]
    pub(crate) rate: Option<u32>,
    /// Answer only what needs no database, and look at documents without taking them: to try clients out
    #[arg(long, conflicts_with_all = ["only", "read_only"])]
    pub(crate) no_database: bool,
}

/// A part of the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ServicePart {
    /// Answers questions over HTTP
    Api,
    /// Takes documents over HTTP
    Ingest,
    /// Keeps the live builds at the head
    Projector,
    /// Gives positions to what killed clients left behind
    Sequencer,
}

impl Serve {
    /// Whether a part runs.
    pub(crate) fn runs(&self, part: ServicePart) -> bool {
        if self.read_only { part == ServicePart::Api } else { self.only.is_empty() || self.only.contains(&part) }
    }
}
