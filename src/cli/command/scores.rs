//! `scores`.

use crate::cli::failure::Result;
use crate::cli::flags::Common;
use crate::cli::output::{Output, OutputFormat};
use crate::service::Deps;
use crate::service::ask::scores::{ScoresQuery, Sort, fields_of, scores};

/// What people see, before whatever else a formula has.
const SHOWN: &[&str] = &["name", "criticality_score", "pony_factor", "adoption_score", "pg_score", "activity_status"];
/// What they see of it when they ask for it.
const ON_DEMAND: &[&str] = &["id", "project_id"];

/// `scores`.
pub(crate) async fn run(deps: &Deps, asked: &ScoresQuery) -> Result<Output> {
    let found = scores(deps, asked).await?;
    let fields = fields_of(&found);
    let further = fields.iter().copied().filter(|field| !SHOWN.contains(field) && !ON_DEMAND.contains(field));
    let shown = SHOWN.iter().copied().chain(further).collect();
    Ok(Output::columned(fields, &found)?.shown(shown))
}

/// In which order: the one asked for, else by id for programs and the best first for people.
pub(crate) fn order(common: &Common, asked: Option<&str>) -> Result<Sort> {
    let is_table = OutputFormat::or_default(common.format) == OutputFormat::Table;
    Ok(match asked {
        Some(text) => Sort::parse(text)?,
        None if is_table => Sort::Best,
        None => Sort::default(),
    })
}
