//! Proofs: that the log is the one that was vouched for, and that a published score follows from it.
//!
//! | module | what it does |
//! |---|---|
//! | [`tiles`] | inclusion and consistency proofs from the stored tiles |
//! | [`tree`] | the order and the hashes of a stream of events, against checkpoints |
//! | [`verification`] | the same stream folded, against everything published |
//! | [`live`] | all that on a database, and its live tables (`live_tables`), folded beside the connection (`beside`) |
//! | [`definitions`] | whether views, triggers and functions are those that the program makes (`migrated`) |
//! | [`erased`] | what of a publication can still be compared when payloads are gone |
//! | `rules` | what every event keeps, whoever wrote it |
//! | [`verdict`], [`fault`] | what becomes of a publication; what else is wrong, by its name |
//! | [`report`] | what a check came to |
//! | [`tlog`] | the proof of one event with a kept checkpoint, in one text |
//! | [`check`] | proofs and explanations checked from their own text alone |
//! | [`policy`] | what an auditor trusts: keys, witnesses and their quorum |
//! | [`explain`] | one score with the events it rests on, each with its proof |
//! | [`bundle`] | all that in one file, written and checked |

mod beside;
pub mod bundle;
pub mod check;
pub mod definitions;
pub mod erased;
pub mod explain;
pub mod fault;
pub mod live;
mod live_tables;
mod migrated;
pub mod policy;
pub mod report;
mod rules;
pub mod tiles;
pub mod tlog;
pub mod tree;
pub mod verdict;
pub mod verification;
