//! How results are shown: what every command takes.

use clap::Args;

/// How results are shown.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Show {
    /// Tables with every column, nothing cut
    #[arg(long, global = true)]
    pub(crate) wide: bool,
    /// Only these columns of a table or of CSV, in this order
    #[arg(long, global = true, value_delimiter = ',', value_name = "NAME,...")]
    pub(crate) columns: Vec<String>,
    /// CSV with texts as they are: nothing in front of what a spreadsheet would take for a formula
    #[arg(long, global = true)]
    pub(crate) raw: bool,
    /// No pager for what is longer than the terminal
    #[arg(long, global = true)]
    pub(crate) no_pager: bool,
}
