//! `embedded-ping`: starts or joins the embedded server and says what it found; a hidden aid for diagnosis and tests.

use std::io::{self, Read as _, Write as _};

use super::failure::{Failure, Result};
use super::flags::PingArgs;
use crate::embedded;

/// Prints one line of JSON. Runs before a runtime exists.
pub(super) fn run(args: &PingArgs) -> Result<()> {
    let data = args.data_dir.clone().map_or_else(embedded::default_data_dir, Ok).map_err(Failure::environment)?;
    let server = embedded::start(&data).map_err(Failure::environment)?;
    let pong = embedded::ping(&server, &data).map_err(Failure::environment)?;
    let line = serde_json::to_string(&pong).map_err(Failure::refused)?;
    let mut out = io::stdout();
    writeln!(out, "{line}").and_then(|()| out.flush()).map_err(Failure::environment)?;
    if args.hold {
        io::stdin().read_to_end(&mut Vec::new()).map_err(Failure::environment)?;
    }
    Ok(())
}
