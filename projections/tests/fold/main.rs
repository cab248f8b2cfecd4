//! The read side, held from outside: facts go in as events, and what comes out is compared with the definitions.

#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected ends there and then")]

mod cases;
mod claimed;
mod facts;
mod history;
mod logs;
mod looks;
mod meaning;
mod oracle;
mod order;
mod stored;
mod tables;
mod why;
