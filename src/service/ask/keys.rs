//! Keys of clients, without their secrets.

use domain::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::types::chrono::{DateTime, Utc};

use crate::service::{Deps, Result};

/// A key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ListedKey {
    /// What it is named by.
    pub id: String,
    /// In whose name it is.
    pub name: String,
    /// What may be handed in with it.
    pub kinds: Vec<String>,
    /// About which repositories.
    pub repos: Vec<String>,
    /// When it was made.
    pub created_at: Option<String>,
    /// Until when it is valid; null is for ever.
    pub expires_at: Option<String>,
    /// When it was revoked.
    pub revoked_at: Option<String>,
}

/// Every key, in the order in which they were made.
///
/// # Errors
/// When there is no way to the database.
pub async fn keys(deps: &Deps) -> Result<Vec<ListedKey>> {
    let time = |time: DateTime<Utc>| Timestamp::from_datetime(time).map(|time| time.to_string());
    let log = deps.log().await?;
    let rows = sqlx::query_file!("sql/keys.sql").fetch_all(log.pool()).await?;
    Ok(rows
        .into_iter()
        .map(|row| ListedKey {
            id: row.id,
            name: row.name,
            kinds: row.kinds,
            repos: row.repos,
            created_at: time(row.created_at),
            expires_at: row.expires_at.and_then(time),
            revoked_at: row.revoked_at.and_then(time),
        })
        .collect())
}
