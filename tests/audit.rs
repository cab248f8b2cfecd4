//! The auditor's stories: nothing can be changed unnoticed, and every published score can be checked elsewhere.

mod bundle;
mod check;
mod checkpoint;
mod definitions;
mod erased;
mod erasure;
mod explain;
mod import;
mod python;
mod readers;
mod rules;
pub(crate) mod support;
mod tamper;
mod tiles;
mod versions;
mod witness;
