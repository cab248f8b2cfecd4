//! What the stories share: a fresh database, the program, events to append, numbers to draw.

pub(crate) mod cli;
pub(crate) mod db;
pub(crate) mod earlier;
pub(crate) mod events;
pub(crate) mod git;
pub(crate) mod host;
pub(crate) mod live;
pub(crate) mod log;
pub(crate) mod program;
pub(crate) mod random;
pub(crate) mod screen;
pub(crate) mod skipped;
pub(crate) mod terminal;
pub(crate) mod wait;

pub(crate) use db::Db;
