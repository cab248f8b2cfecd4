//! `pg-atlas`: the program.

use std::process::ExitCode;

/// An auditor's program does with the system's allocator.
#[cfg(feature = "ingest")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    pg_atlas::main()
}
