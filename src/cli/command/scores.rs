//! `scores`.

use crate::cli::failure::Result;
use crate::cli::flags::Common;
use crate::cli::output::{Output, OutputFormat};
use crate::cli::{gap, session};
use crate::service::ask::Level;
use crate::service::ask::scores::{ScoresQuery, fields_of, scores};
use crate::service::ask::unsaid::unsaid;

/// `scores`. Behind a table of what is live now is said what no source says of it.
pub(crate) async fn run(common: &Common, asked: &ScoresQuery) -> Result<Output> {
    let deps = session::deps(common)?;
    let found = scores(&deps, asked).await?;
    let whole = asked.id.is_none() && asked.at.is_now() && asked.level != Level::External && !found.is_empty();
    if whole && OutputFormat::or_default(common.format) == OutputFormat::Table {
        let lines = gap::unsaid(&unsaid(&deps).await?, asked.level == Level::Project);
        let table = Output::columned(fields_of(&found), &found)?;
        return Ok(if lines.is_empty() { table } else { table.followed_by(lines.join("\n") + "\n") });
    }
    Output::columned(fields_of(&found), &found)
}
