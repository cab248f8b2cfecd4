//! `scores`.

use crate::cli::failure::Result;
use crate::cli::flags::Common;
use crate::cli::output::{Output, OutputFormat};
use crate::cli::{gap, session};
use crate::service::ask::Level;
use crate::service::ask::scores::{ScoresQuery, Sort, fields_of, scores};
use crate::service::ask::unsaid::unsaid;

/// What people see, before whatever else a formula has.
const SHOWN: &[&str] = &["name", "criticality_score", "pony_factor", "adoption_score", "pg_score", "activity_status"];
/// What they see of it when they ask for it.
const ON_DEMAND: &[&str] = &["id", "project_id"];

/// `scores`. Behind a table of what is live now is said what no source says of it.
pub(crate) async fn run(common: &Common, asked: &ScoresQuery) -> Result<Output> {
    let deps = session::deps(common)?;
    let found = scores(&deps, asked).await?;
    let fields = fields_of(&found);
    let further = fields.iter().copied().filter(|field| !SHOWN.contains(field) && !ON_DEMAND.contains(field));
    let shown = SHOWN.iter().copied().chain(further).collect();
    let rows = Output::columned(fields, &found)?.shown(shown);
    let whole = asked.id.is_none() && asked.at.is_now() && asked.level != Level::External && !found.is_empty();
    if whole && is_table(common) {
        let lines = gap::unsaid(&unsaid(&deps).await?, asked.level == Level::Project);
        return Ok(if lines.is_empty() { rows } else { rows.followed_by(lines.join("\n") + "\n") });
    }
    Ok(rows)
}

/// In which order: the one asked for, else by id for programs and the best first for people.
pub(crate) fn order(common: &Common, asked: Option<&str>) -> Result<Sort> {
    Ok(match asked {
        Some(text) => Sort::parse(text)?,
        None if is_table(common) => Sort::Best,
        None => Sort::default(),
    })
}

fn is_table(common: &Common) -> bool {
    OutputFormat::or_default(common.format) == OutputFormat::Table
}
