//! Read models. One fold: a state, a pure `apply`, a pure evaluation. The live projector, a rebuild, an as-of read and
//! an audit run the same code; only the sink differs (one transaction with the cursor, COPY into a fresh build,
//! memory).

pub mod changes;
pub mod diff;
pub mod engine;
pub mod explain;
pub mod families;
pub mod family;
pub mod fold;
pub mod graph;
pub mod history;
pub mod metrics;
pub mod newest;
pub mod people;
pub mod placed;
pub mod store;
pub mod table;
pub mod tables;
pub mod why;

pub use families::{Projection, World};
pub use fold::{Fold, View};
