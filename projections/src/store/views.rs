//! The stable views over the live builds: the tables and columns of the working group's storage document.

use domain::TenantId;
use domain::digest::Digest;
use sqlx::PgConnection;

pub use super::statement::ViewDefinition;
use super::{Build, StoreError, live_builds, statement, switch};
use crate::tables::Projection;

/// The views of a tenant over live builds. None where a family has no live build.
///
/// # Errors
/// When the live formula is beyond this program.
pub fn definitions(tenant: TenantId, live: &[Build]) -> Result<Vec<ViewDefinition>, StoreError> {
    let of = |projection: Projection| live.iter().find(|build| build.projection == projection);
    if Projection::ALL.into_iter().any(|projection| of(projection).is_none()) {
        return Ok(Vec::new());
    }
    let Some(metrics) = of(Projection::Metrics) else { return Ok(Vec::new()) };
    let edges = metrics.read_formula()?.graph.edges;
    let builds: Vec<(&str, &Build)> = live.iter().map(|build| (build.projection.name(), build)).collect();
    let texts = statement::views().map(|statement| statement.on_views(tenant, edges, &builds));
    Ok(texts.flat_map(|text| statement::each_view(&text)).collect())
}

/// The names of all views that there are to be for a tenant, with their schema.
#[must_use]
pub fn names(tenant: TenantId) -> Vec<String> {
    let schema = tenant.views_schema();
    statement::view_names().into_iter().map(|name| format!("{schema}.{name}")).collect()
}

/// The views of the session's tenant over what is live now, and where it is noted of which text they were made.
struct SessionViews {
    schema: String,
    views: Vec<ViewDefinition>,
    /// Schema and name of the table that has the note: of the live scores, so that other builds bring none.
    noted_with: Option<(String, &'static str)>,
}

impl SessionViews {
    async fn read(conn: &mut PgConnection) -> Result<Self, StoreError> {
        let live = live_builds(&mut *conn).await?;
        let number = sqlx::query_file_scalar!("sql/session_tenant.sql").fetch_one(conn).await?;
        let tenant = TenantId::new(number).ok_or(sqlx::Error::RowNotFound)?;
        let metrics = live.iter().find(|build| build.projection == Projection::Metrics);
        let noted_with = metrics.and_then(|build| Some((build.schema(), build.projection.tables().next()?.name)));
        Ok(Self { schema: tenant.views_schema(), views: definitions(tenant, &live)?, noted_with })
    }

    /// What is noted: the digest of their texts.
    fn mark(&self) -> String {
        let texts = self.views.iter().map(|view| format!("{} {}\n", view.name, view.rest));
        format!("views over it: {}", Digest::of(texts.collect::<String>().as_bytes()))
    }
}

/// Whether the views were made of the texts that this program makes them of, over what is live now. Another program may
/// have made them. It is a note that tells, and not the views: whether those are right, an audit finds out.
///
/// # Errors
/// When the live formula is beyond this program, or the database refuses.
pub async fn are_pointed_at_live(conn: &mut PgConnection) -> Result<bool, StoreError> {
    let made = SessionViews::read(&mut *conn).await?;
    let Some((build, table)) = made.noted_with.as_ref().filter(|_| !made.views.is_empty()) else { return Ok(true) };
    let names = statement::view_names();
    let found = sqlx::query_file!("sql/views_mark.sql", build, *table, &made.schema, &names).fetch_one(conn).await?;
    Ok(found.mark == Some(made.mark()) && usize::try_from(found.views) == Ok(names.len()))
}

/// Points the views at the live builds. To be called in the transaction that switches them.
///
/// # Errors
/// When the database refuses. Where a family has no live build yet, nothing changes.
pub async fn point_at_live(conn: &mut PgConnection) -> Result<(), StoreError> {
    let made = SessionViews::read(&mut *conn).await?;
    let Some((build, table)) = made.noted_with.as_ref().filter(|_| !made.views.is_empty()) else { return Ok(()) };
    let replaced = |view: &ViewDefinition| format!("CREATE OR REPLACE VIEW {} {}", view.name, view.rest);
    let each: Vec<String> = made.views.iter().map(replaced).collect();
    switch::replace(&mut *conn, &each.join("\n")).await?;
    // The views themselves are not to be named by whoever makes them alone: that takes the right to be their tenant.
    // The table may be held by a vacuum. Without the note they are made once more by whoever opens the builds next.
    switch::at_once(&mut *conn, &format!("COMMENT ON TABLE {build}.{table} IS '{}'", made.mark())).await?;
    sqlx::query_file!("sql/share_views.sql", &statement::view_names()).execute(conn).await?;
    Ok(())
}
