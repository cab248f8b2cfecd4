//! Proofs: that the log is the one that was vouched for, and that a published score follows from it.
//!
//! | module | what it does |
//! |---|---|
//! | [`tiles`] | inclusion and consistency proofs from the stored tiles |
//! | [`tree`] | the order and the hashes of a stream of events, against checkpoints |
//! | [`verification`] | the same stream folded, against everything published |
//! | [`live`] | all that on a database, and its live tables |
//! | [`explain`] | one score with the events it rests on, each with its proof |
//! | [`bundle`] | all that in one file, written and checked |

pub mod bundle;
pub mod explain;
pub mod live;
pub mod tiles;
pub mod tree;
pub mod verification;
