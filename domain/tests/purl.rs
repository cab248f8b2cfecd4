//! Package URLs: the rules of every type, and what holds for whatever text is given.

#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected ends there and then")]

#[path = "purl/properties.rs"]
mod properties;
#[path = "purl/rules.rs"]
mod rules;
