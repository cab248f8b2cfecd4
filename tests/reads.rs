//! Who reads while others write: nothing is mistaken for a damaged log, and every answer is of one moment.

mod damaged;
mod erasing;
mod moments;
mod plans;
mod refused;
mod unprovable;
