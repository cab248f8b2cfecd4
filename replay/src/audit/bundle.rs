//! The bundle: a log and all that is needed to check it, in one file. Gzip over lines of JSON, so that any program can
//! read it as a stream. The format is written down in `docs/AUDIT_FORMATS.md`.

pub mod export;
pub mod line;
pub mod reader;
pub mod verify;

pub use line::FORMAT;
