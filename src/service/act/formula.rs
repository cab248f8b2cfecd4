//! A formula enters the log.

use std::path::Path;

use domain::Event;
use domain::digest::Digest;
use domain::facts::formula::FormulaAdopted;
use ingest::Append;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::placed::Placed;
use crate::service::ask::formula::adoptable;
use crate::service::deps::context;
use crate::service::{Deps, Result};

/// A formula that the log holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Adopted {
    /// Its name.
    pub name: String,
    /// Hash of its canonical form.
    pub hash: Digest,
    /// The event that holds it.
    #[serde(flatten)]
    pub placed: Placed,
}

/// Takes a formula file into the log.
///
/// # Errors
/// When the file holds no formula that a log can take in, or the append is refused.
pub async fn adopt(deps: &Deps, file: &Path, actor: Option<&str>) -> Result<Adopted> {
    let found = adoptable(file)?;
    let (name, hash) = (found.formula.name.clone(), found.formula.hash());
    let facts = FormulaAdopted { name: name.clone(), hash, document: found.document };
    let outcome = deps.log().await?.append(Append::from(Event::from(facts)), &context(actor)).await?;
    Ok(Adopted { name, hash, placed: Placed::from(&outcome) })
}
