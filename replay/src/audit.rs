//! Proofs: that the log is the one that was vouched for, and that a published score follows from it.
//!
//! | module | what it does |
//! |---|---|
//! | [`tiles`] | inclusion and consistency proofs from the stored tiles |
//! | [`tree`] | the order and the hashes of a stream of events, against checkpoints |
//! | [`verification`] | the same stream folded, against everything published |
//! | [`live`] | all that on a database, and its live tables |
//! | [`tlog`] | the proof of one event with a kept checkpoint, in one text |
//! | [`check`] | proofs and explanations checked from their own text alone |
//! | [`explain`] | one score with the events it rests on, each with its proof |
//! | [`bundle`] | all that in one file, written and checked |

pub mod bundle;
pub mod check;
pub mod explain;
pub mod live;
pub mod tiles;
pub mod tlog;
pub mod tree;
pub mod verification;
