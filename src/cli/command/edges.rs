//! `edges`.

use crate::cli::failure::Result;
use crate::cli::flags::EdgeLevel;
use crate::cli::output::Output;
use crate::service::Deps;
use crate::service::ask::edges::{EdgesQuery, edges, why};
use crate::service::ask::point::PointQuery;

/// What people see of the reasons for an edge.
const WHY: &[&str] = &["id", "position", "version", "reason"];

/// `edges`.
pub(crate) async fn run(
    deps: &Deps,
    of: Option<String>,
    level: EdgeLevel,
    ends: Option<&[String]>,
    as_of: Option<String>,
) -> Result<Output> {
    let at = PointQuery { as_of, formula: None };
    match ends {
        Some([from, to]) => Ok(Output::rows(&why(deps, from, to, &at).await?)?.shown(WHY.to_vec())),
        _ => Output::rows(&edges(deps, &EdgesQuery { of, ends: level.into(), at }).await?),
    }
}
