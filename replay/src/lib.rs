//! Reader of the log: ordered pages, catch-up, rebuild, as-of, verification. It writes builds, never the log; nothing
//! of the append path is linked in here.

pub mod as_of;
pub mod audit;
pub mod catch_up;
pub mod decisions;
pub mod erasure;
pub mod error;
mod fence;
pub mod forget;
pub mod formulas;
pub mod log;
pub mod onlooker;
pub mod present;
pub mod projector;
pub mod promote;
pub mod publication;
pub mod quarantine;
pub mod rebuild;
pub mod rollback;
pub mod snapshot;
pub mod stand_by;
pub mod stop;
mod switch;
mod threads;
pub mod verify;

pub use error::ReplayError;
pub use snapshot::SNAPSHOT;

/// The version of the newest migration: the tables that are read here are as it leaves them.
pub const SCHEMA: i64 = 22;
