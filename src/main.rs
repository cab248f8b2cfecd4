//! `pg-atlas`: the program.

use std::process::ExitCode;

fn main() -> ExitCode {
    pg_atlas::main()
}
