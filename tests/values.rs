//! What people give to be kept: refused or mended in one place, whichever way it comes.

mod actors;
mod dry_runs;
mod flags;
mod ids;
mod labels;
mod rehearsals;
