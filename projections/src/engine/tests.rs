//! The engine against a breadth-first search from every node, on graphs of every shape.

mod oracle;
mod properties;
mod real;
