//! What a superuser does so that nobody need work as one: the text of it, for a private server and for any other.

/// Gives what is owned above policies to the role in `pg_atlas.owner`.
pub(crate) const GIVE: &str = include_str!("owner/give.sql");
/// Makes the role in `pg_atlas.owner`, fit to own a log.
#[cfg(feature = "ingest")]
pub(crate) const MAKE: &str = include_str!("owner/make.sql");
/// Makes the roles of a private server.
pub(crate) const PRIVATE: &str = include_str!("owner/private.sql");
/// Answers the database of a private server, where there is one.
pub(crate) const HAS_DATABASE: &str = include_str!("owner/has_database.sql");
