//! `scores`.

use crate::cli::failure::Result;
use crate::cli::flags::{Common, ScoresArgs};
use crate::cli::output::{Output, OutputFormat};
use crate::cli::{gap, session};
use crate::service::ask::Level;
use crate::service::ask::scores::{FoundScores, ScoresQuery, Sort, fields_of, scores};

/// What people see, before whatever else a formula has.
const SHOWN: &[&str] = &["name", "criticality_score", "pony_factor", "adoption_score", "pg_score", "activity_status"];
/// What they see of it when they ask for it.
const ON_DEMAND: &[&str] = &["id", "project_id"];

/// `scores`. Behind a table of what is live now is said what no source says of it.
pub(crate) async fn run(common: &Common, asked: ScoresArgs) -> Result<Output> {
    let ScoresArgs { level, id, filter, sort, limit, at } = asked;
    let (sort, unsaid) = (order(common, sort.as_deref())?, is_table(common));
    let asked = ScoresQuery { level: level.into(), id, filter: filter.into(), sort, limit, at: at.into(), unsaid };
    let FoundScores { rows, unsaid } = scores(&session::deps(common)?, &asked).await?;
    let fields = fields_of(&rows);
    let further = fields.iter().copied().filter(|field| !SHOWN.contains(field) && !ON_DEMAND.contains(field));
    let shown = SHOWN.iter().copied().chain(further).collect();
    let lines = unsaid.map(|unsaid| gap::unsaid(&unsaid, asked.level == Level::Project)).unwrap_or_default();
    let rows = Output::columned(fields, &rows)?.shown(shown);
    Ok(if lines.is_empty() { rows } else { rows.followed_by(lines.join("\n") + "\n") })
}

/// In which order: the one asked for, else by id for programs and the best first for people.
fn order(common: &Common, asked: Option<&str>) -> Result<Sort> {
    Ok(match asked {
        Some(text) => Sort::parse(text)?,
        None if is_table(common) => Sort::Best,
        None => Sort::default(),
    })
}

/// Whether people read the answer.
fn is_table(common: &Common) -> bool {
    OutputFormat::or_default(common.format) == OutputFormat::Table
}
