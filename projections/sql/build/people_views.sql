-- Stable views over the live builds: tables and columns of the working group's storage document. `{views}` is the
-- schema of their tenant, whose number is `{tenant}`.
CREATE OR REPLACE VIEW {views}.contributors WITH (security_invoker = true) AS
SELECT c.id, c.contributor AS email_hash, n.name, n.login, bool_or(c.bot) AS bot
FROM {people}.contribution c LEFT JOIN atlas.person n
    ON n.tenant_id = {tenant} AND n.pseudonym = decode(c.contributor, 'hex')
GROUP BY c.id, c.contributor, n.name, n.login;

CREATE OR REPLACE VIEW {views}.contributed_to WITH (security_invoker = true) AS
SELECT c.contributor AS in_vertex, c.repo AS out_vertex, c.number_of_commits, c.first_commit_date, c.last_commit_date
FROM {people}.contribution c;
