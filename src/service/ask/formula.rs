//! Formulas as data: which there are, what one says, what moves between two.

use std::path::Path;

use domain::digest::Digest;
use domain::formula::{self, DEFAULT, Formula, FormulaError};
use domain::recorded::Position;
#[cfg(feature = "serve")]
use projections::World;
use projections::diff;
pub use projections::diff::{Change, ChangeReason, Direction, Summary};
use projections::store::schema::FormulaDocument;
use replay::{as_of, formulas, snapshot};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use super::point::{self, PointQuery};
use crate::service::{Deps, Error, Result};

mod difference;

pub use self::difference::FormulaDifference;

/// A formula that this program or this log knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ListedFormula {
    /// Its name.
    pub name: String,
    /// The version of the meaning of its words.
    pub semantics: u32,
    /// Hash of its canonical form.
    pub hash: Digest,
    /// Where the log took it in; null for one that only the program has.
    pub adopted_at: Option<Position>,
    /// In a sentence.
    pub description: String,
}

/// Every formula that this program or this log knows.
///
/// # Errors
/// When the database fails.
pub async fn list(deps: &Deps) -> Result<Vec<ListedFormula>> {
    let mut conn = deps.read().await?;
    let known = formulas::known(&mut conn, u64::MAX).await?.into_iter().map(|known| {
        let formula = known.document.formula;
        let hash = formula.hash();
        let Formula { name, semantics, description, .. } = formula;
        ListedFormula { name, semantics, hash, adopted_at: known.adopted_at, description }
    });
    Ok(known.collect())
}

/// A formula as a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ShownFormula {
    /// Its name.
    pub name: String,
    /// Hash of its canonical form.
    pub hash: Digest,
    /// The document, as it was written.
    pub document: String,
}

/// One formula, by name or from a file.
///
/// # Errors
/// When there is none, or the file holds none.
pub async fn show(deps: &Deps, name: &str) -> Result<ShownFormula> {
    let mut conn = deps.read().await?;
    let FormulaDocument { formula, document } = given(&mut conn, name, u64::MAX).await?;
    Ok(ShownFormula { hash: formula.hash(), name: formula.name, document })
}

/// A formula that a log can take in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Checked {
    /// Its name.
    pub name: String,
    /// Hash of its canonical form.
    pub hash: Digest,
    /// Always true: what is not well is an error.
    pub ok: bool,
}

/// Checks a formula file. Needs no database.
///
/// # Errors
/// [`Error::Refused`] with file, line and allowed values.
pub fn check(file: &Path) -> Result<Checked> {
    let formula = adoptable(file)?.formula;
    Ok(Checked { hash: formula.hash(), name: formula.name, ok: true })
}

/// Compares two formulas, by name or from files, on the state at a point.
///
/// # Errors
/// When a formula or the point does not exist, or the database fails.
pub async fn difference(deps: &Deps, before: &str, after: &str, as_of: Option<String>) -> Result<FormulaDifference> {
    let at = PointQuery { as_of, formula: None };
    let point = at.point()?;
    let mut conn = deps.read_long().await?;
    let read = snapshot::read(&mut conn, async |conn| -> Result<_> {
        let position = as_of::position(conn, point).await?;
        let before = given(conn, before, position).await?.formula;
        let after = given(conn, after, position).await?.formula;
        // The state is free of formulas, so any will do.
        let any = formulas::named(conn, DEFAULT, position).await?;
        Ok((position, before, after, point::fold_to(deps, conn, position, any).await?))
    });
    let (position, before, after, fold) = read.await?;
    let found = diff::diff(&fold.world, &fold.world.view(), &before, &after);
    Ok(FormulaDifference { position, before, after, found })
}

/// One formula, by name or `sha256:` and the beginning of its hash: never from a file.
///
/// # Errors
/// When there is none.
#[cfg(feature = "serve")]
pub async fn named(deps: &Deps, text: &str, at: Position) -> Result<FormulaDocument> {
    let mut conn = deps.read().await?;
    point::formula(&mut conn, text, at).await
}

/// The same as a document.
///
/// # Errors
/// As [`named`].
#[cfg(feature = "serve")]
pub async fn shown(deps: &Deps, text: &str) -> Result<ShownFormula> {
    let FormulaDocument { formula, document } = named(deps, text, Position::MAX).await?;
    Ok(ShownFormula { hash: formula.hash(), name: formula.name, document })
}

/// Compares two formulas on a state.
#[cfg(feature = "serve")]
#[must_use]
pub fn difference_in(world: &World, before: Formula, after: Formula) -> FormulaDifference {
    let found = diff::diff(world, &world.view(), &before, &after);
    FormulaDifference { position: world.position, before, after, found }
}

/// A formula that somebody tries: as it is to be in a log that takes it in, and kept nowhere.
///
/// # Errors
/// [`Error::Refused`] with line and allowed values.
#[cfg(feature = "serve")]
pub fn tried(document: &str) -> Result<Formula> {
    let located = |error: FormulaError| {
        let line = error.line().map(|line| format!("line {line}: ")).unwrap_or_default();
        Error::refused(format!("{line}{error}"))
    };
    let formula = Formula::parse(document).map_err(located)?;
    formula.check_adoptable(document).map_err(Error::refused)?;
    Ok(formula)
}

/// A formula by name, or from a file: what ends in `.toml` or has a `/` is a file.
pub(crate) async fn given(conn: &mut PgConnection, text: &str, at: Position) -> Result<FormulaDocument> {
    if text.contains('/') || text.ends_with(".toml") {
        return read(Path::new(text));
    }
    Ok(formulas::named(conn, text, at).await?)
}

/// Reads and checks a formula file.
fn read(file: &Path) -> Result<FormulaDocument> {
    let name = file.display();
    let unreadable = |error: std::io::Error| Error::refused(error).of(&name);
    let size = std::fs::metadata(file).map_err(unreadable)?.len();
    if size > formula::MAX_DOCUMENT_BYTES as u64 {
        let reason = format!("{name}: {size} bytes, a formula has at most {}", formula::MAX_DOCUMENT_BYTES);
        return Err(Error::refused(reason));
    }
    let document = std::fs::read_to_string(file).map_err(unreadable)?;
    match Formula::parse(&document) {
        Ok(formula) => Ok(FormulaDocument { formula, document }),
        Err(error) => {
            let line = error.line().map(|line| format!(":{line}")).unwrap_or_default();
            let reason = format!("{name}{line}: {error}");
            let newer = matches!(error, FormulaError::Semantics { .. });
            Err(if newer { Error::unavailable(reason) } else { Error::refused(reason) })
        }
    }
}

/// Reads a formula file that a log can take in.
pub(crate) fn adoptable(file: &Path) -> Result<FormulaDocument> {
    let found = read(file)?;
    let checked = found.formula.check_adoptable(&found.document);
    checked.map_err(|error| Error::refused(format!("{}: {error}", file.display())))?;
    Ok(found)
}
