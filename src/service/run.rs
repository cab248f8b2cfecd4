//! Work that goes on beside questions and deeds.

pub mod project;
