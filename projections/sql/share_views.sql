-- Sees to it that those read the views of these names who may be their tenant.
SELECT atlas.share(NULL, $1)
