//! Builds in Postgres: their register, their tables, reading and writing them.

use domain::digest::Digest;
use domain::formula::{Formula, FormulaError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use thiserror::Error;

use crate::families::{self, ATLAS};
use crate::tables::Projection;
use schema::FormulaDocument;

pub mod few;
pub mod growing;
pub mod load;
pub mod query;
pub mod schema;
pub mod statement;
pub mod switch;
pub mod unsaid;
pub mod views;
pub mod write;

/// What can go wrong with stored builds.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The database refused or vanished.
    #[error("{0}")]
    Database(#[from] sqlx::Error),
    /// Another process moved the cursor: this one is no longer the projector.
    #[error("build {build}: another projector has moved on from position {position}")]
    Fenced {
        /// The build.
        build: i64,
        /// Where this process thought it was.
        position: u64,
    },
    /// Others read the views for so long that they cannot be pointed at other builds.
    #[error(
        "the live builds cannot be switched while others read the views: {by}; let them end, or end them \
         (`SELECT pg_terminate_backend(PROCESS)`), and try again"
    )]
    Held {
        /// Who reads.
        by: switch::ViewReaders,
    },
    /// A stored row is not what this program writes.
    #[error("build {build}, table {table}, row {row}: {reason}")]
    Inconsistent {
        /// The build.
        build: i64,
        /// The table.
        table: &'static str,
        /// The row's key.
        row: String,
        /// What is wrong.
        reason: String,
    },
    /// The build's formula cannot be read.
    #[error("build {build}: {source}")]
    Formula {
        /// The build.
        build: i64,
        /// Why.
        source: FormulaError,
    },
}

/// A build's entry in the register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Build {
    /// Its number; its tables are in schema `build_<id>`.
    pub id: i64,
    /// What it is a build of.
    pub projection: Projection,
    /// `building`, `shadow`, `live` or `retired`.
    pub status: String,
    /// Name of the formula, where one decides its rows.
    pub formula: Option<String>,
    /// Digest of the formula.
    pub formula_hash: Option<Digest>,
    /// The formula document.
    pub formula_document: Option<String>,
    /// The last position folded in.
    pub position: u64,
    /// Digest of the scores at that position, where it was made to there; none once it has moved on.
    pub output_digest: Option<Digest>,
    /// Digest of the state at that position, likewise.
    pub state_digest: Option<Digest>,
    /// Digest of the quarantined set it was folded under.
    pub quarantine_digest: Digest,
    /// Family with its version, then program and digest of the code that folded it.
    pub code: String,
}

impl Build {
    /// Whether it was folded by this version of its family, by whatever program: the rows of another version may mean
    /// something else.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        schema::mark(&self.code) == self.projection.family().mark()
    }

    /// Whether digests are noted with it.
    #[must_use]
    pub fn notes_digests(&self) -> bool {
        self.output_digest.is_some() || self.state_digest.is_some()
    }

    /// The schema of its tables.
    #[must_use]
    pub fn schema(&self) -> String {
        schema_name(self.id)
    }

    /// Its formula; the default where none decides its rows.
    ///
    /// # Errors
    /// When the stored document is not readable by this program.
    pub fn read_formula(&self) -> Result<Formula, StoreError> {
        let document = self.formula_document.as_deref();
        let formula = document.map_or_else(|| Formula::shipped(domain::formula::DEFAULT), Formula::parse);
        formula.map_err(|source| StoreError::Formula { build: self.id, source })
    }

    /// Its formula with the document that says it; `None` where none decides its rows.
    ///
    /// # Errors
    /// As [`Self::read_formula`].
    pub fn read_document(&self) -> Result<Option<FormulaDocument>, StoreError> {
        let Some(document) = self.formula_document.clone() else { return Ok(None) };
        Ok(Some(FormulaDocument { formula: self.read_formula()?, document }))
    }

    fn from_row(row: BuildRow) -> Result<Self, StoreError> {
        let id = row.id;
        let inconsistent = |reason: &str| StoreError::Inconsistent {
            build: id,
            table: "atlas.build",
            row: id.to_string(),
            reason: reason.to_owned(),
        };
        let digest = |bytes: Option<Vec<u8>>| -> Result<Option<Digest>, StoreError> {
            bytes.map(|b| Digest::from_slice(&b).ok_or_else(|| inconsistent("a digest has 32 bytes"))).transpose()
        };
        Ok(Self {
            id,
            projection: Projection::from_name(&row.projection).ok_or_else(|| inconsistent("unknown projection"))?,
            status: row.status,
            formula: row.formula,
            formula_hash: digest(row.formula_hash)?,
            formula_document: row.formula_document,
            position: u64::try_from(row.position).map_err(|_| inconsistent("negative position"))?,
            output_digest: digest(row.output_digest)?,
            state_digest: digest(row.state_digest)?,
            quarantine_digest: digest(Some(row.quarantine_digest))?
                .ok_or_else(|| inconsistent("no digest of the quarantined set"))?,
            code: row.code,
        })
    }
}

/// A row of the register.
struct BuildRow {
    id: i64,
    projection: String,
    status: String,
    formula: Option<String>,
    formula_hash: Option<Vec<u8>>,
    formula_document: Option<String>,
    code: String,
    position: i64,
    built_to: Option<i64>,
    log_root: Option<Vec<u8>>,
    output_digest: Option<Vec<u8>>,
    state_digest: Option<Vec<u8>>,
    quarantine_digest: Vec<u8>,
    set_id: Option<i64>,
}

/// The schema of a build's tables.
#[must_use]
pub fn schema_name(build: i64) -> String {
    format!("build_{build}")
}

/// The live builds of the set [`ATLAS`], by projection; empty before the first projection run. They stand at
/// one position, the set's cursor.
///
/// # Errors
/// When the database refuses.
pub async fn live_builds(conn: &mut PgConnection) -> Result<Vec<Build>, StoreError> {
    let rows = sqlx::query_file_as!(BuildRow, "sql/live_builds.sql", ATLAS).fetch_all(conn).await?;
    let mut builds: Vec<Build> = rows.into_iter().map(Build::from_row).collect::<Result<_, _>>()?;
    builds.sort_by_key(|build| build.projection);
    Ok(builds)
}

/// Builds that somebody has begun and not finished, by the set they were begun with; of these versions and this
/// quarantined set.
///
/// # Errors
/// When the database refuses.
pub async fn unfinished_sets(
    conn: &mut PgConnection,
    quarantine: &Digest,
) -> Result<std::collections::BTreeMap<i64, Vec<Build>>, StoreError> {
    let marks = families::marks();
    let rows =
        sqlx::query_file_as!(BuildRow, "sql/unfinished_builds.sql", &marks, &quarantine.0).fetch_all(conn).await?;
    let mut sets: std::collections::BTreeMap<i64, Vec<Build>> = std::collections::BTreeMap::new();
    for row in rows {
        if let Some(set) = row.set_id {
            sets.entry(set).or_default().push(Build::from_row(row)?);
        }
    }
    Ok(sets)
}

/// A build's manifest: what went in, by which code and formula, and what came out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Manifest {
    /// Its number.
    pub build: i64,
    /// What it is a build of.
    pub projection: String,
    /// `building`, `shadow`, `live` or `retired`.
    pub state: String,
    /// Name of the formula, where one decides its rows.
    pub formula: Option<String>,
    /// Digest of the formula, as hexadecimal digits, as the other digests.
    pub formula_hash: Option<String>,
    /// Family with its version, which decides whether a program takes it for its own; then, to inform, version of the
    /// program that made it and digest of its folding sources.
    pub code: String,
    /// The last position folded in.
    pub position: i64,
    /// Events 1 to this went in when it was made; null where it grew from nothing with the log.
    pub built_to: Option<i64>,
    /// Root of the log there.
    pub log_root: Option<String>,
    /// Digest of the scores at `position`; null once it has moved on from where it was made to.
    pub output_digest: Option<String>,
    /// Digest of the state at `position`, likewise.
    pub state_digest: Option<String>,
}

/// The manifest of every build, by number.
///
/// # Errors
/// When the database refuses.
pub async fn manifests(conn: &mut PgConnection) -> Result<Vec<Manifest>, StoreError> {
    let rows = sqlx::query_file_as!(BuildRow, "sql/builds.sql").fetch_all(conn).await?;
    let digest =
        |bytes: Option<Vec<u8>>| bytes.as_deref().and_then(Digest::from_slice).map(|digest| digest.to_string());
    let manifest = |row: BuildRow| Manifest {
        build: row.id,
        projection: row.projection,
        state: row.status,
        formula: row.formula,
        formula_hash: digest(row.formula_hash),
        code: row.code,
        position: row.position,
        built_to: row.built_to,
        log_root: digest(row.log_root),
        output_digest: digest(row.output_digest),
        state_digest: digest(row.state_digest),
    };
    Ok(rows.into_iter().map(manifest).collect())
}

/// One build.
///
/// # Errors
/// When the database refuses.
pub async fn build(conn: &mut PgConnection, id: i64) -> Result<Option<Build>, StoreError> {
    let row = sqlx::query_file_as!(BuildRow, "sql/build.sql", id).fetch_optional(conn).await?;
    row.map(Build::from_row).transpose()
}
