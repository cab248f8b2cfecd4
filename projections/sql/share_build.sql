-- Sees to it that those read a build who may be its tenant.
SELECT atlas.share($1, '{}')
