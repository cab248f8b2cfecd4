//! The stable views over the live builds: the tables and columns of the working group's storage document.

use domain::formula::EdgePolicy;
use sqlx::PgConnection;

use super::{StoreError, live_builds, switch};
use crate::tables::Projection;

/// The views.
pub const NAMES: [&str; 6] = ["projects", "repos", "external_repos", "contributors", "depends_on", "contributed_to"];

/// Points the views at the live builds. To be called in the transaction that switches them.
///
/// # Errors
/// When the database refuses, or fewer than four projections are live (then nothing changes).
pub async fn point_at_live(conn: &mut PgConnection) -> Result<(), StoreError> {
    let live = live_builds(&mut *conn).await?;
    let schema_of = |projection| live.iter().find(|build| build.projection == projection).map(super::Build::schema);
    let (Some(graph), Some(people), Some(metrics)) =
        (schema_of(Projection::Graph), schema_of(Projection::People), schema_of(Projection::Metrics))
    else {
        return Ok(());
    };
    let metrics_build = live.iter().find(|build| build.projection == Projection::Metrics);
    let policy = metrics_build.map_or(Ok(EdgePolicy::Flat), |build| build.read_formula().map(|f| f.graph.edges))?;
    let edge = match policy {
        EdgePolicy::Flat => "flat",
        EdgePolicy::Nested => "nested",
    };
    let updated = "(SELECT b.recorded_at FROM atlas.live l JOIN atlas.build b ON b.id = l.build \
                    WHERE l.projection = 'metrics')";
    let repo_url = "CASE split_part(v.canonical_id, '/', 1) \
                      WHEN 'pkg:github' THEN 'https://github.com/' || v.display_name \
                      WHEN 'pkg:gitlab' THEN 'https://gitlab.com/' || v.display_name END";
    let sql = format!(
        "CREATE OR REPLACE VIEW public.projects AS \
           SELECT p.id, p.canonical_id, p.display_name, p.type, s.activity_status, p.git_org_url, s.pony_factor, \
                  s.criticality_score, s.adoption_score, \
                  jsonb_strip_nulls(jsonb_build_object('category', p.category, 'website', p.website, \
                    'pg_score', s.pg_score)) AS metadata, {updated} AS updated_at \
             FROM {graph}.project p LEFT JOIN {metrics}.score s ON s.level = 'project' AND s.id = p.canonical_id; \
         CREATE OR REPLACE VIEW public.repos AS \
           SELECT v.id, v.canonical_id, v.display_name, p.id AS project_id, v.latest_version, v.latest_commit_date, \
                  {repo_url} AS repo_url, coalesce(v.visibility, 'public') AS visibility, s.pony_factor, \
                  s.criticality_score, coalesce(v.releases, '[]'::jsonb) AS releases, v.adoption_downloads, \
                  v.adoption_stars, v.adoption_forks, \
                  jsonb_strip_nulls(jsonb_build_object('license', v.license, 'fork_of', v.parent, \
                    'packages', v.packages)) AS metadata, {updated} AS updated_at, s.adoption_score, \
                  s.activity_status \
             FROM {graph}.vertex v LEFT JOIN {graph}.project p ON p.canonical_id = v.project \
             LEFT JOIN {metrics}.score s ON s.level = 'repo' AND s.id = v.canonical_id WHERE v.repo; \
         CREATE OR REPLACE VIEW public.external_repos AS \
           SELECT v.id, v.canonical_id, v.display_name, v.latest_version, {repo_url} AS repo_url, \
                  s.criticality_score, coalesce(v.releases, '[]'::jsonb) AS releases, {updated} AS updated_at \
             FROM {graph}.vertex v \
             LEFT JOIN {metrics}.score s ON s.level = 'external' AND s.id = v.canonical_id WHERE NOT v.repo; \
         CREATE OR REPLACE VIEW public.contributors AS \
           SELECT c.id, c.contributor AS email_hash, n.name, n.login, bool_or(c.bot) AS bot \
             FROM {people}.contribution c LEFT JOIN atlas.person n ON n.pseudonym = decode(c.contributor, 'hex') \
            GROUP BY c.id, c.contributor, n.name, n.login; \
         CREATE OR REPLACE VIEW public.depends_on AS \
           SELECT e.in_vertex, e.out_vertex, e.{edge}_version AS version_range, e.{edge}_confidence AS confidence \
             FROM {graph}.edge e WHERE e.{edge}_confidence IS NOT NULL; \
         CREATE OR REPLACE VIEW public.contributed_to AS \
           SELECT c.contributor AS in_vertex, c.repo AS out_vertex, c.number_of_commits, c.first_commit_date, \
                  c.last_commit_date FROM {people}.contribution c;"
    );
    switch::replace(conn, &sql).await
}
