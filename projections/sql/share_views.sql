-- Lets those read the views of these names who may be their tenant.
SELECT atlas.share(NULL, $1)
