//! Stories that need a database or the binary. `DATABASE_URL` names a server on which databases may be created; each
//! story makes its own and drops it.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "a story that meets the unexpected ends there and then; its numbers are small"
)]

mod add;
mod analyst;
mod append;
mod architecture;
mod artifacts;
mod audit;
mod backup;
mod batch;
mod bench;
mod cli;
mod conformance;
mod curation;
mod demo;
mod deployment;
mod differential;
mod embedded;
mod golden;
mod immutability;
mod kills;
mod limits;
mod migration;
mod plans;
mod privacy;
mod purl_suite;
mod quarantine;
mod readme;
mod reads;
mod registry_cli;
mod service;
mod shapes;
mod steady;
mod storm;
mod support;
mod tenants;
mod values;
mod vectors;
