//! What the code may not become: arrows between the crates, forbidden words and places, sizes.

mod crates;
mod files;
mod statements;
mod tidy;
