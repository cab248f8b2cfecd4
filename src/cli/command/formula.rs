//! `formula`: formulas as data.

pub(crate) mod diff;

use std::path::Path;

use ::replay::formulas;
use anyhow::{Context as _, anyhow};
use domain::formula::{self, Formula, FormulaError};
use serde_json::json;

use domain::recorded::Position;
use projections::store::schema::FormulaDocument;
use sqlx::PgConnection;

use crate::cli::failure::{Failure, Result};
use crate::cli::flags::{Common, FormulaCommand};
use crate::cli::output::{Output, object};
use crate::cli::session::Session;

/// `formula`.
pub(crate) async fn run(common: &Common, command: FormulaCommand) -> Result<Output> {
    match command {
        FormulaCommand::List => list(&Session::open(common)?).await,
        FormulaCommand::Diff { before, after, as_of } => {
            diff::run(&Session::open(common)?, &before, &after, as_of.as_deref()).await
        }
        FormulaCommand::Show { name } => show(&Session::open(common)?, &name).await,
        FormulaCommand::Check { file } => {
            let formula = adoptable(&file)?.0;
            Ok(Output::Object(object(json!({"name": formula.name, "hash": formula.hash(), "ok": true}))))
        }
        #[cfg(feature = "ingest")]
        FormulaCommand::Adopt { file, actor } => adopt(common, &file, actor.as_deref()).await,
    }
}

async fn list(session: &Session) -> Result<Output> {
    const COLUMNS: &[&str] = &["name", "semantics", "hash", "adopted_at", "description"];
    let mut conn = session.connect().await?;
    let rows = formulas::known(&mut conn, u64::MAX).await?.into_iter().map(|known| {
        let formula = known.document.formula;
        object(json!({
            "name": formula.name,
            "semantics": formula.semantics,
            "hash": formula.hash(),
            "adopted_at": known.adopted_at,
            "description": formula.description,
        }))
    });
    Ok(Output::Rows(COLUMNS.to_vec(), rows.collect()))
}

async fn show(session: &Session, name: &str) -> Result<Output> {
    let mut conn = session.connect().await?;
    let found = given(&mut conn, name, u64::MAX).await?;
    let hash = found.formula.hash();
    let map = object(json!({"name": found.formula.name, "hash": hash, "document": found.document}));
    Ok(Output::Report(found.document.clone(), map))
}

/// A formula by name, or from a file: what ends in `.toml` or has a `/` is a file.
pub(crate) async fn given(conn: &mut PgConnection, text: &str, at: Position) -> Result<FormulaDocument> {
    if text.contains('/') || text.ends_with(".toml") {
        let (formula, document) = read(Path::new(text))?;
        return Ok(FormulaDocument { formula, document });
    }
    Ok(formulas::named(conn, text, at).await?)
}

/// Reads and checks a formula file.
fn read(file: &Path) -> Result<(Formula, String)> {
    let name = file.display();
    let size = std::fs::metadata(file).with_context(|| format!("{name}")).map_err(Failure::refused)?.len();
    if size > formula::MAX_DOCUMENT_BYTES as u64 {
        let reason = anyhow!("{name}: {size} bytes, a formula has at most {}", formula::MAX_DOCUMENT_BYTES);
        return Err(Failure::refused(reason));
    }
    let document = std::fs::read_to_string(file).with_context(|| format!("{name}")).map_err(Failure::refused)?;
    Formula::parse(&document).map(|formula| (formula, document)).map_err(|error| {
        let line = error.line().map(|line| format!(":{line}")).unwrap_or_default();
        let reason = anyhow!("{name}{line}: {error}");
        let newer = matches!(error, FormulaError::Semantics { .. });
        if newer { Failure::environment(reason) } else { Failure::refused(reason) }
    })
}

/// Reads a formula file that a log can take in.
fn adoptable(file: &Path) -> Result<(Formula, String)> {
    let (formula, document) = read(file)?;
    let checked = formula.check_adoptable(&document);
    checked.map_err(|error| Failure::refused(anyhow!("{}: {error}", file.display())))?;
    Ok((formula, document))
}

#[cfg(feature = "ingest")]
async fn adopt(common: &Common, file: &Path, actor: Option<&str>) -> Result<Output> {
    let (formula, document) = adoptable(file)?;
    let session = Session::open(common)?;
    let log = session.log().await?;
    let facts = domain::facts::formula::FormulaAdopted { name: formula.name.clone(), hash: formula.hash(), document };
    let event = domain::Event::from(facts);
    let outcome = log.append(ingest::Append::from(event), &session.context(actor)).await?;
    let place = outcome.place();
    Ok(Output::Object(object(json!({
        "name": formula.name,
        "hash": formula.hash(),
        "outcome": if outcome.is_duplicate() { "duplicate" } else { "appended" },
        "position": place.position,
        "event": place.event,
    }))))
}
