//! The command line keeps its contract: keys, exit codes, formats, and an answer to every bad input.

mod advice;
mod bad_grants;
mod bad_sbom;
mod bad_survey;
mod configuration;
mod connections;
mod contract;
pub(crate) mod documents;
mod formats;
mod git_log;
mod log_lines;
mod manual;
mod points;
pub(crate) mod readme;
mod repeats;
mod scores;
mod sources;
mod speaking;
mod spreadsheets;
mod tables;
mod terminal;
mod views;
mod why;
mod wild;
