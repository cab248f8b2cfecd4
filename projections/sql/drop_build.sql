SELECT atlas.drop_build($1)
