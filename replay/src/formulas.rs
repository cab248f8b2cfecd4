//! Which formula a name means, and which one was live when.

use domain::digest::Digest;
use domain::event::{Event, EventType};
use domain::facts::formula::FormulaAdopted;
use domain::formula::{self, Formula, FormulaError};
use domain::recorded::Position;
use domain::stream::StreamKind;
use projections::store::Build;
use projections::store::schema::FormulaDocument;
use sqlx::PgConnection;

use crate::decisions::promotion;
use crate::{ReplayError, log};

/// A formula of the log or of the program.
#[derive(Clone, Debug)]
pub struct KnownFormula {
    /// The formula and its document.
    pub document: FormulaDocument,
    /// Where it entered the log; `None` for a shipped one that has not.
    pub adopted_at: Option<Position>,
}

/// Every formula known at a position: adopted ones, newest document per name, and shipped ones; by name.
///
/// # Errors
/// When the database refuses or an adopted document needs a newer program.
pub async fn known(conn: &mut PgConnection, to: Position) -> Result<Vec<KnownFormula>, ReplayError> {
    let mut all: std::collections::BTreeMap<String, KnownFormula> = std::collections::BTreeMap::new();
    for (name, document) in formula::SHIPPED {
        let formula = Formula::parse(document)?;
        let document = FormulaDocument { formula, document: document.to_owned() };
        all.insert(name.to_owned(), KnownFormula { document, adopted_at: None });
    }
    for recorded in log::of_type(conn, StreamKind::Formula, EventType::FormulaAdopted, to).await? {
        if let Event::FormulaAdopted(facts) = recorded.event {
            let document = FormulaDocument { formula: Formula::parse(&facts.document)?, document: facts.document };
            all.insert(facts.name, KnownFormula { document, adopted_at: Some(recorded.position) });
        }
    }
    Ok(all.into_values().collect())
}

/// The formula a name means at a position.
///
/// # Errors
/// When no formula has that name, or as [`known`].
pub async fn named(conn: &mut PgConnection, name: &str, at: Position) -> Result<FormulaDocument, ReplayError> {
    let found = known(conn, at).await?.into_iter().find(|known| known.document.formula.name == name);
    Ok(found.ok_or_else(|| FormulaError::Unknown(name.to_owned()))?.document)
}

/// What takes a formula into the log, where it is a shipped one that the log lacks at a position.
///
/// # Errors
/// As [`known`].
pub async fn to_adopt(
    conn: &mut PgConnection,
    formula: &FormulaDocument,
    at: Position,
) -> Result<Option<FormulaAdopted>, ReplayError> {
    let hash = formula.formula.hash();
    let found = known(conn, at).await?.into_iter().find(|known| known.document.formula.hash() == hash);
    let lacking = found.filter(|known| known.adopted_at.is_none());
    Ok(lacking.map(|known| FormulaAdopted {
        name: known.document.formula.name,
        hash,
        document: known.document.document,
    }))
}

/// The formula with this hash, adopted at any time or shipped.
///
/// # Errors
/// When none has it.
pub async fn hashed(conn: &mut PgConnection, name: &str, hash: &Digest) -> Result<FormulaDocument, ReplayError> {
    for (_, document) in formula::SHIPPED {
        let formula = Formula::parse(document)?;
        if formula.hash() == *hash {
            return Ok(FormulaDocument { formula, document: document.to_owned() });
        }
    }
    for recorded in log::of_type(conn, StreamKind::Formula, EventType::FormulaAdopted, Position::MAX).await? {
        if let Event::FormulaAdopted(facts) = recorded.event
            && facts.hash == *hash
        {
            return Ok(FormulaDocument { formula: Formula::parse(&facts.document)?, document: facts.document });
        }
    }
    Err(FormulaError::Unknown(name.to_owned()).into())
}

/// The formula that decides the rows of builds: that of those which need one.
///
/// # Errors
/// When there are none of those, or their formula is beyond this program.
pub fn of_builds(builds: &[Build]) -> Result<FormulaDocument, ReplayError> {
    let found = builds.iter().find(|build| build.formula_document.is_some()).ok_or(ReplayError::NoBuild)?;
    found.read_document()?.ok_or(ReplayError::NoBuild)
}

/// As [`of_builds`]; the default where none of them needs one.
///
/// # Errors
/// When it is beyond this program.
pub async fn of_builds_or_default(conn: &mut PgConnection, builds: &[Build]) -> Result<FormulaDocument, ReplayError> {
    match of_builds(builds) {
        Err(ReplayError::NoBuild) => named(conn, formula::DEFAULT, 0).await,
        found => found,
    }
}

/// The formula that was live at a position: the one promoted last, the default before the first promotion.
///
/// # Errors
/// When the database refuses or the promoted formula is not to be found.
pub async fn promoted(conn: &mut PgConnection, at: Position) -> Result<FormulaDocument, ReplayError> {
    let promotions = log::of_type(&mut *conn, StreamKind::Atlas, EventType::FormulaPromoted, at).await?;
    match promotions.iter().rev().find_map(|recorded| promotion(&recorded.event)) {
        Some(facts) => hashed(conn, &facts.formula, &facts.hash).await,
        None => named(conn, formula::DEFAULT, 0).await,
    }
}
