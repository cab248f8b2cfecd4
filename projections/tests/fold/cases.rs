//! Worked cases: given these facts, that is what they mean.

mod activity;
mod adoption;
mod causes;
mod criticality;
mod diff;
mod edges;
mod identity;
mod membership;
mod pony;
mod projects;
mod questions;
mod terms;
