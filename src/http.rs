//! The service over HTTP: a request is matched, read, answered by one use case, written. Nothing is decided here.

mod answer;
mod api;
mod asked;
mod auth;
mod body;
pub(crate) mod client;
mod compress;
mod cors;
mod docs;
mod elsewhere;
mod ingest;
mod meant;
mod metrics;
mod openapi;
mod query;
pub(crate) mod server;
mod table;
mod upstream;
