//! Who may do what, and what is nowhere to be found.

mod matrix;
mod promise;
mod run;
mod users;
