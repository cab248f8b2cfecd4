//! What an append answers, and what it leaves in the log.

mod batch;
mod contention;
mod duplicates;
mod promise;
mod refusals;
mod remembered;
mod single;
