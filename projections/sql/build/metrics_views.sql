-- Stable views over the live builds: tables and columns of the working group's storage document. `{views}` is the
-- schema of their tenant, whose number is `{tenant}`.
CREATE OR REPLACE VIEW {views}.projects WITH (security_invoker = true) AS
SELECT p.id, p.canonical_id, p.display_name, p.type, s.activity_status, p.git_org_url, s.pony_factor,
       s.criticality_score, s.adoption_score,
       jsonb_strip_nulls(jsonb_build_object('category', p.category, 'website', p.website,
                                            'pg_score', s.pg_score)) AS metadata,
       (SELECT b.recorded_at FROM atlas.live l JOIN atlas.build b ON b.tenant_id = l.tenant_id AND b.id = l.build
        WHERE l.tenant_id = {tenant} AND l.projection = 'metrics') AS updated_at
FROM {graph}.project p LEFT JOIN {metrics}.score s ON s.level = 'project' AND s.id = p.canonical_id;

CREATE OR REPLACE VIEW {views}.repos WITH (security_invoker = true) AS
SELECT v.id, v.canonical_id, v.display_name, p.id AS project_id, v.latest_version, v.latest_commit_date,
       CASE split_part(v.canonical_id, '/', 1)
         WHEN 'pkg:github' THEN 'https://github.com/' || v.display_name
         WHEN 'pkg:gitlab' THEN 'https://gitlab.com/' || v.display_name END AS repo_url,
       coalesce(v.visibility, 'public') AS visibility, s.pony_factor, s.criticality_score,
       coalesce(v.releases, '[]'::jsonb) AS releases, v.adoption_downloads, v.adoption_stars, v.adoption_forks,
       jsonb_strip_nulls(jsonb_build_object('license', v.license, 'fork_of', v.parent,
                                            'packages', v.packages)) AS metadata,
       (SELECT b.recorded_at FROM atlas.live l JOIN atlas.build b ON b.tenant_id = l.tenant_id AND b.id = l.build
        WHERE l.tenant_id = {tenant} AND l.projection = 'metrics') AS updated_at,
       s.adoption_score, s.activity_status
FROM {graph}.vertex v LEFT JOIN {graph}.project p ON p.canonical_id = v.project
LEFT JOIN {metrics}.score s ON s.level = 'repo' AND s.id = v.canonical_id
WHERE v.repo;

CREATE OR REPLACE VIEW {views}.external_repos WITH (security_invoker = true) AS
SELECT v.id, v.canonical_id, v.display_name, v.latest_version,
       CASE split_part(v.canonical_id, '/', 1)
         WHEN 'pkg:github' THEN 'https://github.com/' || v.display_name
         WHEN 'pkg:gitlab' THEN 'https://gitlab.com/' || v.display_name END AS repo_url,
       s.criticality_score, coalesce(v.releases, '[]'::jsonb) AS releases,
       (SELECT b.recorded_at FROM atlas.live l JOIN atlas.build b ON b.tenant_id = l.tenant_id AND b.id = l.build
        WHERE l.tenant_id = {tenant} AND l.projection = 'metrics') AS updated_at
FROM {graph}.vertex v LEFT JOIN {metrics}.score s ON s.level = 'external' AND s.id = v.canonical_id
WHERE NOT v.repo;
