//! What the code may not become: arrows between the crates, forbidden words and places, sizes.

mod circles;
mod crates;
mod files;
mod fronts;
mod help;
mod names;
mod numbers;
mod settings;
mod statements;
mod tidy;
mod words;
