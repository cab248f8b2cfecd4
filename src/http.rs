//! The service over HTTP: a request is matched, read, answered by one use case, written. Nothing is decided here.

mod answer;
mod api;
mod asked;
mod auth;
pub(crate) mod client;
mod compress;
mod cors;
mod ingest;
mod metrics;
mod openapi;
mod query;
mod route;
pub(crate) mod server;
mod upstream;
