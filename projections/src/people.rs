//! Projection `people`: who committed how much to which repository on which day, under pseudonyms.

pub mod contributions;
pub mod family;
pub mod state;
pub(crate) mod table_rows;

pub(crate) use contributions::HistoryPlaces;
pub use contributions::{AuthorTotal, Contributions, LogOwners, RepoContributions};
pub use state::PeopleState;
