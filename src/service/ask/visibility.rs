//! Who may read what repositories say of themselves: one rule for documents, for events and for the log in one file.
//! What the log says of a repository is in the snapshot; what runs of a code host said of theirs stands beside it.

use std::collections::BTreeSet;

use domain::recorded::Position;

use super::resident::Resident;
use crate::service::{Deps, Result};

/// What stands before owner and name in ids of the code host whose runs hand in.
pub(super) const HOST: &str = "pkg:github/";

/// Repositories of which whoever handed in last that says so says that they are not for everybody to see, by their
/// lower-cased `owner/name`.
pub(super) struct SaidPrivate(BTreeSet<String>);

impl SaidPrivate {
    /// Those among the repositories of these streams.
    pub(super) async fn among<'a>(
        deps: &Deps,
        atlas: &Resident,
        repos: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self> {
        let names: BTreeSet<String> = repos.into_iter().flat_map(|repo| names(atlas, repo)).collect();
        if names.is_empty() {
            return Ok(Self(names));
        }
        let names: Vec<String> = names.into_iter().collect();
        let mut conn = deps.read().await?;
        let found = sqlx::query_file_scalar!("sql/said_private.sql", &names).fetch_all(&mut *conn).await?;
        Ok(Self(found.into_iter().collect()))
    }

    /// Whether everybody may read what came in about a repository at a position.
    pub(super) fn allows(&self, atlas: &Resident, position: Position, repo: &str) -> bool {
        atlas.is_public(position, repo) && !names(atlas, repo).any(|name| self.0.contains(&name))
    }
}

/// What the host may call a repository: as its stream does, and by its newest name.
fn names<'a>(atlas: &'a Resident, repo: &'a str) -> impl Iterator<Item = String> + use<'a> {
    let newest = atlas.repo_given(repo).map(|number| atlas.graph().vertices[number as usize].id.as_ref());
    let name = |id: &str| id.strip_prefix(HOST).map(str::to_lowercase);
    std::iter::once(repo).chain(newest.filter(|newest| *newest != repo)).filter_map(name)
}

/// Whether something in the log is not for everybody.
///
/// # Errors
/// When the database fails.
pub async fn has_private(deps: &Deps, atlas: &Resident) -> Result<bool> {
    if atlas.has_private() {
        return Ok(true);
    }
    let mut conn = deps.read_long().await?;
    Ok(sqlx::query_file_scalar!("sql/has_said_private.sql").fetch_one(&mut *conn).await?)
}
