//! `rebuild` and `rollback`.

use crate::cli::failure::{REFUSED, Result};
use crate::cli::flags::Common;
use crate::cli::output::{Output, OutputFormat, fields};
use crate::service::Deps;
use crate::service::act::{rebuild, rollback};
use crate::service::ask::Projection;

/// `rebuild --cancel`.
pub(crate) async fn cancel(deps: &Deps) -> Result<Output> {
    Output::of(&rebuild::cancel(deps).await?)
}

/// `rebuild`.
pub(crate) async fn run(
    common: &Common,
    deps: &Deps,
    projection: Option<Projection>,
    formula: Option<String>,
    promote: bool,
    actor: Option<String>,
) -> Result<(Output, u8)> {
    let is_table = OutputFormat::or_default(common.format) == OutputFormat::Table;
    let asked = rebuild::RebuildOrder { projection, formula, promote, compared: !promote || is_table, actor };
    let rebuilt = rebuild::run(deps, &asked).await?;
    let Output::Object(mut result) = Output::of(&rebuilt)? else { return Ok((Output::None, 0)) };
    let Some(found) = &rebuilt.difference else {
        let diverged = rebuilt.equal_to_live == Some(false);
        return Ok((Output::Object(result), if diverged { REFUSED } else { 0 }));
    };
    let text = format!("{}\n{}", fields(&result), super::formula::diff::report(found));
    if !promote {
        let Output::Object(difference) = Output::of(found)? else { return Ok((Output::None, 0)) };
        result.extend(difference);
    }
    Ok((Output::Report(text, Box::new(result)), 0))
}

/// `rollback`.
pub(crate) async fn rollback(deps: &Deps, projection: Option<Projection>, actor: Option<&str>) -> Result<Output> {
    Output::of(&rollback::run(deps, projection, actor).await?)
}
