//! The write side: sources turn bytes into facts, the append path turns facts into events, the sequencer gives them
//! positions. The only writer of the log.
//!
//! | module | what it does |
//! |---|---|
//! | [`source`] | documents of the outside world become facts |
//! | [`input`], [`artifact`] | bounded reading of documents, and where their raw bytes are kept |
//! | [`Log`] | the way in: appends one event, or many in a transaction, and answers their positions |
//! | [`append`] | what goes in, and the steps by which facts become events |
//! | [`aggregate`] | what a stream remembers, as cqrs-es wants to be told |
//! | [`sequencer`] | committed events get positions, the log gets its root |
//! | [`checkpoint`], [`signing_key`] | signed tree heads, and what they are signed with |
//! | [`api_key`] | secrets of clients |
//! | [`token`] | who submits, by the tokens of a code host |
//! | [`witness`] | a witness of our own: its key, and what it has seen |
//! | [`import`] | a log from elsewhere, taken in as it is |
//! | [`backup`], [`place`] | all that cannot be made again, kept elsewhere and put back, and where elsewhere is |
//! | [`erase`] | what the law demands to be forgotten |
//! | [`migrate()`], [`roles`], [`connect()`] | the schema, who may do what in it, and connections with limits |

pub mod aggregate;
pub mod api_key;
pub mod append;
pub mod artifact;
pub mod backup;
pub mod bench;
pub mod checkpoint;
pub mod connect;
pub mod erase;
pub mod error;
pub mod import;
pub mod input;
pub mod key_file;
mod limits;
mod log;
pub mod migrate;
pub mod place;
pub mod pseudonym_key;
mod repository;
pub mod roles;
pub mod sequencer;
pub mod signing_key;
pub mod source;
pub mod token;
pub mod witness;

pub use append::{Append, AppendContext, AppendOutcome};
pub use connect::connect;
pub use error::{AppendError, Refusal};
pub use log::Log;
pub use migrate::migrate;
