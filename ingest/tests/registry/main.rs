//! Host facts and registries: what the parsers read, what the crawler does when a registry behaves and when not.

mod crawl;
mod host;
mod misbehaviour;
mod parsers;
mod properties;
mod repo;
mod samples;
mod server;
