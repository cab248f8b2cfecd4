//! The rules of PG Atlas as pure values: what an event is, what a stream remembers, what a document claims,
//! what a formula says, how bytes are hashed. Nothing here reads a clock, an environment, a file or a database,
//! and nothing iterates in hash order, so the same input gives the same bytes everywhere.
//!
//! | word | means here |
//! |---|---|
//! | event | immutable fact, past tense; one per ingestion |
//! | stream | all events about one thing: `repo:<purl>`, `project:<id>`, ... |
//! | sequence | place within a stream, from 1 |
//! | position | place in the whole log, gapless, from 1 |
//! | source | one kind of record inside a stream; the unit of duplicate detection |
//! | claim | a directed statement "dependent depends on dependency" made by one source |
//! | formula | a named, versioned document that decides every number |

pub mod canonical;
pub mod checked;
pub mod checkpoint;
pub mod claims;
pub mod codec;
pub mod cosignature;
pub mod decide;
pub mod decimal;
pub mod digest;
pub mod event;
pub mod facts;
pub mod formula;
mod from_text;
pub mod grants;
pub mod identity;
mod meant_repository;
pub mod merkle;
pub mod note;
pub mod number;
pub mod purl;
pub mod recorded;
pub mod redact;
pub mod repository_link;
pub mod schema;
pub mod status;
pub mod stream;
pub mod tenant;
pub mod time;
pub mod tlog_proof;
pub mod unseen;
pub mod version;
pub mod witness;

pub use event::{Event, EventType};
pub use recorded::{Envelope, Position, Recorded};
pub use stream::{StreamId, StreamKind};
pub use tenant::{TenantId, TenantName};
pub use time::{Day, Timestamp};
