//! Who may do what, and what is nowhere to be found.

mod matrix;
mod run;
mod users;
